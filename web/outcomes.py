"""Where a link or a payment stands, as a page: in flight, declined, no longer payable. Tells it, changes nothing."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Protocol
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from flask import Response, jsonify, redirect, request, url_for
from werkzeug.exceptions import NotFound
from werkzeug.wrappers import Response as BaseResponse

from models.context import Context
from models.conversation import Conversation
from models.customer import Channel as Address
from models.errors import DomainError
from models.invoice import Invoice
from models.merchant import Merchant
from models.payment import PAID_STATUSES, Method, Payment, PaymentStatus
from payments import links, standing
from payments.links import LinkView
from payments.settle import Alert
from payments.standing import LinkState
from payments.starting import UNAVAILABLE
from web import framing
from web.context import turn_to
from web.outcome_pages import Decline, DeclinedPage, LinkStop, LinkStopPage, ProcessingPage, Stage
from web.pages import Channel, Frame, MethodKind, MethodUsed

ENDING_DIGITS = 4
UNCONFIRMED_DEPOSITS = frozenset({"deposits_wrong", "deposits_late", "deposits_refused"})

_STAGES: dict[PaymentStatus, Stage] = {
    PaymentStatus.CREATED: Stage.CONFIRMING,
    PaymentStatus.SUBMITTED: Stage.CONFIRMING,
    PaymentStatus.VERIFYING: Stage.VERIFYING,
    PaymentStatus.PROCESSING: Stage.IN_TRANSIT,
    PaymentStatus.UNKNOWN: Stage.UNKNOWN,
}
_STOPS: dict[LinkState, LinkStop] = {
    LinkState.PAID: LinkStop.PAID,
    LinkState.IN_FLIGHT: LinkStop.IN_FLIGHT,
    LinkState.VOIDED: LinkStop.VOIDED,
    LinkState.REPLACED: LinkStop.REPLACED,
    LinkState.EXPIRED: LinkStop.EXPIRED,
}
RENEWABLE = frozenset({LinkState.EXPIRED, LinkState.REPLACED})
"""What a new link helps against."""


class Place(Protocol):
    """Where somebody pays: behind a link, or in the portal without an invoice. What follows is told the same way."""

    @property
    def ctx(self) -> Context: ...
    @property
    def frame(self) -> Frame: ...
    @property
    def retry_url(self) -> str: ...
    @property
    def invoices_url(self) -> str | None: ...
    def payment_url(self, payment: Payment) -> str: ...
    def status_url(self, payment: Payment, was: Stage) -> str: ...
    def receipt_url(self, payment: Payment) -> str | None: ...


@dataclass(frozen=True, slots=True)
class Visit:
    """One link as one visitor opened it."""

    ctx: Context
    token: str
    view: LinkView
    thread: Conversation | None
    """Where the link was sent; None for one made in the portal."""

    @property
    def frame(self) -> Frame:
        prefers = (self.thread.locale if self.thread else None) or self.view.customer.locale
        return framing.frame(self.view.merchant, prefers=prefers, mode=self.view.invoices[0].mode)

    @property
    def link_url(self) -> str:
        return url_for("pay.show", token=self.token)

    @property
    def retry_url(self) -> str:
        return self.link_url

    @property
    def portal_url(self) -> str:
        return url_for("portal.home", slug=self.view.merchant.slug)

    @property
    def invoices_url(self) -> str | None:
        """Back to the portal, for those who came from it."""
        return self.portal_url if self.thread is None else None

    @property
    def channel(self) -> Channel:
        by_email = self.thread is not None and self.thread.channel is Address.EMAIL
        return Channel.EMAIL if by_email else Channel.SMS

    def payment_url(self, payment: Payment) -> str:
        return url_for("pay.payment", token=self.token, public_id=payment.public_id)

    def status_url(self, payment: Payment, was: Stage) -> str:
        return url_for("pay.status", token=self.token, payment=payment.public_id, was=was.value)

    def covered(self, public_id: str) -> Invoice:
        """One of the link's own. Raises NotFound."""
        found = next((invoice for invoice in self.view.invoices if invoice.public_id == public_id), None)
        if found is None:
            raise NotFound
        return found

    def invoice_url(self, invoice: Invoice) -> str:
        return url_for("pay.invoice", token=self.token, public_id=invoice.public_id)

    def receipt_url(self, payment: Payment) -> str | None:
        """After a part, the receipt leads back to the rest: for those who hold the link, and for nobody else."""
        url = receipt_path(self.ctx, payment)
        return f"{url}?rest={self.token}" if url and self.view.state is LinkState.PAYABLE else url


def visit(ctx: Context, token: str) -> Visit:
    """Raises DomainError("bad_token")."""
    view = links.read(ctx, token)
    turn_to(ctx, view.merchant.id)
    thread = ctx.session.get(Conversation, view.link.conversation_id) if view.link.conversation_id else None
    return Visit(ctx, token, view, thread)


def find_payment(visit: Visit, public_id: str) -> Payment | None:
    """One that was started from this link, or the one that it tells about anyway."""
    told = visit.view.payment
    if told is not None and told.public_id == public_id:
        return told
    mine = (Payment.public_id == public_id) & (Payment.pay_link_id == visit.view.link.id)
    return visit.ctx.session.scalars(sa.select(Payment).where(mine)).one_or_none()


def own_payment(ctx: Context, customer_id: int, public_id: str) -> Payment | None:
    mine = (Payment.public_id == public_id) & (Payment.customer_id == customer_id)
    return ctx.session.scalars(sa.select(Payment).where(mine)).one_or_none()


