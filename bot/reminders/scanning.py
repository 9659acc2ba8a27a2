"""Each hour the merchants' cadences are looked at: what falls on yesterday, today or tomorrow becomes reminders of the
day's campaign. What is there already is left alone."""

from zoneinfo import ZoneInfo

import sqlalchemy as sa

from bot.reminders import campaigns, filling
from bot.reminders.selection import Selection
from models.cadence import Cadence
from models.context import Runtime
from models.isolation import each
from models.merchant import Merchant, MerchantStatus
from models.reminder import CampaignSource


def scan_all(runtime: Runtime) -> int:
    """Returns how many invoices had a step."""
    with runtime.read() as ctx:
        wanted = (
            sa.select(Cadence.merchant_id)
            .join(Merchant, Merchant.id == Cadence.merchant_id)
            .where(Cadence.is_on, Merchant.status == MerchantStatus.ACTIVE)
        )
        merchants = list(ctx.session.scalars(wanted.order_by(Cadence.merchant_id)))
    return sum(each(merchants, lambda merchant_id: scan(runtime, merchant_id)))


def scan(runtime: Runtime, merchant_id: int) -> int:
    runtime = runtime.of(merchant_id)
    with runtime.write() as ctx:
        merchant = ctx.session.get_one(Merchant, merchant_id)
        today = ctx.clock.now().astimezone(ZoneInfo(merchant.timezone)).date()
        campaign = campaigns.launch(
            ctx,
            merchant,
            Selection(cadence_on=today),
            by="cadence",
            source=CampaignSource.CADENCE,
            key=f"cadence-{today.isoformat()}",
        )
    return filling.fill(runtime, campaign.id)
