"""When to ask a provider about a payment that no event has ended. After Kill Bill's janitor, longer for debits."""

from datetime import datetime, timedelta

from models.payment import Payment, PaymentStatus

_5_MIN, _1_H, _1_D = timedelta(minutes=5), timedelta(hours=1), timedelta(days=1)

CHECKS: dict[PaymentStatus, tuple[timedelta, ...]] = {
    PaymentStatus.SUBMITTED: (_5_MIN, timedelta(minutes=30), _1_H, *[_1_D] * 5),
    PaymentStatus.UNKNOWN: (_5_MIN, _1_H, *[_1_D] * 5),
    PaymentStatus.VERIFYING: tuple([_1_D] * 14),  # from the day that the deposits arrive; their owner has ten
    PaymentStatus.PROCESSING: (_1_H, *[_1_D] * 14),  # ten business days: the slowest return of an ordinary debit
}
"""The pause before each check. After the last one a person must look: reconcile logs it as unresolved."""


REFUND_CHECKS = (_5_MIN, _1_H, *[_1_D] * 10)
"""Refunds of debits take days, too."""


def restart(payment: Payment, now: datetime) -> None:
    """Begin the schedule of the payment's present status."""
    payment.checks = 0
    payment.next_check_at = now + CHECKS[payment.status][0]


def next_check(payment: Payment, now: datetime) -> None:
    """One more check done. `next_check_at` None: that was the last."""
    payment.checks += 1
    pauses = CHECKS[payment.status]
    payment.next_check_at = now + pauses[payment.checks] if payment.checks < len(pauses) else None
