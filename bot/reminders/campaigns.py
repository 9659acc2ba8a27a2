"""A press and what becomes of it: launched once, filled by a job, paused, resumed, cancelled, told about."""

from collections import Counter
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

import sqlalchemy as sa

from bot.reminders import selection
from bot.reminders.selection import Selection
from models.base import new_public_id
from models.context import Context
from models.errors import DomainError
from models.inserting import insert
from models.merchant import Merchant
from models.message import Message, MessageStatus
from models.reminder import Campaign, CampaignSource, Reminder, ReminderStatus, SkipReason


@dataclass(frozen=True, slots=True)
class Progress:
    """Invoices by what became of their reminder, and the messages that were sent for them."""

    is_filled: bool
    """False: reminders are still being written."""
    scheduled: int
    sent: int
    skipped: int
    cancelled: int
    reasons: dict[SkipReason, int]
    messages: dict[MessageStatus, int]
    next_at: datetime | None
    """When the next one is due."""

    @property
    def total(self) -> int:
        return self.scheduled + self.sent + self.skipped + self.cancelled

    @property
    def is_over(self) -> bool:
        return self.is_filled and not self.scheduled


def launch(
    ctx: Context, merchant: Merchant, chosen: Selection, *, by: str, source: CampaignSource, key: str
) -> Campaign:
    """One press. The same key again is the same campaign, whatever has happened to it since.
    Raises DomainError: "nothing_selected", "not_found", "too_many", "key_reused" (for another selection)."""
    now = ctx.clock.now()
    today = now.astimezone(ZoneInfo(merchant.timezone)).date()
    selection.check(ctx, merchant, chosen)
    values = {
        "public_id": new_public_id(),
        "merchant_id": merchant.id,
        "key": key,
        "source": source,
        "pressed_by": by,
        "pressed_on": today,
        "selection": chosen.to_json(),
        "created_at": now,
    }
    ctx.session.execute(insert(ctx.session, Campaign).values(values).on_conflict_do_nothing())
    made = sa.select(Campaign).where(Campaign.merchant_id == merchant.id, Campaign.key == key)
    campaign = ctx.session.scalars(made).one()
    if campaign.selection != chosen.to_json():
        raise DomainError("key_reused")
    if campaign.filled_at is None and source is not CampaignSource.CADENCE:
        ctx.ports.jobs.enqueue(
            ctx.session, "fill_campaign", campaign.id, queue="jobs", job_id=f"campaign-{campaign.id}"
        )
    return campaign


def find(ctx: Context, merchant: Merchant, public_id: str) -> Campaign:
    """Raises DomainError("not_found"), also for another merchant's."""
    mine = (Campaign.merchant_id == merchant.id) & (Campaign.public_id == public_id)
    campaign = ctx.session.scalars(sa.select(Campaign).where(mine)).one_or_none()
    if campaign is None:
        raise DomainError("not_found")
    return campaign


def recent(ctx: Context, merchant: Merchant, limit: int = 20) -> list[Campaign]:
    """The newest first."""
    mine = sa.select(Campaign).where(Campaign.merchant_id == merchant.id)
    return list(ctx.session.scalars(mine.order_by(Campaign.id.desc()).limit(limit)))


def pause(ctx: Context, campaign: Campaign, reason: str = "pressed") -> None:
    """Nothing more leaves; what the carrier has already it has."""
    if campaign.cancelled_at is None and campaign.paused_at is None:
        campaign.paused_at, campaign.pause_reason = ctx.clock.now(), reason


def resume(ctx: Context, campaign: Campaign) -> None:
    """Raises DomainError("campaign_over") once it is cancelled."""
    if campaign.cancelled_at is not None:
        raise DomainError("campaign_over")
    campaign.paused_at = campaign.pause_reason = None
    release_later(ctx, campaign)


def cancel(ctx: Context, campaign: Campaign) -> None:
    """For good, and for all that has not left."""
    campaign.cancelled_at = campaign.cancelled_at or ctx.clock.now()
    ctx.session.execute(
        sa.update(Reminder)
        .where(Reminder.campaign_id == campaign.id, Reminder.status == ReminderStatus.SCHEDULED)
        .values(status=ReminderStatus.CANCELLED)
        .execution_options(synchronize_session=False)
    )


def release_later(ctx: Context, campaign: Campaign) -> None:
    """Within a second instead of within the minute."""
    job_id = f"release-{campaign.id}-{new_public_id()}"
    ctx.ports.jobs.enqueue(ctx.session, "release_reminders", campaign.merchant_id, queue="jobs", job_id=job_id)


def progress(ctx: Context, campaign: Campaign) -> Progress:
    by_status: Counter[ReminderStatus] = Counter()
    reasons: Counter[SkipReason] = Counter()
    mine = Reminder.campaign_id == campaign.id
    rows = sa.select(Reminder.status, Reminder.reason, sa.func.count()).where(mine)
    for status, reason, count in ctx.session.execute(rows.group_by(Reminder.status, Reminder.reason)):
        by_status[status] += count
        if status is ReminderStatus.SKIPPED and reason is not None:
            reasons[reason] += count
    next_at = sa.select(sa.func.min(Reminder.due_at)).where(mine, Reminder.status == ReminderStatus.SCHEDULED)
    return Progress(
        is_filled=campaign.filled_at is not None,
        scheduled=by_status[ReminderStatus.SCHEDULED],
        sent=by_status[ReminderStatus.SENT],
        skipped=by_status[ReminderStatus.SKIPPED],
        cancelled=by_status[ReminderStatus.CANCELLED],
        reasons=dict(reasons.most_common()),
        messages=_messages(ctx, campaign),
        next_at=ctx.session.scalars(next_at).one(),
    )


def _messages(ctx: Context, campaign: Campaign) -> dict[MessageStatus, int]:
    """Several reminders share one; some have a copy by email."""
    links = (
        sa.select(Reminder.link_id)
        .where(Reminder.campaign_id == campaign.id, Reminder.link_id.is_not(None))
        .where(Reminder.status == ReminderStatus.SENT)
    )
    rows = sa.select(Message.status, sa.func.count()).where(Message.reminder_link_id.in_(links))
    return {row[0]: row[1] for row in ctx.session.execute(rows.group_by(Message.status))}
