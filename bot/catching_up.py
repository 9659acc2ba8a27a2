"""Takes up the texts whose turns were put off: some senders at a time, with one commit where all goes well, one
sender's in the order in which they came. A text is gone only with the commit of its turn, so that whoever dies loses
none; and its message is single by the carrier's id, so that none is answered twice, whoever else has it in hand."""

import time
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from itertools import takewhile
from typing import Any, NamedTuple, TypeVar

import sqlalchemy as sa
import structlog

from bot import dialogue, put_off
from bot.put_off import Late
from bot.turn import take_turn
from models.context import Context, Runtime
from models.customer import Channel
from models.database import is_retryable, is_unavailable, so_far
from models.merchant import Merchant
from models.received_text import ReceivedText
from models.signing import Purpose

log = structlog.get_logger()

WINDOW = 512
"""The oldest texts, among which a worker chooses: what it costs does not grow with what waits."""
AT_ONCE = 32
SIDE_BY_SIDE = 4
"""Threads. Half of a turn's time is waiting for PostgreSQL and its disk; more of them wait for the interpreter."""
TOGETHER = 8
"""Turns of as many senders share a commit. Whoever of them writes meanwhile waits for it."""
IN_HAND = timedelta(seconds=30)
"""Whoever takes some is done by then, or dead. Should it still live, nothing happens twice."""
MOST_TRIES = 5
REST_S = 0.25
BREATH, A_MOMENT = 8.0, timedelta(seconds=2)
"""Times as long as it worked, but a moment at most; and how lately a text was put off while more are."""
CHOOSING = 0x7112, 0
"""An advisory lock of ours, beside those of the workers' slots (web/slots.py)."""


class Waiting(NamedTuple):
    id: int
    merchant_id: int
    channel: Channel
    their_address: str
    tries: int
    taken_at: datetime | None


Text = TypeVar("Text", Waiting, ReceivedText)


def look(runtime: Runtime) -> float:
    """What a worker does all the time. Returns how many seconds it may rest. While more are being put off it works but
    a part of the time: its cores may be those of the web processes, for whom each text is urgent, and these are not."""
    began = time.monotonic()
    if not catch_up(runtime):
        return REST_S
    if not _more_come(runtime):
        return 0.0
    return min(BREATH * (time.monotonic() - began), A_MOMENT.total_seconds())


def _more_come(runtime: Runtime) -> bool:
    newest = sa.select(ReceivedText.received_at).order_by(ReceivedText.id.desc()).limit(1)
    with runtime.read() as ctx:
        came_at = ctx.session.scalars(newest).first()
        return came_at is not None and ctx.clock.now() - came_at < A_MOMENT


def catch_up(runtime: Runtime) -> int:
    """Some of what waits. Returns how many texts it took in hand. Raises only while the database is away."""
    texts, merchants = _take_in_hand(runtime)

    def take_up(lot: Sequence[Sequence[ReceivedText]]) -> None:
        merchant = merchants[lot[0][0].merchant_id]
        first = [texts[0] for texts in lot]
        are_done = len(lot) > 1 and _take_up_together(runtime, merchant, first)
        for one_senders in lot:
            for text in one_senders[are_done:]:
                if not _take_up(runtime, merchant, text):
                    break  # what it wrote after that waits as well

    with ThreadPoolExecutor(SIDE_BY_SIDE) as pool:
        list(pool.map(take_up, _lots(_by_sender(texts))))
    return len(texts)


def _lots(senders: Iterable[list[ReceivedText]]) -> Iterable[list[list[ReceivedText]]]:
    """Of one merchant each: a transaction sees the rows of one."""
    ours: dict[int, list[list[ReceivedText]]] = {}
    for texts in senders:
        ours.setdefault(texts[0].merchant_id, []).append(texts)
    for lot in ours.values():
        yield from (lot[start : start + TOGETHER] for start in range(0, len(lot), TOGETHER))


def choose(window: Iterable[Waiting], now: datetime) -> list[Waiting]:
    """The window is of the oldest, so that each sender's first there is its first of all. A text that has been tried
    goes alone: if it kills its worker, it takes the blame for no other."""
    free = [texts for texts in _by_sender(window) if not _is_in_hand(texts[0], now)]
    if tried := [texts[0] for texts in free if texts[0].tries]:
        return tried[:1]
    fresh = [text for texts in free for text in takewhile(lambda one: not one.tries, texts)]
    return sorted(fresh)[:AT_ONCE]


def _by_sender(texts: Iterable[Text]) -> Iterable[list[Text]]:
    found: dict[object, list[Text]] = {}
    for text in texts:
        found.setdefault((text.merchant_id, text.channel, text.their_address), []).append(text)
    return found.values()


