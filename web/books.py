"""The comparison of the books as the night's job and the command run it: with everybody told whom it concerns."""

from datetime import datetime
from itertools import groupby

import sqlalchemy as sa

from bot import money_notices
from models.context import Context, Runtime
from models.merchant import Merchant, Mode
from models.payment import Payment
from models.reconciliation import Difference
from payments import reconciliation
from payments.reconciliation import Outcome
from web.announcing import announce


def compare(runtime: Runtime, since: datetime | None = None) -> list[Outcome]:
    outcomes = reconciliation.reconcile(runtime, since, announce)
    for outcome in outcomes:
        _tell(runtime, [one for one in outcome.news if one.merchant_id is not None])
    return outcomes


def _tell(runtime: Runtime, news: list[Difference]) -> None:
    """One letter to each merchant. What nobody here knows of has no merchant: the log has it."""
    with runtime.write() as ctx:
        by_merchant = sorted(_of_live_money(ctx, news), key=lambda one: one.merchant_id or 0)
        for merchant_id, theirs in groupby(by_merchant, key=lambda one: one.merchant_id or 0):
            merchant = ctx.session.get_one(Merchant, merchant_id)
            money_notices.tell_differences(ctx, merchant, [(one.kind.value, one.reference) for one in theirs])


def _of_live_money(ctx: Context, news: list[Difference]) -> list[Difference]:
    named = Payment.id.in_({one.payment_id for one in news})
    tests = set(ctx.session.scalars(sa.select(Payment.id).where(named, Payment.mode == Mode.TEST)))
    return [one for one in news if one.payment_id not in tests]
