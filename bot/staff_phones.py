"""The phones from which a merchant's own people text commands: each is on the list only once a number that we texted to
it came back."""

import secrets

from bot import messenger, optouts, rendering
from models import limits
from models.base import new_public_id
from models.context import Context
from models.customer import Channel
from models.errors import DomainError
from models.merchant import Merchant
from models.message import Direction, Message, MessageStatus, Route
from models.staff import StaffCommand

KIND = "join"
MOST_PHONES = 20


def ask(ctx: Context, merchant: Merchant, phone: str) -> None:
    """Text it a number. `phone` is E.164. Raises DomainError: "phone_known", "too_many_phones", "no_sender",
    "opted_out", "too_many"."""
    if phone in merchant.staff_phones:
        raise DomainError("phone_known")
    if len(merchant.staff_phones) >= MOST_PHONES:
        raise DomainError("too_many_phones")
    if merchant.number is None:
        raise DomainError("no_sender")
    if optouts.is_opted_out(ctx, merchant.id, Channel.SMS, phone):
        raise DomainError("opted_out")
    if not limits.hit(ctx.session, limits.CODES_PER_MAILBOX, f"staff/{merchant.id}/{phone}", ctx.clock.now()):
        raise DomainError("too_many")
    number = f"{secrets.randbelow(10_000):04}"
    asked = {"merchant_id": merchant.id, "phone": phone, "kind": KIND, "asked": {}, "number": number}
    ctx.session.merge(StaffCommand(**asked, key=new_public_id(), tries=0, created_at=ctx.clock.now()))
    _text(ctx, merchant, phone, number)


def confirm(ctx: Context, merchant: Merchant, phone: str, number: str) -> bool:
    """`merchant` is locked. False: another number, too late, or too often."""
    waiting = ctx.session.get(StaffCommand, (merchant.id, phone), with_for_update=True)
    if waiting is None or waiting.kind != KIND or not waiting.is_live(ctx.clock.now()):
        return False
    if not secrets.compare_digest(waiting.number.encode(), number.strip().encode()):
        waiting.tries += 1
        return False
    ctx.session.delete(waiting)
    merchant.staff_phones = [*merchant.staff_phones, *([phone] if phone not in merchant.staff_phones else [])]
    return True


def remove(ctx: Context, merchant: Merchant, phone: str) -> bool:
    """False: it was not on the list. What it has asked for and not confirmed is forgotten."""
    waiting = ctx.session.get(StaffCommand, (merchant.id, phone))
    if waiting is not None:
        ctx.session.delete(waiting)
    was = phone in merchant.staff_phones
    merchant.staff_phones = [one for one in merchant.staff_phones if one != phone]
    return was


def _text(ctx: Context, merchant: Merchant, phone: str, number: str) -> None:
    body = rendering.text("staff_join", merchant.locale, biz=rendering.clean(merchant.name), code=number)
    messenger.queue(
        ctx,
        Message(
            merchant_id=merchant.id,
            direction=Direction.OUT,
            channel=Channel.SMS,
            kind="staff_join",
            our_address=merchant.number,
            their_address=phone,
            body=body,
            locale=merchant.locale,
            status=MessageStatus.QUEUED,
            route=Route.MESSENGER,
            created_at=ctx.clock.now(),
        ),
    )
