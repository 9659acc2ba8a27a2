"""Decides for one customer, from the facts: what is sent where and when, and why the rest is not. The same decision is
taken for the dry run, at the press, at release, and once more while a message leaves."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from bot import whatsapp
from bot.reminders import addressing, facts, hours, texts
from bot.reminders.addressing import Chosen, Rules
from bot.reminders.facts import CAP_DAYS, Facts, Past, Point
from bot.reminders.hours import Hours
from bot.reminders.numbers import allowed_countries, number
from bot.reminders.places import Place, available, place_of
from bot.reminders.selection import Candidate
from bot.whatsapp import Template
from models.cadence import Cadence, Ways
from models.customer import APPS, Channel
from models.invoice import InvoiceStatus
from models.merchant import Merchant
from models.reminder import ReminderStatus, SkipReason

PER_DAY, PER_WEEK = 1, 3  # acceptance L11
RECENT_DAYS = 3
"""Nobody presses for an invoice that was reminded of this lately. A cadence knows its own distances."""


@dataclass(frozen=True, slots=True)
class Skip:
    candidate: Candidate
    reason: SkipReason
    detail: str | None = None


@dataclass(frozen=True, slots=True)
class Verdict:
    """For one customer: the candidates that go together, where, and when."""

    customer_id: int
    going: tuple[Candidate, ...]
    chosen: Chosen
    place: Place
    due_at: datetime
    today: date
    """The recipient's, when it goes."""
    is_held: bool = False
    """Wanted earlier, but it is quiet there."""
    template: Template | None = None
    """By WhatsApp, once the day after the customer's last message is over: what goes in place of free words."""

    def local(self, at: datetime) -> datetime:
        return at.astimezone(self.place.zone)


@dataclass(slots=True)
class Desk:
    """One merchant's rules and the moment, for as many customers as come."""

    merchant: Merchant
    cadence: Cadence
    now: datetime
    known: Facts = field(default_factory=Facts)
    ways: Ways | None = None
    releasing: bool = False
    """Rows that stand as scheduled are the very ones in question."""
    busy: dict[str, int] = field(default_factory=dict)
    """Phones and the customer whose text goes there."""
    taken: dict[str, list[date]] = field(default_factory=lambda: defaultdict(list))
    """The days on which an address gets one of the reminders decided here."""

    rules: Rules = field(init=False)
    hours: Hours = field(init=False)
    zone: str = field(init=False)
    today: date = field(init=False)
    """The merchant's, as `zone` is."""

    def __post_init__(self) -> None:
        countries = allowed_countries(self.merchant, self.cadence)
        home = allowed_countries(self.merchant, None)
        senders, bar = addressing.senders(self.merchant), addressing.bar(self.merchant)
        self.rules = Rules(countries, home, self.busy, senders, bar)
        self.zone = self.merchant.timezone
        self.today = self.now.astimezone(ZoneInfo(self.zone)).date()
        self.hours = Hours(self.cadence.opens, self.cadence.closes, self.cadence.on_sundays)

    def learn(self, known: Facts) -> None:
        """A phone that was texted for somebody today is theirs for the day."""
        self.known = known
        for phone, past in known.by_address.items():
            latest = max(past, key=lambda one: one.sent_at)
            if self.now - latest.sent_at < timedelta(days=1):
                self.busy.setdefault(phone, latest.customer_id)


def customer(desk: Desk, candidates: Sequence[Candidate]) -> tuple[list[Verdict], list[Skip]]:
    """All of one customer's candidates; those that go on one day go in one message."""
    going: list[Candidate] = []
    skips: list[Skip] = []
    for candidate in candidates:
        skip = _refusal(desk, candidate)
        if skip is None:
            going.append(candidate)
        else:
            skips.append(skip)
    if not going:
        return [], skips
    return _placed(desk, going, skips)


