"""The comparison of the books as the night's job and the command run it: with everybody told whom it concerns."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime

import sqlalchemy as sa

from bot import money_notices
from models.context import Context, Runtime
from models.isolation import each
from models.merchant import Merchant, Mode
from models.payment import Payment
from models.reconciliation import Difference
from payments import reconciliation
from payments.reconciliation import Outcome
from web.announcing import announce


def compare(runtime: Runtime, since: datetime | None = None) -> list[Outcome]:
    outcomes = reconciliation.reconcile(runtime, since, announce)
    for outcome in outcomes:
        each(_by_merchant(outcome.news).items(), lambda one: _tell(runtime, *one))
    return outcomes


def _by_merchant(news: Sequence[Difference]) -> Mapping[int, list[Difference]]:
    """What nobody here knows of has no merchant: the log has it."""
    found: dict[int, list[Difference]] = defaultdict(list)
    for one in news:
        if one.merchant_id is not None:
            found[one.merchant_id].append(one)
    return found


def _tell(runtime: Runtime, merchant_id: int, news: Sequence[Difference]) -> None:
    """One letter."""
    with runtime.of(merchant_id).write() as ctx:
        if theirs := _of_live_money(ctx, news):
            merchant = ctx.session.get_one(Merchant, merchant_id)
            money_notices.tell_differences(ctx, merchant, [(one.kind.value, one.reference) for one in theirs])


def _of_live_money(ctx: Context, news: Sequence[Difference]) -> list[Difference]:
    named = Payment.id.in_({one.payment_id for one in news})
    tests = set(ctx.session.scalars(sa.select(Payment.id).where(named, Payment.mode == Mode.TEST)))
    return [one for one in news if one.payment_id not in tests]
