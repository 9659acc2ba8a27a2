"""Proving who is there: an email on file and a one-time code sent to it. Never says whether an email is known."""

import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

import sqlalchemy as sa
import structlog

from models import limits
from models.context import Context
from models.conversation import Conversation, Proof
from models.customer import Channel, ContactPoint, Customer, normalise_email
from models.merchant import Merchant, Mode
from models.session import WebSession
from models.verification import (
    CODE_DIGITS,
    CODE_LIFETIME,
    LONG_CODE_DIGITS,
    Verification,
    VerificationStatus,
)

log = structlog.get_logger()

LOCKED_FOR = timedelta(minutes=15)


@dataclass(frozen=True, slots=True)
class Asker:
    """Who wants in: one conversation, or one browser at the portal. A code works only for the asker it was made for."""

    channel: Channel | None
    conversation_id: int | None = None
    browser_hash: str | None = None

    @property
    def key(self) -> str:
        return f"c{self.conversation_id}" if self.conversation_id is not None else f"b{self.browser_hash}"


class Outcome(StrEnum):
    SENT = "sent"
    """A code is on its way if the email is on file; the same word if it is not, or if the mailbox had enough codes."""
    APPROVED = "approved"
    WRONG = "wrong"
    EXPIRED = "expired"
    """The code was too old; a new one is on its way."""
    LOCKED = "locked"
    """Wait a quarter of an hour."""
    BLOCKED = "blocked"
    """Enough for a day: the portal and the telephone are still there."""
    NOT_ASKED = "not_asked"


@dataclass(frozen=True, slots=True)
class Checked:
    """`customers`: the ids of every account with that email on file at this merchant, when approved."""

    outcome: Outcome
    tries_left: int = 0
    customers: tuple[int, ...] = ()
    email: str = ""


def start(ctx: Context, merchant: Merchant, asker: Asker, email: str, *, is_hidden: bool = False) -> Outcome:
    """Open a challenge for an email, known or not: the same rows, the same effort, the same answer.
    `is_hidden`: we took it from the file, so it is never shown."""
    now, email = ctx.clock.now(), normalise_email(email)
    if (lock := lock_of(ctx, merchant, asker)) is not None:
        return lock
    _cancel_pending(ctx, asker)
    verification = Verification(
        merchant_id=merchant.id,
        channel=asker.channel,
        conversation_id=asker.conversation_id,
        browser_hash=asker.browser_hash,
        email=email,
        is_email_hidden=is_hidden,
        digits=digits(ctx, merchant),
        salt=secrets.token_hex(16),
        code_hash=secrets.token_hex(32),
        created_at=now,
        expires_at=now + CODE_LIFETIME,
    )
    ctx.session.add(verification)
    ctx.session.flush()
    if _may_send(ctx, merchant, asker, email):
        ctx.ports.jobs.enqueue(
            ctx.session, "issue_code", verification.id, queue="codes", job_id=f"code-{verification.public_id}"
        )
    return Outcome.SENT


def again(ctx: Context, merchant: Merchant, asker: Asker) -> Outcome:
    """A new code for the email asked last. The old code dies with its challenge."""
    latest = _latest(ctx, asker)
    if latest is None or latest.status is VerificationStatus.APPROVED:
        return Outcome.NOT_ASKED
    return start(ctx, merchant, asker, latest.email, is_hidden=latest.is_email_hidden)


def check(ctx: Context, merchant: Merchant, asker: Asker, code: str, at: datetime | None = None) -> Checked:
    """Try a code against the asker's newest challenge. `at`: when it was typed, if not just now."""
    latest = _latest(ctx, asker)
    if latest is None or latest.status is VerificationStatus.APPROVED:
        return Checked(Outcome.NOT_ASKED)
    if (lock := lock_of(ctx, merchant, asker, latest.email)) is not None:
        return Checked(lock)
    if latest.digits < digits(ctx, merchant):
        latest.status = VerificationStatus.EXPIRED  # a short code from before someone began to guess at this merchant
    status = latest.check(code, at or ctx.clock.now())
    if status is VerificationStatus.APPROVED:
        return _approve(ctx, merchant, asker, latest)
    if status in (VerificationStatus.EXPIRED, VerificationStatus.CANCELED):
        again = start(ctx, merchant, asker, latest.email, is_hidden=latest.is_email_hidden)
        return Checked(Outcome.EXPIRED if again is Outcome.SENT else again)
    _count_wrong(ctx, merchant, asker, latest.email)
    if (lock := lock_of(ctx, merchant, asker, latest.email)) is not None:
        return Checked(lock)
    return Checked(Outcome.WRONG, tries_left=latest.tries_left)


def lock_of(ctx: Context, merchant: Merchant, asker: Asker, email: str | None = None) -> Outcome | None:
    """Too many wrong codes: by this asker just now, by this asker today, or for this mailbox on this channel today."""
    now = ctx.clock.now()
    latest = _latest(ctx, asker)
    worn_out = latest is not None and latest.status is VerificationStatus.MAX_ATTEMPTS_REACHED
    if not limits.within(ctx.session, limits.WRONG_PER_ASKER, asker.key, now):
        return Outcome.BLOCKED
    mailbox = _mailbox(merchant, asker, email) if email else None
    if mailbox is not None and not limits.within(ctx.session, limits.WRONG_PER_MAILBOX, mailbox, now):
        return Outcome.BLOCKED
    just_now = latest is not None and worn_out and now < latest.created_at + LOCKED_FOR
    return Outcome.LOCKED if just_now else None


