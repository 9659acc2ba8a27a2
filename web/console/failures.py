"""Messages that did not arrive: why, and sending them again or putting them aside."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import sqlalchemy as sa
from flask import Blueprint, Response, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from bot import messenger, receipts
from models.context import Context
from models.customer import Customer
from models.message import Direction, Message, MessageStatus, Route
from models.ports import FailedJob
from web.console import audit, failed_jobs, frame, timeline
from web.console.access import mine
from web.console.frame import ConsolePage, done, parts, unchanged
from web.console.visitor import visitor
from web.context import reads, runtime, writes

blueprint = Blueprint("console_failures", __name__, url_prefix="/console/failures")

LISTED = 100
STUCK = (MessageStatus.FAILED, MessageStatus.UNKNOWN)


@dataclass(frozen=True, slots=True)
class Row:
    message: Message
    name: str
    words: str

    @property
    def may_go_again(self) -> bool:
        """A code is asked for anew, a link has run out, an unclear one may have arrived, and old words are gone."""
        one = self.message
        if one.removed_at is not None:
            return False
        return one.status is MessageStatus.FAILED and one.verification_id is None and one.pay_link_id is None


@dataclass(frozen=True, slots=True, kw_only=True)
class FailuresPage(ConsolePage):
    template: ClassVar[str] = "web/console/failures.html"
    section: ClassVar[str] = "messages"
    rows: Sequence[Row]
    jobs: Sequence[FailedJob]


@blueprint.get("")
@reads
def index(ctx: Context) -> Response:
    stuck = sa.select(Message).where(
        Message.merchant_id == visitor().merchant.id,
        Message.direction == Direction.OUT,
        Message.status.in_(STUCK),
        ~receipts.is_put_aside(),
    )
    found = ctx.session.scalars(stuck.order_by(Message.id.desc()).limit(LISTED)).all()
    ids = {message.customer_id for message in found if message.customer_id is not None}
    names = {one.id: one.name for one in ctx.session.scalars(sa.select(Customer).where(Customer.id.in_(ids)))}
    rows = [Row(one, names.get(one.customer_id or 0, ""), timeline.preview(one)) for one in found]
    return frame.show(FailuresPage(**parts(), rows=rows, jobs=failed_jobs.of(ctx, visitor().merchant)))


@blueprint.post("/jobs/<job_id>")
def settle_job(job_id: str) -> AnyResponse:
    """`act`: again or discard. The engine keeps books of its own, so our trail is written first."""
    again = request.form.get("act") == "again"
    _record_job(job_id, again=again)
    jobs = runtime().ports.jobs
    jobs.retry(job_id) if again else jobs.discard(job_id)
    return done("job_again" if again else "job_discarded", url_for("console_failures.index"))


@writes
def _record_job(ctx: Context, job_id: str, *, again: bool) -> None:
    job = failed_jobs.find(ctx, visitor().merchant, job_id)
    action = "job.retried" if again else "job.discarded"
    audit.record(ctx, action, visitor().merchant, label=job.name, after={"job": job_id})


@blueprint.post("/<public_id>")
@writes
def settle(ctx: Context, public_id: str) -> AnyResponse:
    """`act`: again (as a new message: the old one keeps its story) or discard."""
    message, here = mine(ctx, Message, public_id, lock=True), url_for("console_failures.index")
    if message.status not in STUCK or message.error_code == receipts.DISCARDED:
        return unchanged("failure_settled", here)
    if request.form.get("act") == "again" and Row(message, "", "").may_go_again:
        messenger.queue(ctx, _copy(message))
        done_code, action = "message_again", "message.sent_again"
    else:
        done_code, action = "message_discarded", "message.discarded"
    message.error_code = receipts.DISCARDED
    audit.record(ctx, action, message, label=message.their_address, after={"kind": message.kind})
    return done(done_code, here)


def _copy(message: Message) -> Message:
    kept = (
        *("merchant_id", "conversation_id", "customer_id", "channel", "kind", "our_address", "their_address"),
        *("subject", "body", "html", "locale", "payment_id", "reply_to_id", "headers", "invoice_id", "slots"),
        "reminder_link_id",
    )
    fields = {name: getattr(message, name) for name in kept}
    return Message(direction=Direction.OUT, status=MessageStatus.QUEUED, route=Route.MESSENGER, **fields)
