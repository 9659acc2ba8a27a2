"""Looks at a Twilio account from outside: whether it lets us in, and where its numbers send their messages."""

from collections.abc import Mapping

import requests

from bot.channels.twilio import API_BASE
from models.errors import ProviderError
from models.ports import SmsAccount

TIMEOUT_S = 10
LISTED = 1_000


def inbound_addresses(account: SmsAccount, api_base: str = API_BASE) -> Mapping[str, str]:
    """The address that each number of the account posts its texts to, by number. Raises ProviderError."""
    url = f"{api_base}/2010-04-01/Accounts/{account.sid}/IncomingPhoneNumbers.json"
    try:
        answer = requests.get(
            url, params={"PageSize": LISTED}, auth=(account.sid, account.auth_token), timeout=TIMEOUT_S
        )
    except requests.RequestException as error:
        raise ProviderError("unreachable") from error
    if not answer.ok:
        raise ProviderError(str(answer.status_code), permanent=answer.status_code in (401, 403))
    return {one["phone_number"]: one.get("sms_url") or "" for one in answer.json().get("incoming_phone_numbers", [])}