def bind(ctx: Context, conversation_id: int, merchant: Merchant, customer_id: int, email: str) -> None:
    """Record that whoever is behind this address reads the customer's mail."""
    now = ctx.clock.now()
    point_id = ctx.session.scalars(
        sa.select(ContactPoint.id).where(
            ContactPoint.customer_id == customer_id,
            ContactPoint.channel == Channel.EMAIL,
            ContactPoint.address == email,
        )
    ).one()
    proof = ctx.session.scalars(
        sa.select(Proof).where(Proof.conversation_id == conversation_id, Proof.customer_id == customer_id)
    ).first()
    if proof is None:
        proof = Proof(merchant_id=merchant.id, conversation_id=conversation_id, customer_id=customer_id)
        ctx.session.add(proof)
    proof.contact_point_id, proof.proven_at, proof.used_at, proof.ended_at = point_id, now, now, None
    ctx.session.flush()


def end_proofs(ctx: Context, where: sa.ColumnElement[bool]) -> None:
    """Forget proofs (after an opt-out, an edited address, a recycled number): their threads must prove again."""
    ended = sa.select(Proof.conversation_id).where(where, Proof.ended_at.is_(None))
    threads = sa.update(Conversation).where(Conversation.id.in_(ended)).values(customer_id=None, shown=None)
    ctx.session.execute(threads, execution_options={"synchronize_session": False})
    ctx.session.execute(
        sa.update(Proof).where(where, Proof.ended_at.is_(None)).values(ended_at=ctx.clock.now()),
        execution_options={"synchronize_session": False},
    )


def email_changed(ctx: Context, point: ContactPoint) -> None:
    """The merchant edits an email on file: proofs and portal sessions that rest on it end."""
    end_proofs(ctx, Proof.contact_point_id == point.id)
    ctx.session.execute(
        sa.update(WebSession)
        .where(WebSession.contact_point_id == point.id, WebSession.revoked_at.is_(None))
        .values(revoked_at=ctx.clock.now())
    )


def _latest(ctx: Context, asker: Asker) -> Verification | None:
    mine = (
        Verification.conversation_id == asker.conversation_id
        if asker.conversation_id is not None
        else Verification.browser_hash == asker.browser_hash
    )
    return ctx.session.scalars(
        sa.select(Verification).where(mine).order_by(Verification.id.desc()).limit(1).with_for_update()
    ).first()


def _cancel_pending(ctx: Context, asker: Asker) -> None:
    latest = _latest(ctx, asker)
    if latest is not None and latest.status is VerificationStatus.PENDING:
        latest.status = VerificationStatus.CANCELED


def _mailbox(merchant: Merchant, asker: Asker, email: str) -> str:
    """The counter's name for a mailbox: +tags and dots folded, so that spelling variants share one count."""
    local, _, domain = email.partition("@")
    return f"{merchant.id}/{asker.channel}/{local.split('+')[0].replace('.', '')}@{domain}"


def _may_send(ctx: Context, merchant: Merchant, asker: Asker, email: str) -> bool:
    now, mailbox = ctx.clock.now(), _mailbox(merchant, asker, email)
    allowed = [
        limits.hit(ctx.session, limits.CODES_PER_MAILBOX, mailbox, now),
        limits.hit(ctx.session, limits.CODES_PER_MAILBOX_HOURLY, mailbox, now),
        limits.hit(ctx.session, limits.CODES_PER_CONVERSATION, asker.key, now),
    ]
    return all(allowed)


def digits(ctx: Context, merchant: Merchant) -> int:
    """How long a code of this merchant is right now."""
    sprayed = not limits.within(ctx.session, limits.WRONG_PER_MERCHANT, str(merchant.id), ctx.clock.now())
    return LONG_CODE_DIGITS if sprayed else CODE_DIGITS


def _count_wrong(ctx: Context, merchant: Merchant, asker: Asker, email: str) -> None:
    now = ctx.clock.now()
    limits.hit(ctx.session, limits.WRONG_PER_ASKER, asker.key, now)
    limits.hit(ctx.session, limits.WRONG_PER_MAILBOX, _mailbox(merchant, asker, email), now)
    if not limits.hit(ctx.session, limits.WRONG_PER_MERCHANT, str(merchant.id), now):
        log.warning("codes.sprayed", merchant=merchant.slug)


def _approve(ctx: Context, merchant: Merchant, asker: Asker, verification: Verification) -> Checked:
    limits.forget(ctx.session, limits.WRONG_PER_ASKER, asker.key)
    limits.forget(ctx.session, limits.WRONG_PER_MAILBOX, _mailbox(merchant, asker, verification.email))
    contacts = on_file(ctx, merchant.id, verification.email)
    if not contacts:  # the merchant took the email off file between the code and its use
        return Checked(Outcome.EXPIRED)
    return Checked(Outcome.APPROVED, customers=tuple(c.id for _, c in contacts), email=verification.email)


def on_file(ctx: Context, merchant_id: int, email: str) -> list[tuple[ContactPoint, Customer]]:
    """Whom a code for this email may be sent to, the eldest account first."""
    rows = ctx.session.execute(
        sa.select(ContactPoint, Customer)
        .join(Customer, Customer.id == ContactPoint.customer_id)
        .where(
            ContactPoint.merchant_id == merchant_id,
            ContactPoint.channel == Channel.EMAIL,
            ContactPoint.address == email,
            ContactPoint.mode == Mode.LIVE,
            ContactPoint.bad_since_at.is_(None),
        )
        .order_by(Customer.id)
    )
    return [(point, customer) for point, customer in rows]


def browser_hash(browser_id: str) -> str:
    return hashlib.sha256(browser_id.encode()).hexdigest()
