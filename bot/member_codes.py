"""The first half of a member's way into the console: a one-time code to their email. Says the same, and does the same
work, whether or not the email is a member's."""

import secrets
from enum import StrEnum

import sqlalchemy as sa
import structlog

from bot import delivery, issuing
from bot.delivery import Claim
from models import limits
from models.context import Context, Runtime
from models.customer import normalise_email
from models.member import SIGN_IN_LIFETIME, Member, SignIn
from models.merchant import Merchant, MerchantStatus
from models.verification import CODE_LIFETIME, LONG_CODE_DIGITS, MAX_TRIES, Verification, VerificationStatus, slow_hash

log = structlog.get_logger()

KIND = "sign_in_code"
_NO_SALT = "00" * 16


class Checked(StrEnum):
    RIGHT = "right"
    WRONG = "wrong"
    EXPIRED = "expired"
    LOCKED = "locked"


def start(ctx: Context, browser_hash: str, email: str) -> SignIn:
    """Ask for a code. It replaces what this browser asked before."""
    now, email = ctx.clock.now(), normalise_email(email)
    asked = SignIn(browser_hash=browser_hash, email=email, created_at=now, expires_at=now + CODE_LIFETIME)
    ctx.session.add(asked)
    ctx.session.flush()
    within = [
        limits.hit(ctx.session, limits.CODES_PER_MAILBOX, _mailbox(email), now),
        limits.hit(ctx.session, limits.CODES_PER_MAILBOX_HOURLY, _mailbox(email), now),
        limits.hit(ctx.session, limits.CODES_PER_CONVERSATION, _browser(browser_hash), now),
    ]
    if all(within):
        ctx.ports.jobs.enqueue(ctx.session, "issue_sign_in_code", asked.id, queue="codes", job_id=f"sign-in-{asked.id}")
    return asked


def latest(ctx: Context, browser_hash: str) -> SignIn | None:
    """What this browser asked for last, held until the transaction ends."""
    mine = sa.select(SignIn).where(SignIn.browser_hash == browser_hash).order_by(SignIn.id.desc()).limit(1)
    return ctx.session.scalars(mine.with_for_update()).first()


def check(ctx: Context, asked: SignIn, code: str) -> Checked:
    """Try a code. Once it was right, `asked.proven_at` says so and the second half may begin."""
    now = ctx.clock.now()
    if is_locked(ctx, asked):
        return Checked.LOCKED
    if _is_right(ctx, asked, code):
        limits.forget(ctx.session, limits.WRONG_PER_ASKER, _browser(asked.browser_hash))
        limits.forget(ctx.session, limits.WRONG_PER_MAILBOX, _mailbox(asked.email))
        asked.proven_at, asked.expires_at = now, now + SIGN_IN_LIFETIME
        return Checked.RIGHT
    if not asked.is_open(now):
        return Checked.EXPIRED
    asked.tries += 1
    limits.hit(ctx.session, limits.WRONG_PER_ASKER, _browser(asked.browser_hash), now)
    limits.hit(ctx.session, limits.WRONG_PER_MAILBOX, _mailbox(asked.email), now)
    return Checked.LOCKED if is_locked(ctx, asked) else Checked.WRONG


def is_locked(ctx: Context, asked: SignIn) -> bool:
    """Too many wrong codes: for this challenge, by this browser or for this mailbox."""
    now = ctx.clock.now()
    within = limits.within(ctx.session, limits.WRONG_PER_ASKER, _browser(asked.browser_hash), now) and limits.within(
        ctx.session, limits.WRONG_PER_MAILBOX, _mailbox(asked.email), now
    )
    return asked.tries >= MAX_TRIES or not within


def members(ctx: Context, email: str) -> list[tuple[Member, Merchant]]:
    """Everyone who may come in with this email: one person may work for several merchants."""
    rows = ctx.session.execute(
        sa.select(Member, Merchant)
        .join(Merchant, Merchant.id == Member.merchant_id)
        .where(Member.email == email, Member.disabled_at.is_(None), Merchant.status == MerchantStatus.ACTIVE)
        .order_by(Member.id)
    )
    return [(member, merchant) for member, merchant in rows]


def issue(runtime: Runtime, sign_in_id: int) -> str:
    """The job behind `start`: the mail, if the email is a member's. Silent if not."""
    with runtime.write() as ctx:
        claim = _claim(ctx, ctx.session.get_one(SignIn, sign_in_id, with_for_update=True))
    return delivery.carry_out(runtime, claim)


def _claim(ctx: Context, asked: SignIn) -> Claim | str:
    if asked.verification_id is not None:
        verification = ctx.session.get_one(Verification, asked.verification_id)
        ctx.turn_to(verification.merchant_id)
        return delivery.left_by_dead_run(ctx, verification)
    found = members(ctx, asked.email)
    if not found:
        return "nobody's"
    member, merchant = found[0]
    verification = Verification(
        merchant_id=merchant.id,
        member_id=member.id,
        email=asked.email,
        digits=LONG_CODE_DIGITS,
        salt=secrets.token_hex(16),
        code_hash=secrets.token_hex(32),
        created_at=asked.created_at,
        expires_at=asked.expires_at,
    )
    ctx.session.add(verification)
    ctx.session.flush()
    asked.verification_id = verification.id
    ctx.session.flush()
    ctx.turn_to(merchant.id)  # no sooner: whoever asks to come in is nobody's until a verification says whose
    mail = issuing.mail_with_code(merchant, verification, KIND, merchant.locale, member.email)
    return delivery.write_claimed(ctx, mail)


def _is_right(ctx: Context, asked: SignIn, code: str) -> bool:
    now = ctx.clock.now()
    verification = ctx.session.get(Verification, asked.verification_id) if asked.verification_id is not None else None
    if verification is None:
        slow_hash(code, _NO_SALT)  # as long as a real check takes
        return False
    return verification.check(code, now) is VerificationStatus.APPROVED and asked.is_open(now)


def _mailbox(email: str) -> str:
    local, _, domain = email.partition("@")
    return f"console/{local.split('+')[0].replace('.', '')}@{domain}"


def _browser(browser_hash: str) -> str:
    return f"console/b{browser_hash}"
