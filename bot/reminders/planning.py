"""The dry run: who gets what, where, at which local time, in which words and at what cost, and why the others get
nothing. Writes nothing."""

import sys
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
from bot.reminders.facts import Point
from bot.reminders.numbers import allowed_countries, number
from bot.reminders.places import WHERE
from bot.reminders.selection import Selection
from bot.reminders.texts import About
from bot.whatsapp import Template
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
    template: Template | None
    """By WhatsApp, a day after the customer's last message: what leaves. `text` is then what Till hands merchants for
    approval, filled."""
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
    """The figures are of everybody; `rows` and `skips` are the first of them, as many as were asked for."""

    at: datetime
    countries: tuple[str, ...] = ()
    """Whose numbers are texted at all."""
    rows: list[Row] = field(default_factory=list)
    skips: list[Skipped] = field(default_factory=list)
    messages: int = 0
    texts: int = 0
    segments: int = 0
    held: int = 0
    cost_micros: int = 0
    reasons: Counter[SkipReason] = field(default_factory=Counter)

    @property
    def skipped(self) -> int:
        return self.reasons.total()


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


def plan(ctx: Context, merchant: Merchant, chosen: Selection, most: int | None = None) -> Plan:
    """`most`: rows, and skips, that are kept; None: all. A hundred thousand are only counted.
    Raises DomainError: "nothing_selected", "not_found", "too_many"."""
    cadence, book = cadence_of(ctx, merchant), books.load(ctx, merchant.id)
    planned = Plan(ctx.clock.now(), tuple(sorted(allowed_countries(merchant, cadence))))
    today = planned.at.astimezone(ZoneInfo(merchant.timezone)).date()
    room = sys.maxsize if most is None else most
    for some in assessed(ctx, merchant, cadence, chosen, today):
        planned.reasons.update(skip.reason for skip in some.skips)
        planned.skips += [_skipped(skip) for skip in some.skips[: room - len(planned.skips)]]
        for verdict in some.verdicts:
            for said in _said(ctx, merchant, cadence, verdict, book):
                _count(planned, said)
                if len(planned.rows) < room:
                    planned.rows.append(_row(ctx, merchant, said, book))
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


@dataclass(frozen=True, slots=True)
class _Said:
    """To one point of a verdict. `body` None: an email."""

    verdict: Verdict
    point: Point
    about: About
    body: str | None
    size: Segments | None


def _said(ctx: Context, merchant: Merchant, cadence: Cadence, verdict: Verdict, book: Book) -> Iterator[_Said]:
    """One for each channel."""
    about = texts.about(verdict.going, verdict.today, shows_amounts=cadence.shows_amounts)
    first, chosen = verdict.going[0], verdict.chosen
    if chosen.text is not None:
        free = texts.text(merchant, about, first.name, first.locale, book) if verdict.template is None else ""
        body = verdict.template.words if verdict.template is not None else free
        yield _Said(verdict, chosen.text, about, body, texts.measured(ctx, body))
    if chosen.email is not None:
        yield _Said(verdict, chosen.email, about, None, None)


def _count(planned: Plan, said: _Said) -> None:
    planned.messages += 1
    planned.held += said.verdict.is_held
    if said.size is not None:
        planned.texts += 1
        planned.segments += said.size.count
        planned.cost_micros += _cost(said)


def _cost(said: _Said) -> int:
    return said.size.count * _price(number(said.point.address).country) if said.size is not None else 0


def _row(ctx: Context, merchant: Merchant, said: _Said, book: Book) -> Row:
    verdict, body = said.verdict, said.body
    first = verdict.going[0]
    subject, opening = (None, None) if body is not None else _worded(merchant, verdict, book)
    return Row(
        customer=first.customer,
        name=first.name,
        invoices=tuple(candidate.invoice for candidate in verdict.going),
        numbers=said.about.numbers,
        channel=said.point.channel,
        address=said.point.address,
        kind=said.about.kind,
        locale=first.locale,
        due_at=verdict.due_at,
        local_time=verdict.local(verdict.due_at),
        zone=verdict.place.zones[0],
        is_held=verdict.is_held,
        text=texts.shown(ctx, body) if body is not None else None,
        subject=subject,
        opening=opening,
        template=_shown(ctx, verdict.template) if body is not None else None,
        segments=said.size,
        cost_micros=_cost(said),
        instead_of=None if body is not None or verdict.chosen.text is not None else verdict.chosen.problem,
    )


def _shown(ctx: Context, template: Template | None) -> Template | None:
    if template is None:
        return None
    variables = {n: texts.shown(ctx, value) for n, value in template.variables.items()}
    return Template(template.content_sid, variables, texts.shown(ctx, template.words))


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
