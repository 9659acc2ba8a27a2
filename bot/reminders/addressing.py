"""By which address a customer is reminded, or why by none: a text where it may go, else an email; both where both are
wanted. What may go is the law's and the customer's word, not the merchant's."""

from collections.abc import Mapping
from dataclasses import dataclass

from bot.reminders.facts import Facts, Point
from bot.reminders.numbers import number
from models.cadence import Ways
from models.customer import APPS, Channel
from models.merchant import Merchant
from models.reminder import SkipReason


def bar(merchant: Merchant) -> SkipReason | None:
    """Why a merchant may start no text, whatever it could send by (decision 30)."""
    return None if merchant.is_attested else SkipReason.NOT_ATTESTED


@dataclass(frozen=True, slots=True)
class Chosen:
    """At least one of `text` and `email`, or the `problem`. With only an email, `problem` says why it is no text."""

    text: Point | None = None
    email: Point | None = None
    problem: SkipReason | None = None


@dataclass(frozen=True, slots=True)
class Rules:
    """What a merchant's texts are bound to. `home`: those of its countries that it did not have to name. `busy`:
    phones, and the customer whose text goes there. `senders`: the channels that it has a number for."""

    countries: frozenset[str]
    home: frozenset[str]
    busy: Mapping[str, int]
    senders: frozenset[Channel] = frozenset(APPS)
    bar: SkipReason | None = None
    """Why nobody at all is texted."""


def senders(merchant: Merchant) -> frozenset[Channel]:
    if merchant.number is not None:
        return frozenset(APPS)
    return frozenset({Channel.WHATSAPP}) if merchant.whatsapp_number is not None else frozenset()


def choose(facts: Facts, customer_id: int, ways: Ways, rules: Rules, closed: frozenset[str] = frozenset()) -> Chosen:
    """`closed`: WhatsApp numbers where nothing that may be said now says it."""
    points = facts.points.get(customer_id, [])
    email = next((point for point in points if _may_mail(facts, point)), None)
    if ways is Ways.EMAIL:
        return Chosen(email=email, problem=None if email else _no_mail(points))
    text, problem = _text(facts, customer_id, points, rules, closed)
    if text is None:
        return Chosen(email=email, problem=problem)
    return Chosen(text, email if ways is Ways.BOTH else None)


def _text(
    facts: Facts, customer_id: int, points: list[Point], rules: Rules, closed: frozenset[str]
) -> tuple[Point | None, SkipReason | None]:
    """The first phone that may be texted, a number for texts before one for WhatsApp, else the first one's problem."""
    if rules.bar is not None:
        return None, rules.bar
    problem = None if rules.senders else SkipReason.NO_SENDER
    for channel in APPS:
        for point in points:
            if point.channel is channel:
                found = _problem(facts, customer_id, point, rules, closed)
                if found is None:
                    return point, None
                problem = problem or found
    return None, problem or SkipReason.NO_PHONE


def _problem(facts: Facts, customer_id: int, point: Point, rules: Rules, closed: frozenset[str]) -> SkipReason | None:
    told = number(point.address)
    checks = (
        (point.channel not in rules.senders, SkipReason.NO_SENDER),
        (point.is_bad, SkipReason.BAD_ADDRESS),
        (told.problem is not None, told.problem),
        (told.country not in rules.countries, SkipReason.UNSUPPORTED_COUNTRY),
        (not told.is_known and told.country not in rules.home, SkipReason.UNSUPPORTED_COUNTRY),
        ((point.channel, point.address) in facts.opted_out, SkipReason.OPTED_OUT),
        ((point.channel, point.address) not in facts.consented, SkipReason.NO_CONSENT),
        (_is_closed(facts, point, closed), SkipReason.OUTSIDE_WINDOW),
        (rules.busy.get(point.address, customer_id) != customer_id, SkipReason.DUPLICATE_PHONE),
    )
    return next((problem for is_so, problem in checks if is_so), None)


def _is_closed(facts: Facts, point: Point, closed: frozenset[str]) -> bool:
    return point.channel is Channel.WHATSAPP and (point.address in closed or point.address in facts.refused)


def _may_mail(facts: Facts, point: Point) -> bool:
    refused = (point.channel, point.address) in facts.opted_out
    return point.channel is Channel.EMAIL and not point.is_bad and not refused


def _no_mail(points: list[Point]) -> SkipReason:
    mails = [point for point in points if point.channel is Channel.EMAIL]
    if not mails:
        return SkipReason.NO_ADDRESS
    return SkipReason.BAD_ADDRESS if all(point.is_bad for point in mails) else SkipReason.OPTED_OUT
