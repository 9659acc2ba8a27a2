"""Reminders by program: the dry run, the press, and what became of it. Who gets what, bot/reminders decides."""

from datetime import datetime

from pydantic import BaseModel, Field

from bot.reminders import campaigns, planning
from bot.reminders.selection import Selection
from models.base import new_public_id
from models.customer import Channel
from models.errors import DomainError
from models.merchant import Merchant, Mode, Scope
from models.message import MessageStatus
from models.reminder import Campaign, CampaignSource, SkipReason
from web.api import answers
from web.api.fields import Body, Id
from web.api.operations import Call, get, post

TAG = "Reminders"
MOST_NAMED = 1_000
MOST_TOLD = 500
"""Rows and skips of a dry run; the counts are of all."""


class Wanted(Body):
    """Everyone with something overdue, or these invoices, or all that these customers owe: one of the three."""

    everyone_overdue: bool = False
    invoice_ids: list[Id] = Field(default=[], max_length=MOST_NAMED)
    customer_ids: list[Id] = Field(default=[], max_length=MOST_NAMED)

    def selection(self) -> Selection:
        return Selection(tuple(self.invoice_ids), tuple(self.customer_ids), self.everyone_overdue)


class PlannedShape(BaseModel):
    """`text` is exact but for its link; null: an email with this subject and opening. With a `content_sid` it goes by
    WhatsApp as that approved template, filled with `content_variables`; `text` is then what Till hands in for approval.
    `is_held`: it is quiet there now, so it leaves at `due_at`."""

    customer_id: str
    invoice_ids: list[str]
    channel: Channel
    address: str
    kind: str
    due_at: datetime
    local_time: str
    zone: str
    is_held: bool
    text: str | None
    subject: str | None
    opening: str | None
    content_sid: str | None
    content_variables: dict[str, str] | None
    segments: int | None


class SkippedShape(BaseModel):
    customer_id: str
    invoice_id: str
    reason: SkipReason
    detail: str | None


class PlanShape(BaseModel):
    """What a press at this moment would do. `countries`: whose numbers are texted at all.
    `cost_micros`: millionths of the price list's currency."""

    messages: int
    texts: int
    segments: int
    held: int
    cost_micros: int
    skipped: int
    countries: list[str]
    rows: list[PlannedShape]
    skips: list[SkippedShape]


class CampaignShape(BaseModel):
    """A press: its invoices by what became of their reminder, and its messages by how far they came."""

    id: str
    is_filled: bool
    is_paused: bool
    is_cancelled: bool
    scheduled: int
    sent: int
    skipped: int
    cancelled: int
    reasons: dict[SkipReason, int]
    messages: dict[MessageStatus, int]
    next_at: datetime | None
    created_at: datetime


@post("/reminders/plan", answer=PlanShape, body=Wanted, scope=Scope.REMINDERS, status=200, tag=TAG, records=False)
def plan_reminders(call: Call, body: Wanted) -> PlanShape:
    """A dry run: who would get what, when, in which words, and why the others get nothing. Sends nothing"""
    planned = planning.plan(call.ctx, _merchant(call), body.selection(), MOST_TOLD)
    return PlanShape(
        messages=planned.messages,
        texts=planned.texts,
        segments=planned.segments,
        held=planned.held,
        cost_micros=planned.cost_micros,
        skipped=planned.skipped,
        countries=list(planned.countries),
        rows=[_planned_shape(row) for row in planned.rows],
        skips=[
            SkippedShape(customer_id=skip.customer, invoice_id=skip.invoice, reason=skip.reason, detail=skip.detail)
            for skip in planned.skips
        ],
    )


@post("/reminders", answer=CampaignShape, body=Wanted, scope=Scope.REMINDERS, tag=TAG)
def send_reminders(call: Call, body: Wanted) -> CampaignShape:
    """Remind them. Quiet hours, consent and caps are checked again when each one leaves"""
    given = answers.key()
    campaign = campaigns.launch(
        call.ctx,
        _merchant(call),
        body.selection(),
        by=f"API key {call.caller.key_prefix}",
        source=CampaignSource.API,
        key=f"api-{answers.digest(given) if given is not None else new_public_id()}",
    )
    return _shape(call, campaign)


@get("/reminders/<campaign_id>", answer=CampaignShape, tag=TAG)
def get_reminders(call: Call, campaign_id: str) -> CampaignShape:
    """What became of a press"""
    return _shape(call, campaigns.find(call.ctx, _merchant(call), campaign_id))


@post("/reminders/<campaign_id>/pause", answer=CampaignShape, scope=Scope.REMINDERS, status=200, tag=TAG)
def pause_reminders(call: Call, campaign_id: str) -> CampaignShape:
    """Let nothing more leave for now"""
    campaign = campaigns.find(call.ctx, _merchant(call), campaign_id)
    campaigns.pause(call.ctx, campaign)
    return _shape(call, campaign)


@post("/reminders/<campaign_id>/resume", answer=CampaignShape, scope=Scope.REMINDERS, status=200, tag=TAG)
def resume_reminders(call: Call, campaign_id: str) -> CampaignShape:
    """Go on after a pause"""
    campaign = campaigns.find(call.ctx, _merchant(call), campaign_id)
    campaigns.resume(call.ctx, campaign)
    return _shape(call, campaign)


@post("/reminders/<campaign_id>/cancel", answer=CampaignShape, scope=Scope.REMINDERS, status=200, tag=TAG)
def cancel_reminders(call: Call, campaign_id: str) -> CampaignShape:
    """Cancel what has not left"""
    campaign = campaigns.find(call.ctx, _merchant(call), campaign_id)
    campaigns.cancel(call.ctx, campaign)
    return _shape(call, campaign)


def _merchant(call: Call) -> Merchant:
    """Test customers are never written to, so a test key reminds nobody."""
    if call.caller.mode is not Mode.LIVE:
        raise DomainError("only_live")
    return call.ctx.session.get_one(Merchant, call.caller.merchant_id)


def _planned_shape(row: planning.Row) -> PlannedShape:
    return PlannedShape(
        customer_id=row.customer,
        invoice_ids=list(row.invoices),
        channel=row.channel,
        address=row.address,
        kind=row.kind,
        due_at=row.due_at,
        local_time=row.local_time.isoformat(),
        zone=row.zone,
        is_held=row.is_held,
        text=row.text,
        subject=row.subject,
        opening=row.opening,
        content_sid=row.template.content_sid if row.template is not None else None,
        content_variables=dict(row.template.variables) if row.template is not None else None,
        segments=row.segments.count if row.segments is not None else None,
    )


def _shape(call: Call, campaign: Campaign) -> CampaignShape:
    told = campaigns.progress(call.ctx, campaign)
    same = ("is_filled", "scheduled", "sent", "skipped", "cancelled", "reasons", "messages", "next_at")
    return CampaignShape(
        id=campaign.public_id,
        is_paused=campaign.paused_at is not None,
        is_cancelled=campaign.cancelled_at is not None,
        created_at=campaign.created_at,
        **{name: getattr(told, name) for name in same},
    )
