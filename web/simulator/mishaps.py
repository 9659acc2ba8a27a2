"""What can be made to go wrong: the carrier's, the mail server's and the bank's switches under one name each."""

from collections.abc import Mapping
from dataclasses import dataclass

import sqlalchemy as sa

from models.errors import DomainError
from models.merchant import Merchant
from models.payment import Method
from payments.gateways import bank_tables
from payments.gateways.bank import BankSession, Status
from payments.gateways.troubles import Trouble
from web.services import sandbox

UNTIL_ENDED = 1_000_000
"""So often, for what lasts until somebody ends it."""


@dataclass(frozen=True, slots=True)
class Switch:
    """Which troubles a switch stands for. `lasts`: until it is pressed again; others happen once."""

    carrier: tuple[str, ...] = ()
    bank: tuple[Trouble, ...] = ()
    lasts: bool = False


SWITCHES: Mapping[str, Switch] = {
    "next_text_fails": Switch(carrier=("next_text_fails",)),
    "webhook_sent_twice": Switch(carrier=("webhook_twice",)),
    "bad_signature": Switch(carrier=("bad_signature",)),
    "card_declined": Switch(bank=(Trouble.DECLINES_CARDS,)),
    "provider_is_down": Switch(carrier=("carrier_is_down",), bank=(Trouble.DOWN,), lasts=True),
    "number_is_gone": Switch(carrier=("number_is_gone",)),
    "carrier_blocks": Switch(carrier=("carrier_blocks",)),
    "reports_out_of_order": Switch(carrier=("out_of_order",)),
    "carrier_is_busy": Switch(carrier=("carrier_is_busy",)),
    "carrier_hangs": Switch(carrier=("carrier_hangs_after_accepting",)),
    "number_opted_out": Switch(carrier=("number_opted_out",)),
    "mail_is_down": Switch(carrier=("mail_is_down",), lasts=True),
    "bank_is_slow": Switch(bank=(Trouble.SLOW,)),
    "bank_hangs": Switch(bank=(Trouble.HANGS,)),
    "bank_charges_then_hangs": Switch(bank=(Trouble.CHARGES_THEN_HANGS,)),
    "bank_tells_twice": Switch(bank=(Trouble.DUPLICATES_EVENTS,)),
}
"""By the name that forms and programs use."""


def cause(name: str, times: int | None = None) -> None:
    """Let it go wrong so often; 0 ends it, None is what the switch is for. Raises DomainError("not_found")."""
    if name not in SWITCHES:
        raise DomainError("not_found")
    switch = SWITCHES[name]
    usual = UNTIL_ENDED if switch.lasts else 1
    for trouble in switch.carrier:
        sandbox().outside.cause(trouble, usual if times is None else times)
    for bank_trouble in switch.bank:
        if times == 0:
            sandbox().bank.troubles.end(bank_trouble)
        else:
            sandbox().bank.troubles.cause(bank_trouble, times or (None if switch.lasts else 1))


def flip(name: str) -> None:
    """Press the switch: on if it was off, off if it was on."""
    cause(name, 0 if name in going_on() else None)


def going_on() -> frozenset[str]:
    carrier, bank = sandbox().outside.going_on(), sandbox().bank.troubles.going_on()
    return frozenset(
        name
        for name, switch in SWITCHES.items()
        if any(trouble in carrier for trouble in switch.carrier) or any(trouble in bank for trouble in switch.bank)
    )


def send_back_latest(merchant: Merchant) -> BankSession:
    """The merchant's latest bank debit comes back. Raises DomainError("not_returnable") when there is none."""
    sessions = bank_tables.sessions.c
    latest = (
        sa.select(sessions.reference)
        .where(
            sessions.payee == merchant.name,
            sessions.method == Method.BANK.value,
            sessions.status.in_([Status.PROCESSING.value, Status.SUCCEEDED.value]),
        )
        .order_by(sessions.created_at.desc())
        .limit(1)
    )
    bank = sandbox().bank
    with bank.database.read() as db:
        reference = db.scalars(latest).first()
    returned = bank.send_back(str(reference))
    sandbox().bank_post.flush()
    return returned