def stage(payment: Payment) -> Stage | None:
    """None once it has ended. Money of another amount than ours is for a person to look at: not an end to tell of."""
    if payment.failure_code == Alert.AMOUNT_MISMATCH.value:
        return Stage.UNKNOWN
    return _STAGES.get(payment.status)


def tell(place: Place, payment: Payment) -> BaseResponse:
    """Where providers send the customer back to: tells what is known, believes nothing that the browser says."""
    at = stage(payment)
    if at is not None:
        return framing.show(processing_page(place, payment, at))
    onward = next_url(place, payment)
    if onward != place.payment_url(payment):
        return redirect(onward, 303)
    return framing.show(declined_page(place, payment))


def poll(place: Place, payment: Payment | None) -> Response:
    """For the page that waits: where to go once it shows an old stage."""
    if payment is None:
        return jsonify(next=None)
    at = stage(payment)
    is_current = at is not None and at.value == request.args.get("was", at.value)
    return jsonify(next=None if is_current else next_url(place, payment))


def next_url(place: Place, payment: Payment) -> str:
    """Where a payment's outcome is shown: its receipt once it has paid, else its own page."""
    paid = payment.status in PAID_STATUSES
    return (paid and place.receipt_url(payment)) or place.payment_url(payment)


def receipt_path(ctx: Context, payment: Payment) -> str | None:
    """None while there is no receipt to see."""
    url = links.receipt_url(ctx, payment)
    try:
        links.read_receipt(ctx, url.rpartition("/")[2])
    except DomainError:
        return None
    return url.removeprefix(ctx.site.base_url)


def processing_page(place: Place, payment: Payment, at: Stage) -> ProcessingPage:
    return ProcessingPage(
        frame=place.frame,
        stage=at,
        amount=payment.amount,
        method=method_used(payment),
        reference=payment.reference,
        approved_at=payment.submitted_at or payment.created_at,
        status_url=place.status_url(payment, at),
        check_url=place.payment_url(payment),
        deposits=payment.deposits or 0,
        deposits_on=_day_there(place.frame, payment.deposits_at),
        are_deposits_here=payment.deposits_at is not None and payment.deposits_at <= place.ctx.clock.now(),
        confirm_url=payment.redirect_url if at is Stage.VERIFYING else None,
        invoices_url=place.invoices_url,
    )


def declined_page(place: Place, payment: Payment) -> DeclinedPage:
    return DeclinedPage(
        frame=place.frame,
        reason=_reason(payment),
        amount=payment.amount,
        reference=payment.reference,
        method=method_used(payment),
        retry_url=place.retry_url,
        invoices_url=place.invoices_url,
    )


def stop_page(visit: Visit, state: LinkState) -> LinkStopPage:
    """By the real state. A way on only where there is one: the receipt, the payment's own page, a new link."""
    payment = visit.view.payment
    paid_by = payment if payment is not None and state is LinkState.PAID else None
    under_way = payment if payment is not None and payment.is_open and state is LinkState.IN_FLIGHT else None
    can_tell_of_return = state in RENEWABLE and payment is not None and payment.status is PaymentStatus.RETURNED
    can_renew = is_renewable(visit) and visit.thread is not None
    lifetime = visit.view.link.expires_at - visit.view.link.created_at
    return LinkStopPage(
        frame=visit.frame,
        stop=_stop(visit, state, can_tell_of_return),
        sign_in_url=visit.portal_url,
        channel=visit.channel,
        resend_action=url_for("pay.renew", token=visit.token) if can_renew else None,
        receipt_url=receipt_path(visit.ctx, paid_by) if paid_by else None,
        status_url=visit.payment_url(under_way) if under_way else None,
        minutes=int(lifetime.total_seconds() // 60),
    )


def has_others(visit: Visit) -> bool:
    """Something of it is being paid, and something else waits to be."""
    view = visit.view
    return view.state is LinkState.IN_FLIGHT and bool(standing.free(visit.ctx, view.link, view.invoices))


def is_renewable(visit: Visit) -> bool:
    return visit.view.state in RENEWABLE or has_others(visit)


def _stop(visit: Visit, state: LinkState, has_come_back: bool) -> LinkStop:
    if has_come_back:
        return LinkStop.CAME_BACK
    return LinkStop.PART_IN_FLIGHT if has_others(visit) else _STOPS[state]


def method_used(payment: Payment) -> MethodUsed:
    """`First Harbor 6789` is a name and the last digits; some providers tell only one of them."""
    name, _, ending = (payment.method_label or "").rpartition(" ")
    if not (ending.isdigit() and len(ending) == ENDING_DIGITS):
        name, ending = payment.method_label or "", ""
    return MethodUsed(kind=MethodKind(payment.method.value), name=name or None, ending=ending or None)


def _day_there(frame: Frame, at: datetime | None) -> date | None:
    return at.astimezone(ZoneInfo(frame.time_zone)).date() if at is not None else None


def local_day(at: datetime, merchant: Merchant) -> date:
    return at.astimezone(ZoneInfo(merchant.timezone)).date()


def _reason(payment: Payment) -> Decline:
    if payment.status is PaymentStatus.CANCELLED:
        return Decline.CANCELLED
    if payment.failure_code == UNAVAILABLE:
        return Decline.UNAVAILABLE
    if payment.failure_code in UNCONFIRMED_DEPOSITS:
        return Decline.NOT_CONFIRMED
    came_back = payment.status is PaymentStatus.RETURNED or payment.method is Method.BANK
    return Decline.RETURNED if came_back else Decline.NOT_APPROVED
