"""Finds what a caller asks for among the caller's own. These few lines are the tenant's wall: the rest is not there."""

from typing import Any, TypeVar

import sqlalchemy as sa

from models.customer import ContactPoint, Customer
from models.errors import DomainError
from models.file_import import FileImport
from models.invoice import Invoice
from models.message import Message
from models.payment import Payment
from models.webhook import WebhookDelivery, WebhookEndpoint, WebhookEvent
from web.api.operations import Call

Owned = TypeVar(
    "Owned",
    Customer,
    ContactPoint,
    FileImport,
    Invoice,
    Message,
    Payment,
    WebhookEndpoint,
    WebhookEvent,
    WebhookDelivery,
)


def mine(call: Call, kind: type[Owned]) -> "sa.Select[Any]":
    """All of the caller's, of its mode."""
    return sa.select(kind).where(kind.merchant_id == call.caller.merchant_id, kind.mode == call.caller.mode)


def find(call: Call, kind: type[Owned], public_id: str, *, held: bool = False) -> Owned:
    """`held`: locked until the transaction ends. Raises DomainError("not_found")."""
    which = mine(call, kind).where(kind.public_id == public_id)
    if held:
        which = which.with_for_update(key_share=True).execution_options(populate_existing=True)
    found: Owned | None = call.ctx.session.scalars(which).one_or_none()
    if found is None:
        raise DomainError("not_found")
    return found


def public_ids(call: Call, kind: type[Owned], ids: "set[int]") -> dict[int, str]:
    return dict(call.ctx.session.execute(sa.select(kind.id, kind.public_id).where(kind.id.in_(ids))).all())
