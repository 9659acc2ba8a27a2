"""The link of a reminder, `/r/<token>`: good until all that it reminds of is paid, 30 days at most. It says whose door
it is and opens nothing else."""

import secrets
from datetime import timedelta

import sqlalchemy as sa

from models.context import Context
from models.errors import DomainError
from models.invoice import Invoice, InvoiceStatus
from models.reminder import Reminder, ReminderLink
from models.signing import Purpose

LIFETIME = timedelta(days=30)
MEMORY = timedelta(days=365)
"""How long a dead link still shows the way to the door."""


def mint(ctx: Context, merchant_id: int, customer_id: int) -> ReminderLink:
    link = ReminderLink(
        key=secrets.token_bytes(8), merchant_id=merchant_id, customer_id=customer_id, created_at=ctx.clock.now()
    )
    ctx.session.add(link)
    return link


def url(ctx: Context, link: ReminderLink) -> str:
    """Always the same for the same link, while the newest signing key stays."""
    return f"{ctx.site.base_url}/r/{ctx.signer.mint(Purpose.REMINDER, link.key, link.created_at)}"


def find(ctx: Context, token: str) -> ReminderLink:
    """Alive or not. Raises DomainError("bad_token")."""
    try:
        key = ctx.signer.read(Purpose.REMINDER, token, now=ctx.clock.now(), max_age=MEMORY)
    except DomainError as error:
        raise DomainError("bad_token") from error
    link = ctx.session.scalars(sa.select(ReminderLink).where(ReminderLink.key == key)).one_or_none()
    if link is None:
        raise DomainError("bad_token")
    ctx.turn_to(link.merchant_id)
    return link


def is_alive(ctx: Context, link: ReminderLink) -> bool:
    if ctx.clock.now() >= link.created_at + LIFETIME:
        return False
    owed = (
        sa.select(Invoice.id)
        .join(Reminder, Reminder.invoice_id == Invoice.id)
        .where(Reminder.link_id == link.id, Invoice.status == InvoiceStatus.OPEN, Invoice.balance_minor > 0)
    )
    return ctx.session.scalars(owed.limit(1)).first() is not None
