"""Sends what the messenger queued: claim in one transaction, call the vendor with none open, record in a second one.
Never sends twice on silence: what a dead run left in `sending` is asked about first."""

import time
from dataclasses import dataclass, field

import sqlalchemy as sa
import structlog

from bot import messenger, optouts, outbox, pauses, receipts, whatsapp
from bot.outbox import Outbound
from bot.reminders import gate
from models import events
from models.context import Context, Runtime
from models.conversation import Conversation
from models.customer import Channel, ContactPoint
from models.errors import DomainError, ProviderError
from models.message import Failure, Message, MessageStatus
from models.paylink import PayLink, PayLinkState
from models.ports import OutboundSms
from models.verification import Verification, VerificationStatus

log = structlog.get_logger()

DESPITE_OPT_OUT = frozenset({*messenger.CODES, "opt_out", "help"})
"""Asked for this minute by the very person who had refused the rest."""
FRESH_S = 5.0
"""A worker that stood still for longer between claiming and calling looks again whether the message is still its own:
after ten seconds others take its work (web/slots.py)."""


@dataclass(frozen=True, slots=True)
class Claim:
    """One attempt at one message, ours as long as the row's `attempt` stays the same."""

    message_id: int
    merchant_id: int
    attempt: int
    kind: str
    outbound: Outbound
    left_behind: bool = False
    """An earlier run may have sent it: ask before anything else."""
    made_at: float = field(default_factory=time.monotonic)

    @property
    def is_stale(self) -> bool:
        return time.monotonic() - self.made_at > FRESH_S

    @property
    def may_go_twice(self) -> bool:
        return self.kind in messenger.CODES


def send(runtime: Runtime, message_id: int) -> str:
    """The job behind `messenger.queue`. Returns what became of this run, for the log."""
    return carry_out(runtime, _claim(runtime, message_id))


def carry_out(runtime: Runtime, claim: Claim | str) -> str:
    """After the commit of the claim."""
    if isinstance(claim, Claim) and claim.left_behind:
        settled = _ask(runtime, claim)
        claim = settled or _claim(runtime.of(claim.merchant_id), claim.message_id, asked=claim)
    claim = _fresh(runtime, claim)
    if not isinstance(claim, Claim):
        return claim
    return _record(runtime, claim, _hand_over(runtime, claim))


def _fresh(runtime: Runtime, claim: Claim | str) -> Claim | str:
    while isinstance(claim, Claim) and claim.is_stale:
        claim = _claim(runtime.of(claim.merchant_id), claim.message_id, asked=claim)
    return claim


# --- first transaction ------------------------------------------------------------------------------------------------
def write_claimed(ctx: Context, message: Message) -> Claim | str:
    """For a job that writes a message and carries out the first attempt itself: nobody waits for a second job. Should
    it die, it finds the rest by `left_by_dead_run`."""
    messenger.write(ctx, message)
    return _decide(ctx, message)


def left_by_dead_run(ctx: Context, verification: Verification) -> Claim | str:
    """What `write_claimed` wrote with this code in it, where that attempt has no end yet. What is planned has a job of
    its own."""
    unended = sa.select(Message).where(
        Message.merchant_id == verification.merchant_id,
        Message.status == MessageStatus.SENDING,
        Message.verification_id == verification.id,
        Message.not_before_at.is_(None),
    )
    message = ctx.session.scalars(unended.with_for_update()).first()
    return "nothing to do" if message is None else _claim_again(ctx, message)


def _claim(runtime: Runtime, message_id: int, asked: Claim | None = None) -> Claim | str:
    with runtime.write() as ctx:
        message = ctx.session.get(Message, message_id, with_for_update=True)
        if message is None or message.status not in (MessageStatus.QUEUED, MessageStatus.SENDING):
            return "nothing to do"
        ctx.turn_to(message.merchant_id)
        if asked is not None and message.attempt != asked.attempt:
            return "superseded"
        if message.status is MessageStatus.SENDING and asked is None:
            return _claim_again(ctx, message)
        message.move_to(MessageStatus.QUEUED)
        return _decide(ctx, message)


def _decide(ctx: Context, message: Message) -> Claim | str:
    if refusal := _refusal(ctx, message):
        return _close(ctx, message, MessageStatus.CANCELLED, refusal)
    if until := pauses.held_until(ctx, message):
        messenger.hold(ctx, message, until)
        return "held back"
    if _has_left_window(ctx, message):
        receipts.go_elsewhere(ctx, message)
        return _close(ctx, message, MessageStatus.CANCELLED, whatsapp.OUTSIDE_WINDOW)
    if message.attempt >= messenger.MAX_ATTEMPTS:
        message.failure = Failure.TEMPORARY
        return _close(ctx, message, MessageStatus.FAILED, message.error_code)
    return _begin(ctx, message)


def _begin(ctx: Context, message: Message) -> Claim | str:
    message.claimed_at = ctx.clock.now()
    try:
        outbound = outbox.compose(ctx, message)
    except DomainError as error:
        message.failure = Failure.PERMANENT
        return _close(ctx, message, MessageStatus.FAILED, error.code)
    message.move_to(MessageStatus.SENDING)
    message.attempt += 1
    message.not_before_at = message.error_code = None
    return _claimed(message, outbound)


def _claim_again(ctx: Context, message: Message) -> Claim:
    return _claimed(message, outbox.compose_for_question(ctx, message), left_behind=True)


