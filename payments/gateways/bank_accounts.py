"""Accounts that their owners let the merchant's side use again, at the sandbox bank. Inside the caller's
transaction."""

import secrets

import sqlalchemy as sa

from models.errors import ProviderError
from models.payment import Method
from payments.gateways import bank_tables as tables
from payments.gateways import pretend
from payments.gateways.pretend import FAILURE_CODES, Outcome, Pretend

_REFUSES = frozenset({Outcome.DECLINES, Outcome.LACKS_FUNDS, Outcome.EXPIRED})


def keep(db: tables.Db, session: tables.Row, chosen: Pretend, institution: str | None) -> None:
    """What its owner approved with, if they asked for that. An account that says no at once is worth nothing."""
    asked = db.execute(sa.select(tables.saving).where(tables.saving.c.session_id == session.id)).first()
    if asked is None or (chosen.outcome in _REFUSES and chosen.outcome in FAILURE_CODES):
        return
    method = Method(session.method)
    name = pretend.institution_of(institution).name if method is Method.BANK else chosen.name
    values = {"token": f"ba_{secrets.token_hex(16)}", "session_id": session.id, "method": session.method}
    values |= {"institution": institution, "choice": chosen.value, "name": name, "last4": chosen.ending}
    db.execute(sa.insert(tables.saved).values(**values))


def known(db: tables.Db, token: str) -> tables.Row:
    """Raises ProviderError("account_unknown")."""
    found = db.execute(sa.select(tables.saved).where(tables.saved.c.token == token)).first()
    if found is None:
        raise ProviderError("account_unknown", permanent=True)
    return found