def _placed(
    desk: Desk, going: Sequence[Candidate], skips: list[Skip], closed: frozenset[str] = frozenset()
) -> tuple[list[Verdict], list[Skip]]:
    chosen = _choose(desk, going[0], closed)
    if chosen.text is None and chosen.email is None:
        reason = chosen.problem or SkipReason.NO_ADDRESS
        detail = _abroad(desk, going[0]) if reason is SkipReason.UNSUPPORTED_COUNTRY else None
        return [], skips + [Skip(candidate, reason, detail) for candidate in going]
    return _timed(desk, going, chosen, skips, closed)


def _abroad(desk: Desk, first: Candidate) -> str | None:
    points = desk.known.points.get(first.customer_id, ())
    return next((number(point.address).country or None for point in points if point.channel in APPS), None)


def _choose(desk: Desk, first: Candidate, closed: frozenset[str]) -> Chosen:
    own = desk.known.own.get(first.customer_id)
    ways = desk.ways or (own.ways if own is not None and own.ways is not None else desk.cadence.ways)
    return addressing.choose(desk.known, first.customer_id, ways, desk.rules, closed)


# --- whether ---------------------------------------------------------------------------------------------------------
def _refusal(desk: Desk, candidate: Candidate) -> Skip | None:
    known = desk.known
    own = known.own.get(candidate.customer_id)
    until = facts.promised_until(known, candidate)
    checks: tuple[tuple[bool, SkipReason, str | None], ...] = (
        (candidate.status is InvoiceStatus.PAID or candidate.balance.minor <= 0, SkipReason.PAID, None),
        (candidate.status is not InvoiceStatus.OPEN, SkipReason.NOT_OPEN, candidate.status.value),
        (candidate.invoice_id in known.in_flight, SkipReason.PROCESSING, None),
        (candidate.invoice_id in known.disputed, SkipReason.DISPUTED, None),
        (facts.is_questioned(known, candidate), SkipReason.CASE_OPEN, None),
        (until is not None and until >= desk.today, SkipReason.PROMISED, until.isoformat() if until else None),
        (own is not None and not own.is_on, SkipReason.SWITCHED_OFF, None),
        (_stands(desk, candidate), SkipReason.ALREADY_PLANNED, None),
    )
    found = next((Skip(candidate, reason, detail) for is_so, reason, detail in checks if is_so), None)
    return found or _recent(desk, candidate)


def _stands(desk: Desk, candidate: Candidate) -> bool:
    status = desk.known.standing.get(candidate.key)
    return status is ReminderStatus.SENT or (status is ReminderStatus.SCHEDULED and not desk.releasing)


def _recent(desk: Desk, candidate: Candidate) -> Skip | None:
    if candidate.offset is not None:
        return None
    past = [one.sent_at for one in desk.known.by_customer.get(candidate.customer_id, ()) if _is_for(one, candidate)]
    if not past:
        return None
    days = (desk.now - max(past)).days
    return Skip(candidate, SkipReason.REMINDED_RECENTLY, str(days)) if days < RECENT_DAYS else None


def _is_for(past: Past, candidate: Candidate) -> bool:
    return past.invoice_id == candidate.invoice_id


# --- when ------------------------------------------------------------------------------------------------------------
def _timed(
    desk: Desk, going: Sequence[Candidate], chosen: Chosen, skips: list[Skip], closed: frozenset[str]
) -> tuple[list[Verdict], list[Skip]]:
    place = _place(desk, going[0], chosen)
    by_day: dict[date, list[Verdict]] = defaultdict(list)
    for candidate in going:
        timed = _at(desk, candidate, chosen, place)
        if timed is None:
            skips.append(Skip(candidate, SkipReason.NO_HOURS))
        else:
            by_day[timed.today].append(timed)
    verdicts: list[Verdict] = []
    unsaid: list[Candidate] = []
    for _, several in sorted(by_day.items()):
        together = _by_whatsapp(desk, _together(several))
        if together is None:
            unsaid += [candidate for verdict in several for candidate in verdict.going]
        elif detail := _cap(desk, together):
            skips += [Skip(candidate, SkipReason.FREQUENCY_CAP, detail) for candidate in together.going]
        else:
            verdicts.append(together)
            for point in _points(together):
                desk.taken[point.address].append(together.today)
    if chosen.text is not None and verdicts:
        desk.busy.setdefault(chosen.text.address, going[0].customer_id)
    if chosen.text is not None and unsaid:
        elsewhere, skips = _placed(desk, unsaid, skips, closed | {chosen.text.address})
        verdicts += elsewhere
    return verdicts, skips


