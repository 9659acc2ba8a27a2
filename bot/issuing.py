"""The job behind asking for a code: whose email it is, and the mail to that very address. One job does both, since a
second one would wait for a worker again while somebody waits for the code."""

from bot import delivery, letters, verifying
from bot.delivery import Claim
from models.context import Context, Runtime
from models.customer import Channel
from models.merchant import Merchant
from models.message import Message
from models.verification import CODE_LIFETIME, Verification, VerificationStatus


def issue_code(runtime: Runtime, verification_id: int) -> str:
    """Silent where the email is nobody's. Returns what became of this run, for the log."""
    with runtime.write() as ctx:
        verification = ctx.session.get_one(Verification, verification_id, with_for_update=True)
        ctx.turn_to(verification.merchant_id)
        claim = _claim(ctx, verification)
    return delivery.carry_out(runtime, claim)


def _claim(ctx: Context, verification: Verification) -> Claim | str:
    if verification.contact_point_id is not None:
        return delivery.left_by_dead_run(ctx, verification)
    if verification.status is not VerificationStatus.PENDING:
        return "not wanted any more"
    contact = verifying.on_file(ctx, verification.merchant_id, verification.email)
    if not contact:
        return "nobody's"
    point, customer = contact[0]
    verification.contact_point_id = point.id
    merchant = ctx.session.get_one(Merchant, verification.merchant_id)
    mail = mail_with_code(merchant, verification, "code", customer.locale, point.address, customer.id)
    return delivery.write_claimed(ctx, mail)


def mail_with_code(
    merchant: Merchant, verification: Verification, kind: str, locale: str, to: str, customer_id: int | None = None
) -> Message:
    """For `delivery.write_claimed`; the code itself is made while it is sent."""
    minutes = int(CODE_LIFETIME.total_seconds() // 60)
    parts = letters.letter(kind, locale, merchant=merchant, minutes=minutes)
    return Message(
        merchant_id=merchant.id,
        customer_id=customer_id,
        channel=Channel.EMAIL,
        kind=kind,
        our_address=merchant.inbound_email or merchant.email,
        their_address=to,
        subject=parts.subject,
        body=parts.text,
        html=parts.html,
        locale=locale,
        verification_id=verification.id,
    )
