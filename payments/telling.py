"""What merchants' programs are told of a payment. That it succeeded they hear once, whatever is taken back and returned
later: an order is fulfilled on that word."""

from models import events
from models.context import Context
from models.payment import Payment, PaymentStatus
from models.refund import Dispute, Refund, RefundStatus
from models.webhook import EventType
from payments.effects import is_noted, note

_S = PaymentStatus
_TOLD = {
    _S.VERIFYING: EventType.PAYMENT_VERIFYING,
    _S.PROCESSING: EventType.PAYMENT_PROCESSING,
    _S.SUCCEEDED: EventType.PAYMENT_SUCCEEDED,
    _S.FAILED: EventType.PAYMENT_FAILED,
    _S.CANCELLED: EventType.PAYMENT_CANCELLED,
    _S.RETURNED: EventType.PAYMENT_RETURNED,
    _S.DISPUTED: EventType.PAYMENT_DISPUTED,
}
_UNTOLD, _TOLD_LATE = "success_untold", "success_told_late"
"""In the history: it was taken back before it arrived, so that nobody has been told of success; and since."""


def tell(ctx: Context, payment: Payment, became: PaymentStatus | None, news: Refund | Dispute | None) -> None:
    """`news`: what the provider spoke of, where it was not the payment itself."""
    if became is _S.SUCCEEDED and news is not None:
        is_first = is_noted(ctx, payment, _UNTOLD) and note(ctx, payment, _TOLD_LATE)
        events.payment(ctx, _TOLD[became] if is_first else EventType.PAYMENT_REINSTATED, payment)
    elif became in _TOLD:
        events.payment(ctx, _TOLD[became], payment)
    if became in (_S.DISPUTED, _S.REFUNDED) and news is None:
        note(ctx, payment, _UNTOLD)
    if isinstance(news, Refund) and news.status is RefundStatus.SUCCEEDED:
        events.payment(ctx, EventType.PAYMENT_REFUNDED, payment)