def _at(desk: Desk, candidate: Candidate, chosen: Chosen, place: Place) -> Verdict | None:
    wanted = desk.now
    if candidate.offset is not None:
        day = candidate.anchor_on + timedelta(days=candidate.offset)
        wanted = max(wanted, datetime.combine(day, desk.cadence.at, place.zone).astimezone(UTC))
    due_at = wanted if chosen.text is None else hours.next_opening(place, desk.hours, wanted)
    if due_at is None:
        return None
    today = hours.local_day(place, due_at)
    return Verdict(candidate.customer_id, (candidate,), chosen, place, due_at, today, due_at > wanted)


def _together(several: Sequence[Verdict]) -> Verdict:
    if len(several) == 1:  # nearly always
        return several[0]
    latest = max(several, key=lambda verdict: verdict.due_at)
    going = tuple(candidate for verdict in several for candidate in verdict.going)
    return Verdict(latest.customer_id, going, latest.chosen, latest.place, latest.due_at, latest.today, latest.is_held)


def _by_whatsapp(desk: Desk, verdict: Verdict) -> Verdict | None:
    """With its template where it needs one. None: nothing may say it there then."""
    point = verdict.chosen.text
    if point is None or point.channel is not Channel.WHATSAPP:
        return verdict
    free_until = desk.known.free_until.get(point.address)
    if free_until is not None and verdict.due_at < free_until:
        return verdict
    shows_amounts, locale = desk.cadence.shows_amounts, verdict.going[0].locale
    about = texts.about(verdict.going, verdict.today, shows_amounts=shows_amounts)
    places = texts.places(verdict.going, about, locale, shows_amounts=shows_amounts)
    template = whatsapp.template(desk.merchant, about.kind, locale, places)
    return replace(verdict, template=template) if template is not None else None


def _place(desk: Desk, candidate: Candidate, chosen: Chosen) -> Place:
    if chosen.text is not None:
        country = number(chosen.text.address).country
        return place_of(chosen.text.address, country, candidate.postal_code, desk.zone)
    zone = candidate.zone or desk.zone
    return Place((zone if zone in available() else desk.zone,))


# --- how often -------------------------------------------------------------------------------------------------------
def _cap(desk: Desk, verdict: Verdict) -> str | None:
    """How many reminders this contact has had or gets that day and that week, if there is no room for one more."""
    known, addresses = desk.known, [point.address for point in _points(verdict)]
    at_them = [one for address in addresses for one in known.by_address.get(address, ())]
    past = [*known.by_customer.get(verdict.customer_id, ()), *at_them]
    planned = max((desk.taken.get(address, []) for address in addresses), key=len)
    if not past and not planned:  # nearly everyone
        return None
    days = [day for _, day in {(one.message_id, verdict.local(one.sent_at).date()) for one in past}] + planned
    that_day = sum(day == verdict.today for day in days)
    that_week = sum(verdict.today - timedelta(days=CAP_DAYS) < day <= verdict.today for day in days)
    return f"{that_day}/{that_week}" if that_day >= PER_DAY or that_week >= PER_WEEK else None


def _points(verdict: Verdict) -> list[Point]:
    return [point for point in (verdict.chosen.text, verdict.chosen.email) if point is not None]
