"""The words of a reminder: one text or email for all of a customer's invoices that are due for one. `{link}` stays in
place until it leaves."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from bot import rendering
from bot.gsm import Segments, segments
from bot.own_words import book as books
from bot.own_words.book import Book
from bot.own_words.catalogue import CUSTOMER_CHARS, NUMBER_CHARS, PHONE_CHARS
from bot.reminders.selection import Candidate
from models.context import Context
from models.merchant import Merchant
from models.money import Money

KINDS = frozenset({"remind_before", "remind_due", "remind_after", "remind_several"})


@dataclass(frozen=True, slots=True)
class About:
    """What is reminded of. `amount` None: of several currencies, or not to be shown."""

    kind: str
    numbers: tuple[str, ...]
    amount: Money | None
    due_on: date
    """The earliest."""


def about(candidates: Sequence[Candidate], today: date, *, shows_amounts: bool) -> About:
    """`today` is the recipient's. Not empty."""
    due_on = min(candidate.due_on for candidate in candidates)
    currencies = {candidate.balance.currency for candidate in candidates}
    amount = None
    if shows_amounts and len(currencies) == 1:
        amount = Money(sum(candidate.balance.minor for candidate in candidates), currencies.pop())
    numbers = tuple(rendering.clean(candidate.number, NUMBER_CHARS) for candidate in candidates)
    return About(_kind(numbers, due_on, today), numbers, amount, due_on)


def _kind(numbers: tuple[str, ...], due_on: date, today: date) -> str:
    if len(numbers) > 1:
        return "remind_several"
    if due_on == today:
        return "remind_due"
    return "remind_before" if due_on > today else "remind_after"


def slots(subject: About, locale: str) -> dict[str, Any]:
    return {
        "inv": subject.numbers[0],
        "n": len(subject.numbers),
        "amt": rendering.money(subject.amount, locale) if subject.amount is not None else None,
        "date": rendering.day(subject.due_on, locale),
    }


def places(candidates: Sequence[Candidate], subject: About, locale: str, *, shows_amounts: bool) -> dict[str, Any]:
    """What an approved template has places for: it names the sums where words would leave several currencies out."""
    return slots(subject, locale) | {"amt": sums(candidates, locale) if shows_amounts else None}


def sums(candidates: Sequence[Candidate], locale: str) -> str:
    """What is asked for, each currency by itself."""
    totals: dict[str, int] = {}
    for one in candidates:
        totals[one.balance.currency] = totals.get(one.balance.currency, 0) + one.balance.minor
    return " + ".join(rendering.money(Money(minor, currency), locale) for currency, minor in totals.items())


def text(merchant: Merchant, subject: About, name: str, locale: str, book: Book) -> str:
    """In the merchant's own words where `book` has any: the dry run, the press and the last look say the same."""
    said = {"biz": rendering.clean(merchant.name), "customer": rendering.clean(name, CUSTOMER_CHARS)}
    said["phone"] = rendering.clean(merchant.phone, PHONE_CHARS)
    return rendering.text(subject.kind, locale, book, **said, **slots(subject, locale))


def shown(ctx: Context, body: str) -> str:
    """With a link of the right length, which opens nothing."""
    return books.with_link(body, "", ctx.site.base_url)


def measured(ctx: Context, body: str) -> Segments:
    return segments(shown(ctx, body))