def _is_in_hand(text: Waiting, now: datetime) -> bool:
    return text.taken_at is not None and abs(now - text.taken_at) < IN_HAND  # abs: clocks are set back


# --- first transaction: who has what in hand --------------------------------------------------------------------------
def _take_in_hand(runtime: Runtime) -> tuple[Sequence[ReceivedText], dict[int, Merchant]]:
    with runtime.write() as ctx:
        chosen = choose(_window(ctx), ctx.clock.now()) if _chooses_alone(ctx) else []
        while chosen and chosen[0].tries >= MOST_TRIES:
            log.error("text_put_aside", text=chosen[0].id)
            _change(ctx, ReceivedText.id == chosen[0].id, {"put_aside_at": ctx.clock.now()})
            chosen = choose(_window(ctx), ctx.clock.now())
        if not chosen:
            return [], {}
        these = ReceivedText.id.in_([text.id for text in chosen])
        _change(ctx, these, {"tries": ReceivedText.tries + 1, "taken_at": ctx.clock.now()})
        texts = ctx.session.scalars(sa.select(ReceivedText).where(these).order_by(ReceivedText.id)).all()
        owners = sa.select(Merchant).where(Merchant.id.in_({text.merchant_id for text in texts}))
        return texts, {merchant.id: merchant for merchant in ctx.session.scalars(owners)}


def _window(ctx: Context) -> Iterable[Waiting]:
    columns = (getattr(ReceivedText, name) for name in Waiting._fields)
    asked = sa.select(*columns).where(ReceivedText.put_aside_at.is_(None)).order_by(ReceivedText.id).limit(WINDOW)
    return (Waiting(*row) for row in ctx.session.execute(asked))


def _chooses_alone(ctx: Context) -> bool:
    """Whoever chooses must see what the others have chosen. Not now, if another is at it."""
    if ctx.session.get_bind().dialect.name == "sqlite":
        return True  # by the lock of all writers
    return bool(ctx.session.scalar(sa.select(sa.func.pg_try_advisory_xact_lock(*CHOOSING))))


def _change(ctx: Context, these: sa.ColumnElement[bool], values: dict[str, Any]) -> None:
    changed = sa.update(ReceivedText).where(these).values(values)
    ctx.session.execute(changed, execution_options={"synchronize_session": False})


# --- a transaction for some texts, or for each ------------------------------------------------------------------------
def _take_up_together(runtime: Runtime, merchant: Merchant, rows: Sequence[ReceivedText]) -> bool:
    """One of each sender. False: one of them failed or stood in another's way, and nothing has happened to any."""
    try:
        with runtime.of(merchant.id).write_together() as ctx:
            for row in rows:
                _turn(ctx, merchant, row, _read(runtime, row))
                so_far(ctx.session)
    except Exception as error:
        if is_unavailable(error) and not _has_lost_a_tie(error):
            raise
        return False
    return True


def _take_up(runtime: Runtime, merchant: Merchant, row: ReceivedText) -> bool:
    """False: not this time. It is tried again once nobody has it in hand any more."""
    try:
        _run(runtime, merchant, row, _read(runtime, row))
    except Exception as error:
        if is_unavailable(error):
            raise
        log.error("text_not_answered", text=row.id, error=type(error).__name__)
        return False
    return True


def _run(runtime: Runtime, merchant: Merchant, row: ReceivedText, text: Late, repeats: int = 3) -> None:
    """Again, where two transactions waited for each other and this one lost."""
    try:
        with runtime.of(row.merchant_id).write_together() as ctx:
            _turn(ctx, merchant, row, text)
    except sa.exc.DBAPIError as error:
        if not repeats or not _has_lost_a_tie(error):
            raise
        _run(runtime, merchant, row, text, repeats - 1)


def _has_lost_a_tie(error: Exception) -> bool:
    return isinstance(error, sa.exc.DBAPIError) and is_retryable(error)


def _turn(ctx: Context, merchant: Merchant, row: ReceivedText, text: Late) -> None:
    take_turn(ctx, merchant, text, dialogue.respond, row.received_at)
    put_off.forget(ctx, row.id)


def _read(runtime: Runtime, row: ReceivedText) -> Late:
    """Raises DomainError where the key that hid it is no longer among ours."""
    return Late(
        provider_reference=row.provider_reference,
        channel=row.channel,
        sender=row.their_address,
        to=row.our_address,
        body=runtime.signer.reveal(Purpose.TEXT, row.hidden_body),
    )
