"""What tests of reminders need beside the world: phones in known places, consents, cadences, and a press."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import sqlalchemy as sa

from bot import reminders
from bot.reminders import Plan, Progress, Selection
from models.cadence import Cadence
from models.consent import Consent, ConsentAct
from models.customer import Channel, Customer
from models.invoice import Invoice
from models.merchant import Merchant
from models.reminder import Campaign, CampaignSource, Reminder
from tests.support.world import World

MIAMI, SEATTLE, PENSACOLA, PROVIDENCE = "+13055550142", "+12065550142", "+18505550142", "+14015550142"
EVERYONE = Selection(everyone_overdue=True)


@dataclass
class Desk:
    """Acme's desk, in a world. Its customers are Carol and whoever is added."""

    world: World
    merchant: Merchant

    def customer(
        self,
        name: str = "Carol Cruz",
        phone: str | None = MIAMI,
        email: str | None = "carol@example.com",
        *,
        agrees: bool = True,
        **fields: Any,
    ) -> Customer:
        made = self.world.add_customer(
            self.merchant, name, emails=[email] if email else [], phones=[phone] if phone else [], **fields
        )
        if phone and agrees:
            self.agree(phone)
        return made

    def agree(self, address: str, channel: Channel = Channel.SMS) -> None:
        with self.world.runtime.write() as ctx:
            ctx.session.add(
                Consent(
                    merchant_id=self.merchant.id,
                    channel=channel,
                    address=address,
                    act=ConsentAct.GRANTED,
                    source="test",
                    created_at=ctx.clock.now(),
                )
            )

    def owes(self, customer: Customer, number: str, minor: int = 12_000, due: date = date(2026, 6, 12)) -> Invoice:
        return self.world.add_invoice(customer, number, minor, due)

    def cadence(self, **fields: Any) -> None:
        with self.world.runtime.write() as ctx:
            ctx.session.merge(Cadence(merchant_id=self.merchant.id, **fields))

    def plan(self, chosen: Selection = EVERYONE, most: int | None = None) -> Plan:
        with self.world.runtime.read() as ctx:
            return reminders.plan(ctx, ctx.session.get_one(Merchant, self.merchant.id), chosen, most)

    def press(self, chosen: Selection = EVERYONE, key: str = "press-1") -> Campaign:
        """Without letting anything follow."""
        with self.world.runtime.write() as ctx:
            merchant = ctx.session.get_one(Merchant, self.merchant.id)
            return reminders.launch(ctx, merchant, chosen, by="office", source=CampaignSource.CONSOLE, key=key)

    def progress(self, campaign: Campaign) -> Progress:
        with self.world.runtime.read() as ctx:
            return reminders.progress(ctx, ctx.session.get_one(Campaign, campaign.id))

    def change(self, row: Any, **fields: Any) -> None:
        with self.world.runtime.write() as ctx:
            found = ctx.session.get_one(type(row), row.id)
            for name, value in fields.items():
                setattr(found, name, value)

    def rows(self) -> Sequence[Reminder]:
        with self.world.runtime.read() as ctx:
            mine = sa.select(Reminder).where(Reminder.merchant_id == self.merchant.id)
            return ctx.session.scalars(mine.order_by(Reminder.id)).all()

    def texts_to(self, phone: str) -> list[str]:
        return [m.text for m in self.world.outside.messages(phone) if m.channel == "sms"]


def names(plan: Plan) -> list[str]:
    return [row.name for row in plan.rows]


def reasons(plan: Plan) -> dict[str, str]:
    return {skip.number: skip.reason.value for skip in plan.skips}
