"""Pay links and receipt links: minted, read, replaced, revoked. A link is authority over its own invoices only.
Reading never spends: scanners and previews fetch links, too."""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa

from models.context import Context
from models.customer import Customer
from models.errors import DomainError
from models.invoice import Invoice
from models.merchant import Merchant
from models.money import Money
from models.paylink import PAY_LINK_LIFETIME, PayLink, PayLinkInvoice
from models.payment import Payment, PaymentEvent, PaymentStatus
from models.signing import Purpose
from payments import ledger, standing, takebacks
from payments.standing import LinkState

LINK_MEMORY = timedelta(days=90)
"""How long a dead link can still tell what became of it. Paying ends with PAY_LINK_LIFETIME."""
RECEIPT_LIFETIME = timedelta(days=730)
RECEIPT_KEY_BYTES = 8
"""Half of the payment's random id: 64 bits under a signature, and as short in a text as a pay link."""


@dataclass(frozen=True, slots=True)
class LinkView:
    """A link and what is behind it. Anything but PAYABLE is for telling the state, not for showing invoices.
    `payment` is the latest attempt that covers only invoices of this link: open, or else ended."""

    link: PayLink
    state: LinkState
    merchant: Merchant
    customer: Customer
    invoices: tuple[Invoice, ...]
    total: Money
    payment: Payment | None
    changed: bool
    """Something is different from what was said when the link was sent."""
    version: str
    """Names exactly what `total` is made of; begin refuses when it no longer is."""


@dataclass(frozen=True, slots=True)
class ReceiptView:
    """What one payment paid: on each invoice, and beyond them as credit. `refunded`: given back since; `returned_at`:
    lost to a return or a dispute."""

    payment: Payment
    merchant: Merchant
    customer: Customer
    lines: tuple[tuple[Invoice, Money], ...]
    fee: Money
    credited: Money
    paid_at: datetime
    refunded: Money
    returned_at: datetime | None


def open_link(
    ctx: Context,
    *,
    merchant_id: int,
    customer_id: int,
    invoices: Sequence[Invoice],
    conversation_id: int | None = None,
) -> PayLink:
    """One link for these invoices. The conversation's earlier open links of that currency are replaced by it.
    Raises DomainError: "no_invoices", "not_found" (someone else's), "mixed_currencies", "mixed_modes"."""
    _refuse_mixtures(merchant_id, customer_id, invoices)
    now = ctx.clock.now()
    link = PayLink(
        key=secrets.token_bytes(8),
        merchant_id=merchant_id,
        customer_id=customer_id,
        conversation_id=conversation_id,
        mode=invoices[0].mode,
        currency=invoices[0].currency,
        created_at=now,
        expires_at=now + PAY_LINK_LIFETIME,
    )
    ctx.session.add(link)
    ctx.session.flush()
    ctx.session.execute(
        sa.insert(PayLinkInvoice),
        [
            {
                "pay_link_id": link.id,
                "invoice_id": invoice.id,
                "merchant_id": merchant_id,
                "mode": link.mode,
                "amount_minor": invoice.balance_minor,
                "version": invoice.version,
                "position": position,
            }
            for position, invoice in enumerate(invoices)
        ],
    )
    if conversation_id is not None:
        _replace_earlier(ctx, link)
    return link


def _refuse_mixtures(merchant_id: int, customer_id: int, invoices: Sequence[Invoice]) -> None:
    if not invoices:
        raise DomainError("no_invoices")
    if any(i.merchant_id != merchant_id or i.customer_id != customer_id for i in invoices):
        raise DomainError("not_found")
    if len({i.currency for i in invoices}) > 1:
        raise DomainError("mixed_currencies")
    if len({i.mode for i in invoices}) > 1:
        raise DomainError("mixed_modes")


def _replace_earlier(ctx: Context, link: PayLink) -> None:
    ctx.session.execute(
        sa.update(PayLink)
        .where(
            PayLink.conversation_id == link.conversation_id,
            PayLink.currency == link.currency,
            PayLink.id != link.id,
            PayLink.spent_at.is_(None),
            PayLink.revoked_at.is_(None),
            PayLink.expires_at > link.created_at,
        )
        .values(revoked_at=link.created_at, replaced_by_id=link.id)
    )


def revoke(ctx: Context, link: PayLink) -> None:
    """The link pays nothing any more, from now on."""
    if link.revoked_at is None:
        link.revoked_at = ctx.clock.now()


