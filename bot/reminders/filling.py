"""Writes the reminders of a campaign: planned and inserted some hundred customers at a time, so that a crash costs one
chunk and no text waits long for the database. Run twice it changes nothing."""

from collections.abc import Iterator, Sequence
from typing import Any

import sqlalchemy as sa
import structlog

from bot.reminders import campaigns, planning
from bot.reminders.assess import Skip, Verdict
from bot.reminders.planning import Assessed
from bot.reminders.selection import Candidate, Selection
from models import many
from models.base import new_public_id
from models.context import Context, Runtime
from models.inserting import insert
from models.merchant import Merchant
from models.reminder import Campaign, Reminder, ReminderStatus, SkipReason

log = structlog.get_logger()

Row = dict[str, Any]
_REWRITTEN = ("campaign_id", "status", "reason", "detail", "channel", "address", "due_at", "created_at")


def _keep(db: sa.Connection) -> sa.Insert:
    """What stands as scheduled or sent stays as it is."""
    made, status = insert(db, Reminder), Reminder.__table__.c.status
    return made.on_conflict_do_update(
        index_elements=["invoice_id", "step", "anchor_on"],
        set_={name: made.excluded[name] for name in _REWRITTEN},
        where=(status == ReminderStatus.SKIPPED) | (status == ReminderStatus.CANCELLED),
    )


def fill(runtime: Runtime, campaign_id: int) -> int:
    """The job behind a press. Returns how many invoices were considered, for the log."""
    count = 0
    with runtime.read() as reading:
        campaign = reading.session.get_one(Campaign, campaign_id)
        reading.turn_to(campaign.merchant_id)
        runtime = runtime.of(campaign.merchant_id)
        merchant = reading.session.get_one(Merchant, campaign.merchant_id)
        cadence = planning.cadence_of(reading, merchant)
        chosen = Selection.from_json(campaign.selection)
        for assessed in planning.assessed(reading, merchant, cadence, chosen, campaign.pressed_on):
            rows = list(_rows(reading, campaign, assessed))
            if not _insert(runtime, campaign_id, rows):
                return count
            count += len(rows)
    with runtime.write() as ctx:
        written = ctx.session.get_one(Campaign, campaign_id)
        written.filled_at = written.filled_at or ctx.clock.now()
        if count:
            campaigns.release_later(ctx, written)
    if count:
        log.info("campaign_filled", reference=campaign.public_id, invoices=count)
    return count


def _rows(ctx: Context, campaign: Campaign, assessed: Assessed) -> Iterator[Row]:
    for verdict in assessed.verdicts:
        for candidate in verdict.going:
            yield _row(ctx, campaign, candidate) | _going(verdict)
    for skip in assessed.skips:
        if skip.reason is not SkipReason.ALREADY_PLANNED:
            yield _row(ctx, campaign, skip.candidate) | _skipped(skip)


def _row(ctx: Context, campaign: Campaign, candidate: Candidate) -> Row:
    return {
        "public_id": new_public_id(),
        "merchant_id": campaign.merchant_id,
        "campaign_id": campaign.id,
        "customer_id": candidate.customer_id,
        "invoice_id": candidate.invoice_id,
        "step": candidate.step,
        "anchor_on": candidate.anchor_on,
        "created_at": ctx.clock.now(),
    }


def _going(verdict: Verdict) -> Row:
    point = verdict.chosen.text or verdict.chosen.email
    return {
        "status": ReminderStatus.SCHEDULED,
        "reason": None,
        "detail": None,
        "channel": point.channel if point else None,
        "address": point.address if point else None,
        "due_at": verdict.due_at,
    }


def _skipped(skip: Skip) -> Row:
    status = {"status": ReminderStatus.SKIPPED, "reason": skip.reason, "detail": skip.detail}
    return status | {"channel": None, "address": None, "due_at": None}


def _insert(runtime: Runtime, campaign_id: int, rows: Sequence[Row]) -> bool:
    """False once the campaign is cancelled."""
    with runtime.write() as ctx:
        campaign = ctx.session.get_one(Campaign, campaign_id, with_for_update=True)
        if campaign.cancelled_at is not None:
            return False
        if rows:
            db = ctx.session.connection()
            many.write(db, _keep(db), rows)
        return True
