"""From reminders' rows back to what planning knows: the invoice as it is now, at the step that was planned."""

from collections.abc import Sequence
from dataclasses import replace

from bot.reminders import selection
from bot.reminders.selection import Candidate, Selection
from models.cadence import Ways
from models.context import Context
from models.invoice import Invoice
from models.merchant import Merchant
from models.reminder import Campaign, Reminder


def candidates(ctx: Context, merchant: Merchant, reminders: Sequence[Reminder]) -> list[Candidate]:
    """One for each, those of one customer together."""
    by_invoice = {
        found.invoice_id: found
        for found in selection.load(ctx, merchant, Invoice.id.in_({reminder.invoice_id for reminder in reminders}))
    }
    return [
        replace(by_invoice[reminder.invoice_id], step=reminder.step, anchor_on=reminder.anchor_on)
        for reminder in sorted(reminders, key=lambda one: (one.customer_id, one.id))
        if reminder.invoice_id in by_invoice
    ]


def ways(ctx: Context, reminder: Reminder) -> Ways | None:
    """As its press said."""
    return Selection.from_json(ctx.session.get_one(Campaign, reminder.campaign_id).selection).ways