def _claimed(message: Message, outbound: Outbound, *, left_behind: bool = False) -> Claim:
    return Claim(message.id, message.merchant_id, message.attempt, message.kind, outbound, left_behind)


def _refusal(ctx: Context, message: Message) -> str | None:
    """Why this must not go after all: things change between queueing and sending."""
    if message.removed_at is not None:
        return "words_removed"
    if called_back := gate.refusal(ctx, message):
        return called_back
    address = (message.merchant_id, message.channel, message.their_address)
    if not _may_go_despite_opt_out(message) and optouts.is_opted_out(ctx, *address):
        return "opted_out"
    if _is_bad(ctx, *address):
        return "bad_address"
    if message.verification_id is not None and not _is_pending(ctx, message.verification_id):
        return "code_not_wanted"
    if message.pay_link_id is not None and not _is_open(ctx, message.pay_link_id):
        return "link_not_open"
    return None


def _has_left_window(ctx: Context, message: Message) -> bool:
    if message.channel is not Channel.WHATSAPP or whatsapp.is_open(ctx, message):
        return False
    return whatsapp.template_for(ctx, message) is None


def _may_go_despite_opt_out(message: Message) -> bool:
    by_email = message.channel is Channel.EMAIL and message.kind in optouts.EMAILED_ANYWAY
    return by_email or message.kind in DESPITE_OPT_OUT


def _is_bad(ctx: Context, merchant_id: int, channel: Channel, address: str) -> bool:
    bad = sa.select(ContactPoint.id).where(
        ContactPoint.merchant_id == merchant_id,
        ContactPoint.channel == channel,
        ContactPoint.address == address,
        ContactPoint.bad_since_at.is_not(None),
    )
    unreachable = sa.select(Conversation.id).where(
        Conversation.merchant_id == merchant_id,
        Conversation.channel == channel,
        Conversation.address == address,
        Conversation.unreachable_since_at.is_not(None),
    )
    return ctx.session.scalars(bad.union(unreachable).limit(1)).first() is not None


def _is_pending(ctx: Context, verification_id: int) -> bool:
    verification = ctx.session.get_one(Verification, verification_id)
    return verification.status is VerificationStatus.PENDING and ctx.clock.now() < verification.expires_at


def _is_open(ctx: Context, pay_link_id: int) -> bool:
    return ctx.session.get_one(PayLink, pay_link_id).state(ctx.clock.now()) is PayLinkState.OPEN


# --- no transaction ---------------------------------------------------------------------------------------------------
def _hand_over(runtime: Runtime, claim: Claim) -> str | ProviderError:
    """The vendor's reference, or why there is none."""
    try:
        if isinstance(claim.outbound, OutboundSms):
            return runtime.ports.sms.send(claim.outbound)
        return runtime.ports.email.send(claim.outbound)
    except ProviderError as error:
        return error


def _ask(runtime: Runtime, claim: Claim) -> str | None:
    """Settle what a dead run left. None: it was never sent, or may go twice, so send it now."""
    if not isinstance(claim.outbound, OutboundSms):  # nobody can be asked about an email
        return None if claim.may_go_twice else _record(runtime, claim, ProviderError("lost", accepted_unknown=True))
    try:
        reference = runtime.ports.sms.find(claim.outbound)
    except ProviderError as error:
        if claim.may_go_twice:
            return None
        return _record(runtime, claim, ProviderError(error.code, accepted_unknown=True))
    return None if reference is None else _record(runtime, claim, reference)


# --- second transaction -----------------------------------------------------------------------------------------------
def _record(runtime: Runtime, claim: Claim, outcome: str | ProviderError) -> str:
    with runtime.of(claim.merchant_id).write() as ctx:
        message = ctx.session.get_one(Message, claim.message_id, with_for_update=True)
        if message.attempt != claim.attempt:
            return "superseded"
        if claim.left_behind:
            message.attempt += 1  # asking counts as well, so that it ends
        if isinstance(outcome, str):
            if message.provider_reference is None:
                outbox.name_as(ctx, message, outcome)
            return _close(ctx, message, MessageStatus.SENT)
        message.error_code = outcome.code
        log.warning("message_not_sent", reference=message.public_id, attempt=claim.attempt, code=outcome.code)
        return _plan(ctx, message, outcome)


def _plan(ctx: Context, message: Message, error: ProviderError) -> str:
    """A refusal is final, a fault is tried again, and a silence is asked about before anything is repeated."""
    if error.permanent:
        message.failure = Failure.PERMANENT
        receipts.heed(ctx, message, error.code)
        return _close(ctx, message, MessageStatus.FAILED, error.code)
    if error.accepted_unknown:
        cannot_ask = message.channel is Channel.EMAIL and message.kind not in messenger.CODES
        if message.status is MessageStatus.SENDING and (cannot_ask or not messenger.postpone(ctx, message)):
            return _close(ctx, message, MessageStatus.UNKNOWN, error.code)
        return "asked again later"
    receipts.heed(ctx, message, error.code)
    if message.move_to(MessageStatus.QUEUED) and not messenger.postpone(ctx, message):
        message.failure = Failure.TEMPORARY
        return _close(ctx, message, MessageStatus.FAILED, error.code)
    return "tried again later"


def _close(ctx: Context, message: Message, status: MessageStatus, code: str | None = None) -> str:
    """A carrier's report may have come first and gone further; then it stands."""
    if message.move_to(status):
        message.error_code = code
        message.finished_at = ctx.clock.now()
        if status is MessageStatus.FAILED:
            events.message_failed(ctx, message)
    return message.status.value
