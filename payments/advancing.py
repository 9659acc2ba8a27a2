"""How far a payment has come: the furthest thing heard decides, whatever came first."""

from models.payment import Payment, PaymentStatus

_S = PaymentStatus
# CANCELLED and FAILED are equal: no money, the first one stays.
_RANK = {
    _S.CREATED: 0,
    _S.SUBMITTED: 0,
    _S.UNKNOWN: 0,
    _S.VERIFYING: 1,
    _S.PROCESSING: 2,
    _S.CANCELLED: 3,
    _S.FAILED: 3,
    _S.SUCCEEDED: 4,
    _S.REFUNDED: 5,
    _S.DISPUTED: 5,
    _S.RETURNED: 6,
}


def advance(payment: Payment, status: PaymentStatus) -> bool:
    """False: it was there already, or further."""
    if _RANK[status] <= _RANK[payment.status]:
        return False
    payment.move_to(status)
    return True
