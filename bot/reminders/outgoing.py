"""From a verdict to the messages that say it: a text in its thread, an email with a way out."""

from collections.abc import Iterator
from typing import Any

from bot import letters, rendering, threads
from bot.own_words.book import Book
from bot.reminders import texts
from bot.reminders.assess import Verdict
from bot.reminders.facts import Point
from bot.reminders.texts import About
from models.cadence import Cadence
from models.context import Context
from models.customer import Channel
from models.merchant import Merchant
from models.message import Direction, Message, MessageStatus, Route


def compose(ctx: Context, merchant: Merchant, cadence: Cadence, verdict: Verdict, book: Book) -> Iterator[Message]:
    """One for each channel, unsaved. `{link}` is in place."""
    about = texts.about(verdict.going, verdict.today, shows_amounts=cadence.shows_amounts)
    if verdict.chosen.text is not None:
        slots = texts.places(verdict.going, about, verdict.going[0].locale, shows_amounts=cadence.shows_amounts)
        yield _text(ctx, merchant, verdict, about, verdict.chosen.text, book, slots)
    if verdict.chosen.email is not None:
        yield _email(ctx, merchant, verdict, verdict.chosen.email, book)


def _text(
    ctx: Context,
    merchant: Merchant,
    verdict: Verdict,
    about: About,
    point: Point,
    book: Book,
    slots: dict[str, Any],
) -> Message:
    """In free words. By WhatsApp the template that stands for them is chosen when it leaves: the customer may write."""
    locale = verdict.going[0].locale
    body = texts.text(merchant, about, verdict.going[0].name, locale, book)
    by_whatsapp = merchant.whatsapp_number if point.channel is Channel.WHATSAPP else None
    return _message(
        ctx,
        merchant,
        verdict,
        about,
        point,
        our_address=by_whatsapp or merchant.number or "",
        body=body,
        slots=slots,
    )


def letter_slots(verdict: Verdict) -> dict[str, Any]:
    """What the letter says of these invoices. It is sealed and shows what it asks for, whatever texts do."""
    locale = verdict.going[0].locale
    about = texts.about(verdict.going, verdict.today, shows_amounts=True)
    return {
        "name": verdict.going[0].name,
        "when": about.kind.removeprefix("remind_"),
        "inv": about.numbers[0],
        "count": len(about.numbers),
        "total": rendering.money(about.amount, locale) if about.amount is not None else None,
        "date": rendering.day(about.due_on, locale),
    }


def _email(ctx: Context, merchant: Merchant, verdict: Verdict, point: Point, book: Book) -> Message:
    locale = verdict.going[0].locale
    about = texts.about(verdict.going, verdict.today, shows_amounts=True)
    slots = letter_slots(verdict) | {"lines": _lines(verdict, locale)}
    parts = letters.letter("reminder", locale, merchant=merchant, book=book, **slots)
    return _message(
        ctx,
        merchant,
        verdict,
        about,
        point,
        our_address=merchant.inbound_email or merchant.email,
        subject=parts.subject,
        body=parts.text,
        html=parts.html,
    )


def _lines(verdict: Verdict, locale: str) -> list[tuple[str, str, str, str]]:
    return [
        (
            str(n),
            rendering.clean(one.number, 16),
            rendering.money(one.balance, locale),
            rendering.day(one.due_on, locale),
        )
        for n, one in enumerate(verdict.going, 1)
    ]


def _message(ctx: Context, merchant: Merchant, verdict: Verdict, about: About, point: Point, **fields: Any) -> Message:
    return Message(
        merchant_id=merchant.id,
        customer_id=verdict.customer_id,
        direction=Direction.OUT,
        channel=point.channel,
        kind=about.kind,
        their_address=point.address,
        locale=verdict.going[0].locale,
        invoice_id=verdict.going[0].invoice_id if len(verdict.going) == 1 else None,
        status=MessageStatus.QUEUED,
        route=Route.MESSENGER,
        created_at=ctx.clock.now(),
        **fields,
    )


def put_in_thread(ctx: Context, message: Message) -> None:
    """So that the merchant reads it where the answer will come."""
    thread = threads.find_or_start(
        ctx.session.connection(),
        message.merchant_id,
        message.channel,
        message.their_address,
        message.our_address,
        ctx.clock.now(),
    )
    message.conversation_id = thread.id
