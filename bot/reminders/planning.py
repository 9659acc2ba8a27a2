"""The dry run: who gets what, where, at which local time, in which words and at what cost, and why the others get
nothing. Writes nothing."""

import tomllib
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import lru_cache
from zoneinfo import ZoneInfo

from bot import letters
from bot.gsm import Segments
from bot.own_words import book as books
from bot.own_words.book import Book
from bot.reminders import assess, facts, outgoing, selection, texts
from bot.reminders.assess import Desk, Skip, Verdict
from bot.reminders.numbers import number
from bot.reminders.places import WHERE
from bot.reminders.selection import Selection
from models.cadence import Cadence
from models.context import Context
from models.customer import Channel
from models.merchant import Merchant
from models.reminder import SkipReason


@dataclass(frozen=True, slots=True)
class Row:
    """One message to be. `text` is exact but for its link, which opens nothing yet; None: an email, in the letter of
    reminders, with this `subject` and this `opening`. `instead_of`: why it is an email where a text was wanted."""

    customer: str
    name: str
    invoices: tuple[str, ...]
    """Public ids, as `customer` is."""
    numbers: tuple[str, ...]
    channel: Channel
    address: str
    kind: str
    locale: str
    due_at: datetime
    local_time: datetime
    zone: str
    is_held: bool
    """It is quiet there now: postponed, not skipped."""
    text: str | None
    subject: str | None
    opening: str | None
    segments: Segments | None
    cost_micros: int
    """Millionths of the price list's currency."""
    instead_of: SkipReason | None


@dataclass(frozen=True, slots=True)
class Skipped:
    customer: str
    name: str
    invoice: str
    number: str
    reason: SkipReason
    detail: str | None


@dataclass(slots=True)
class Plan:
    at: datetime
    rows: list[Row] = field(default_factory=list)
    skips: list[Skipped] = field(default_factory=list)

    @property
    def texts(self) -> int:
        return sum(row.segments is not None for row in self.rows)

    @property
    def segments(self) -> int:
        return sum(row.segments.count for row in self.rows if row.segments is not None)

    @property
    def held(self) -> int:
        return sum(row.is_held for row in self.rows)

    @property
    def cost_micros(self) -> int:
        return sum(row.cost_micros for row in self.rows)

    @property
    def reasons(self) -> Counter[SkipReason]:
        return Counter(skip.reason for skip in self.skips)


def cadence_of(ctx: Context, merchant: Merchant) -> Cadence:
    """The merchant's own, or the usual one, switched off."""
    return ctx.session.get(Cadence, merchant.id) or usual_cadence(merchant.id)


def usual_cadence(merchant_id: int) -> Cadence:
    made = Cadence(merchant_id=merchant_id, is_on=False)
    for column in Cadence.__table__.columns:
        if column.default is not None and getattr(made, column.name) is None:
            default = column.default.arg
            setattr(made, column.name, default(None) if callable(default) else default)
    return made


@dataclass(frozen=True, slots=True)
class Assessed:
    """Some hundred customers."""

    verdicts: list[Verdict] = field(default_factory=list)
    skips: list[Skip] = field(default_factory=list)


def plan(ctx: Context, merchant: Merchant, chosen: Selection) -> Plan:
    """Raises DomainError: "nothing_selected", "not_found", "too_many"."""
    planned = Plan(ctx.clock.now())
    cadence, book = cadence_of(ctx, merchant), books.load(ctx, merchant.id)
    today = planned.at.astimezone(ZoneInfo(merchant.timezone)).date()
    for some in assessed(ctx, merchant, cadence, chosen, today):
        planned.skips += [_skipped(skip) for skip in some.skips]
        planned.rows += [row for verdict in some.verdicts for row in rows_of(ctx, merchant, cadence, verdict, book)]
    return planned


def assessed(ctx: Context, merchant: Merchant, cadence: Cadence, chosen: Selection, today: date) -> Iterator[Assessed]:
    """`today`: the merchant's day of the press."""
    desk = Desk(merchant, cadence, ctx.clock.now(), ways=chosen.ways)
    found = selection.candidates(ctx, merchant, cadence, chosen, today)
    for batch in selection.by_customers(found):
        desk.learn(facts.read(ctx, merchant, [candidate for one in batch for candidate in one]))
        some = Assessed()
        for one in batch:
            verdicts, skips = assess.customer(desk, one)
            some.verdicts.extend(verdicts)
            some.skips.extend(skips)
        yield some


def rows_of(ctx: Context, merchant: Merchant, cadence: Cadence, verdict: Verdict, book: Book) -> Iterator[Row]:
    """One for each channel."""
    about = texts.about(verdict.going, verdict.today, shows_amounts=cadence.shows_amounts)
    first, chosen = verdict.going[0], verdict.chosen
    for point in (chosen.text, chosen.email):
        if point is None:
            continue
        is_text = point is chosen.text
        body = texts.text(merchant, about, first.name, first.locale, book) if is_text else None
        subject, opening = (None, None) if is_text else _worded(merchant, verdict, book)
        size = texts.measured(ctx, body) if body is not None else None
        yield Row(
            customer=first.customer,
            name=first.name,
            invoices=tuple(candidate.invoice for candidate in verdict.going),
            numbers=about.numbers,
            channel=point.channel,
            address=point.address,
            kind=about.kind,
            locale=first.locale,
            due_at=verdict.due_at,
            local_time=verdict.local(verdict.due_at),
            zone=verdict.place.zones[0],
            is_held=verdict.is_held,
            text=texts.shown(ctx, body) if body is not None else None,
            subject=subject,
            opening=opening,
            segments=size,
            cost_micros=size.count * _price(number(point.address).country) if size is not None else 0,
            instead_of=None if is_text or chosen.text is not None else chosen.problem,
        )


def _worded(merchant: Merchant, verdict: Verdict, book: Book) -> tuple[str, str]:
    slots = outgoing.letter_slots(verdict)
    return letters.worded("reminder", verdict.going[0].locale, merchant=merchant, book=book, **slots)


def _skipped(skip: Skip) -> Skipped:
    one = skip.candidate
    return Skipped(one.customer, one.name, one.invoice, one.number, skip.reason, skip.detail)


@lru_cache(maxsize=256)
def _price(country: str) -> int:
    prices = tomllib.loads((WHERE / "prices.toml").read_text(encoding="utf-8"))
    return int(prices["segment"].get(country, prices["elsewhere"]))
