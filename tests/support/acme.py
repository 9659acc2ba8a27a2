"""Acme as loads and faults know it: a merchant with a number and a Twilio account, and nothing else set up."""

from datetime import datetime

from models.merchant import Merchant
from models.ports import SmsAccount


def acme(number: str, account: SmsAccount, since: datetime) -> Merchant:
    """Unsaved."""
    return Merchant(
        slug="acme",
        name="Acme",
        legal_name="Acme Inc.",
        number=number,
        twilio_account_sid=account.sid,
        twilio_auth_token=account.auth_token,
        email="office@acme.example",
        phone="(555) 010-0100",
        address="1 Main Street",
        hours="Mon-Fri 9-5",
        country="US",
        timezone="America/New_York",
        currency="USD",
        attested_at=since,
        created_at=since,
    )
