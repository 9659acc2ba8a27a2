"""From a verdict to the messages that say it: a text in its thread, an email with a way out."""

from collections.abc import Iterator
from typing import Any

from bot import letters, rendering, threads
from bot.reminders import texts
from bot.reminders.assess import Verdict
from bot.reminders.facts import Point
from bot.reminders.texts import About
from models.cadence import Cadence
from models.context import Context
from models.customer import Channel
from models.merchant import Merchant
from models.message import Direction, Message, MessageStatus, Route


def compose(ctx: Context, merchant: Merchant, cadence: Cadence, verdict: Verdict) -> Iterator[Message]:
    """One for each channel, unsaved. `{link}` is in place."""
    about = texts.about(verdict.going, verdict.today, shows_amounts=cadence.shows_amounts)
    if verdict.chosen.text is not None:
        yield _text(ctx, merchant, verdict, about, verdict.chosen.text)
    if verdict.chosen.email is not None:
        # A letter is sealed and shows what it asks for, whatever texts do.
        open_about = texts.about(verdict.going, verdict.today, shows_amounts=True)
        yield _email(ctx, merchant, verdict, open_about, verdict.chosen.email)


def _text(ctx: Context, merchant: Merchant, verdict: Verdict, about: About, point: Point) -> Message:
    locale = verdict.going[0].locale
    body = texts.text(merchant, about, verdict.today, locale)
    by_whatsapp = merchant.whatsapp_number if point.channel is Channel.WHATSAPP else None
    return _message(
        ctx,
        merchant,
        verdict,
        about,
        point,
        our_address=by_whatsapp or merchant.number or "",
        body=body,
        slots=texts.slots(about, locale) | {"amt": texts.sums(verdict.going, locale)},
    )


def _email(ctx: Context, merchant: Merchant, verdict: Verdict, about: About, point: Point) -> Message:
    locale = verdict.going[0].locale
    parts = letters.letter(
        "reminder",
        locale,
        merchant=merchant,
        name=verdict.going[0].name,
        when=about.kind.removeprefix("remind_"),
        inv=about.numbers[0],
        count=len(about.numbers),
        total=rendering.money(about.amount, locale) if about.amount is not None else None,
        date=rendering.day(about.due_on, locale),
        lines=_lines(verdict, locale),
    )
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