def token(ctx: Context, link: PayLink) -> str:
    return ctx.signer.mint(Purpose.PAY, link.key, link.created_at)


def url(ctx: Context, link: PayLink) -> str:
    """Always the same for the same link, while the newest signing key stays."""
    return f"{ctx.site.base_url}/p/{token(ctx, link)}"


def find(ctx: Context, token: str) -> PayLink:
    """The link that a token names, alive or not. Raises DomainError("bad_token")."""
    try:
        key = ctx.signer.read(Purpose.PAY, token, now=ctx.clock.now(), max_age=LINK_MEMORY)
    except DomainError as error:
        raise DomainError("bad_token") from error
    link = ctx.session.scalars(sa.select(PayLink).where(PayLink.key == key)).one_or_none()
    if link is None:
        raise DomainError("bad_token")
    ctx.turn_to(link.merchant_id)
    return link


def read(ctx: Context, token: str) -> LinkView:
    """The link and the truth behind it. Raises DomainError("bad_token")."""
    link = find(ctx, token)
    rows = ctx.session.execute(
        sa.select(Invoice, PayLinkInvoice)
        .join(PayLinkInvoice, PayLinkInvoice.invoice_id == Invoice.id)
        .where(PayLinkInvoice.pay_link_id == link.id)
        .order_by(PayLinkInvoice.position)
    ).all()
    invoices = tuple(invoice for invoice, _ in rows)
    return LinkView(
        link=link,
        state=standing.state(ctx, link, invoices),
        merchant=ctx.session.get_one(Merchant, link.merchant_id),
        customer=ctx.session.get_one(Customer, link.customer_id),
        invoices=invoices,
        total=standing.total(invoices),
        payment=standing.latest_payment(ctx, invoices),
        changed=any((i.version, i.balance_minor) != (was.version, was.amount_minor) for i, was in rows),
        version=standing.version(invoices),
    )


def attempt_of(ctx: Context, link: PayLink, public_id: str) -> Payment:
    """An attempt begun through this link: what the provider's return address names. Raises DomainError("not_found")."""
    mine = (Payment.public_id == public_id) & (Payment.pay_link_id == link.id)
    payment = ctx.session.scalars(sa.select(Payment).where(mine)).one_or_none()
    if payment is None:
        raise DomainError("not_found")
    return payment


def receipt_url(ctx: Context, payment: Payment) -> str:
    key = bytes.fromhex(payment.public_id)[:RECEIPT_KEY_BYTES]
    return f"{ctx.site.base_url}/receipt/{ctx.signer.mint(Purpose.RECEIPT, key, payment.created_at)}"


def read_receipt(ctx: Context, token: str) -> ReceiptView:
    """Raises DomainError("bad_token"), also while the payment has paid nothing."""
    payment = _receipted(ctx, token)
    capture = ledger.capture_of(ctx.session, payment)
    if capture is None:
        raise DomainError("bad_token")
    return ReceiptView(
        payment=payment,
        merchant=ctx.session.get_one(Merchant, payment.merchant_id),
        customer=ctx.session.get_one(Customer, payment.customer_id),
        lines=capture.shares,
        fee=capture.fee,
        credited=capture.credited,
        paid_at=capture.at,
        refunded=takebacks.refunded(ctx, payment),
        returned_at=_returned_at(ctx, payment),
    )


def _receipted(ctx: Context, token: str) -> Payment:
    try:
        key = ctx.signer.read(Purpose.RECEIPT, token, now=ctx.clock.now(), max_age=RECEIPT_LIFETIME).hex()
    except DomainError as error:
        raise DomainError("bad_token") from error
    # A range instead of LIKE: both databases answer it from the index on public_id, whatever their collation.
    starts_so = (Payment.public_id >= key) & (Payment.public_id < key + "g")
    payment = ctx.session.scalars(sa.select(Payment).where(starts_so)).one_or_none()
    if payment is None:
        raise DomainError("bad_token")
    ctx.turn_to(payment.merchant_id)
    return payment


def _returned_at(ctx: Context, payment: Payment) -> datetime | None:
    if payment.status is not PaymentStatus.RETURNED:
        return None
    lost = PaymentEvent.effect.like("returned:%") | PaymentEvent.effect.like("dispute:%:lost")
    return ctx.session.scalars(
        sa.select(sa.func.max(PaymentEvent.created_at)).where(PaymentEvent.payment_id == payment.id, lost)
    ).one()
