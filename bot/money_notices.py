"""What merchants must hear about money, by email, and customers about their refunds. Amounts and references only: what
to do about it is in the words."""

from collections import Counter
from collections.abc import Sequence

from bot import notices, rendering
from models.context import Context
from models.customer import Customer
from models.merchant import Merchant, Mode
from models.money import Money
from models.payment import Payment
from models.refund import Refund, RefundStatus
from payments.settle import Alert, Settlement


def announce(ctx: Context, settlement: Settlement) -> None:
    """In the settlement's own transaction. A test payment is news to nobody: the merchant's mailbox is a live one."""
    if settlement.payment.mode is Mode.TEST:
        return
    if settlement.alert is not None:
        alert(ctx, settlement.payment, settlement.alert, settlement.alerted or settlement.payment.amount)
    if isinstance(settlement.news, Refund) and settlement.news.status is RefundStatus.SUCCEEDED:
        tell_refund(ctx, settlement.payment, settlement.news)


def alert(ctx: Context, payment: Payment, kind: Alert, amount: Money) -> None:
    """Mail the merchant. One email per alert: each is about money that somebody must look at."""
    merchant = ctx.session.get_one(Merchant, payment.merchant_id)
    customer = ctx.session.get_one(Customer, payment.customer_id)
    notices.tell_merchant(
        ctx,
        merchant,
        "money_alert",
        alert=kind.value,
        amt=rendering.money(amount, merchant.locale),
        who=rendering.plain(customer.name),
        ref=payment.reference,
        why=notices.RETURN_REASONS.get(payment.failure_code or "", "other"),
    )


def tell_differences(ctx: Context, merchant: Merchant, found: Sequence[tuple[str, str]]) -> None:
    """Kind and payment of each: what the provider's books say otherwise, and nobody but a person can settle."""
    counts = Counter(kind for kind, _ in found)
    notices.tell_merchant(ctx, merchant, "books_differ", n=len(found), kinds=sorted(counts.items()))


def tell_refund(ctx: Context, payment: Payment, refund: Refund) -> None:
    customer = ctx.session.get_one(Customer, payment.customer_id)
    amount = Money(refund.amount_minor, payment.currency)
    notices.tell(ctx, payment, "refunded", amt=rendering.money(amount, customer.locale))
