"""Texts that are taken now and answered afterwards, since more come than can be answered at once: kept, found again in
the order in which each sender wrote, and forgotten with their turn (bot/catching_up.py)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import cache, lru_cache
from typing import Protocol, cast

import sqlalchemy as sa

from bot import intents
from bot.intents import Intent
from models.context import Context, Runtime
from models.conversation import ConversationState
from models.customer import Channel
from models.inserting import insert_for
from models.prepared import Prepared, connection_of
from models.received_text import ReceivedText
from models.signing import Purpose
from models.walls import ALL_MERCHANTS

URGENT = frozenset({Intent.STOP, Intent.START, Intent.HELP})
"""A refusal holds from the moment it came in, and carriers want these answered at once."""
SHORT_CHARS = 40
"""Longer ones are not read before they are kept: it takes as long as keeping them. Whoever refuses in so many words is
heard when the text's turn comes."""


class Inbound(Protocol):
    """What a turn needs of a text or an email."""

    @property
    def provider_reference(self) -> str: ...
    @property
    def channel(self) -> Channel: ...
    @property
    def sender(self) -> str: ...
    @property
    def to(self) -> str: ...
    @property
    def body(self) -> str: ...
    @property
    def opt_out_type(self) -> str | None: ...


@dataclass(frozen=True, slots=True)
class Late:
    """A text whose turn was put off, as bot/turn.py reads it."""

    provider_reference: str
    channel: Channel
    sender: str
    to: str
    body: str
    opt_out_type: None = None


_TABLE = cast(sa.Table, ReceivedText.__table__)
_COLUMNS = (
    *("merchant_id", "channel", "their_address", "our_address", "provider_reference", "hidden_body", "received_at"),
    "tries",
)
_FORGET = Prepared(sa.delete(_TABLE).where(_TABLE.c.id == sa.bindparam("b_id")))


def may_wait(text: Inbound, today: date) -> bool:
    return text.opt_out_type is None and not (len(text.body) <= SHORT_CHARS and _is_urgent(text.body, today))


@lru_cache(maxsize=1024)
def _is_urgent(body: str, today: date) -> bool:
    return intents.understand(body, expecting=ConversationState.IDLE, today=today).intent in URGENT


@cache
def _keeping(dialect: str) -> Prepared:
    kept = insert_for(dialect, _TABLE).on_conflict_do_nothing(index_elements=["merchant_id", "provider_reference"])
    return Prepared(kept, _COLUMNS)


def keep_together(runtime: Runtime, texts: Sequence[tuple[int, Inbound]]) -> None:
    """Of several merchants, by their ids: one transaction for all of them."""
    with runtime.of(ALL_MERCHANTS).write_together() as ctx:
        for merchant_id, text in texts:
            keep(ctx, merchant_id, text)


def keep(ctx: Context, merchant_id: int, text: Inbound) -> None:
    """Once, however often the carrier repeats itself."""
    db = connection_of(ctx.session)
    _keeping(db.dialect.name).last(
        db,
        {
            "merchant_id": merchant_id,
            "channel": text.channel,
            "their_address": text.sender,
            "our_address": text.to,
            "provider_reference": text.provider_reference,
            "hidden_body": ctx.signer.hide(Purpose.TEXT, text.body),
            "received_at": ctx.clock.now(),
            "tries": 0,
        },
    )


def forget(ctx: Context, text_id: int) -> None:
    """With the transaction of its turn."""
    _FORGET.last(connection_of(ctx.session), {"b_id": text_id})


def waiting(ctx: Context) -> int:
    asked = sa.select(sa.func.count()).select_from(ReceivedText).where(ReceivedText.put_aside_at.is_(None))
    return ctx.session.scalar(asked) or 0


# --- what nobody could answer: for a person ---------------------------------------------------------------------------
def put_aside(ctx: Context, limit: int) -> list[ReceivedText]:
    """The newest first."""
    asked = sa.select(ReceivedText).where(ReceivedText.put_aside_at.is_not(None)).order_by(ReceivedText.id.desc())
    return list(ctx.session.scalars(asked.limit(limit)))


def take_up_again(ctx: Context, reference: str) -> bool:
    """By the carrier's id. False: no text that was put aside is called that."""
    again = {"put_aside_at": None, "taken_at": None, "tries": 0}
    return _change(ctx, sa.update(ReceivedText).where(_is_called(reference)).values(again))


def discard(ctx: Context, reference: str) -> bool:
    """Its words with it. False: no text that was put aside is called that."""
    return _change(ctx, sa.delete(ReceivedText).where(_is_called(reference)))


def forget_put_aside(ctx: Context, before: datetime) -> None:
    _change(ctx, sa.delete(ReceivedText).where(ReceivedText.put_aside_at < before))


def _is_called(reference: str) -> sa.ColumnElement[bool]:
    return (ReceivedText.provider_reference == reference) & ReceivedText.put_aside_at.is_not(None)


def _change(ctx: Context, statement: sa.Update | sa.Delete) -> bool:
    changed = ctx.session.execute(
        statement.returning(ReceivedText.id), execution_options={"synchronize_session": False}
    )
    return bool(changed.all())
