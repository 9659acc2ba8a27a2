"""Where else an erased customer was written down: the trail, notices to the merchant and to its staff's phones, answers
kept for programs, what imports showed. Looks only where one is known to be written."""

import json
import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from bot import forgetting, rendering
from models.among import among
from models.audit import AuditEntry
from models.context import Context
from models.conversation import Conversation
from models.customer import Channel, ContactPoint, Customer
from models.file_import import FileImport
from models.idempotency import ApiAnswer
from models.merchant import Merchant
from models.message import Direction, Message

LEAST_CHARS = 2
"""Of a name that is looked for: one letter is in every notice."""


@dataclass(frozen=True, slots=True)
class Known:
    """What is looked for: the customer's and their addresses' ids, and every way in which they are written."""

    public_id: str
    point_ids: frozenset[str]
    words: tuple[str, ...]

    def is_in(self, text: str) -> bool:
        return any(re.search(rf"(?<!\w){re.escape(word)}(?!\w)", text) for word in self.words)


def known_of(ctx: Context, customer: Customer) -> Known:
    points = ctx.session.scalars(sa.select(ContactPoint).where(ContactPoint.customer_id == customer.id)).all()
    written = {customer.name, rendering.clean(customer.name), rendering.plain(customer.name)}
    words = {word for word in written if len(word) >= LEAST_CHARS} | {point.address for point in points}
    return Known(customer.public_id, frozenset(point.public_id for point in points), tuple(sorted(words)))


def mentions(ctx: Context, customer: Customer, since: datetime | None = None) -> list[int]:
    """Messages to the merchant itself, and to its people's phones, that name them. Walks what was written to them:
    all of it before the transaction that changes anything, and in there what has come meanwhile."""
    merchant, known = ctx.session.get_one(Merchant, customer.merchant_id), known_of(ctx, customer)
    ours = (Message.merchant_id == merchant.id) & (Message.direction == Direction.OUT) & Message.removed_at.is_(None)
    if since is not None:
        ours &= Message.created_at >= since
    to_them = [
        (Message.channel == Channel.EMAIL) & (Message.their_address == merchant.email),
        (Message.channel == Channel.SMS) & Message.their_address.in_(merchant.staff_phones),
    ]
    columns = sa.select(Message.id, Message.subject, Message.body)
    return [
        row.id
        for whom in to_them
        for row in ctx.session.execute(columns.where(ours, whom))
        if known.is_in(f"{row.subject or ''}\n{row.body}")
    ]


def forget(
    ctx: Context, customer: Customer, known: Known, name: str, threads: Sequence[Conversation], messages: Sequence[int]
) -> None:
    """`name`: their pseudonym, where something has to be called something."""
    _trail(ctx, customer, known, threads, messages)
    _answers(ctx, customer, known, name)
    _imports(ctx, customer, known, name)


def _trail(
    ctx: Context, customer: Customer, known: Known, threads: Sequence[Conversation], messages: Sequence[int]
) -> None:
    said = ctx.session.scalars(sa.select(Message.public_id).where(among(Message.id, messages))).all()
    about: dict[str, Collection[str]] = {
        "customer": [known.public_id],
        "contact_point": list(known.point_ids),
        "conversation": [thread.public_id for thread in threads],
        "message": list(said),
    }
    own = AuditEntry.merchant_id == customer.merchant_id
    for subject, ids in about.items():
        forgetting.blank_details(ctx, own & (AuditEntry.subject == subject) & among(AuditEntry.subject_id, ids))


def _answers(ctx: Context, customer: Customer, known: Known, name: str) -> None:
    """A repeat of the request that made them is still answered, and makes nobody anew."""
    own = (ApiAnswer.merchant_id == customer.merchant_id) & (ApiAnswer.mode == customer.mode)
    named = sa.or_(*(ApiAnswer.body.contains(one) for one in (known.public_id, *known.point_ids)))
    for answer in ctx.session.scalars(sa.select(ApiAnswer).where(own, named)):
        told = json.loads(answer.body or "null")
        if isinstance(told, dict) and told.get("id") == known.public_id:
            answer.body = json.dumps(told | {"name": name, "reference": None, "timezone": None, "contact_points": []})
        elif isinstance(told, dict) and told.get("id") in known.point_ids:
            answer.body = json.dumps(told | {"address": ""})


def _imports(ctx: Context, customer: Customer, known: Known, name: str) -> None:
    """The lines that a page of theirs still shows. The files themselves are gone after a week at most."""
    own = (FileImport.merchant_id == customer.merchant_id) & (FileImport.mode == customer.mode)
    for found in ctx.session.scalars(sa.select(FileImport).where(own, FileImport.sample.is_not(None))):
        if any(known.is_in(str(cell)) for line in found.sample or () for cell in line):
            found.sample = [[_without(cell, known, name) for cell in line] for line in found.sample or ()]


def _without(cell: Any, known: Known, name: str) -> Any:
    return name if isinstance(cell, str) and known.is_in(cell) else cell
