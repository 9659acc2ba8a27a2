"""One invoice as a page, for whoever may see it: its customer in the portal, or the holder of a link to it. The callers
decide who that is; nothing here looks at a session."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from io import BytesIO

import sqlalchemy as sa
from flask import send_file
from werkzeug.exceptions import NotFound
from werkzeug.wrappers import Response as BaseResponse

from models.context import Context
from models.customer import Customer
from models.errors import DomainError
from models.invoice import Invoice, InvoiceStatus
from models.merchant import Merchant, Mode
from models.money import Money
from models.papers import Attachment, InvoiceLine
from models.payment import Payment
from payments import credit, history, papers
from payments.history import StepKind
from web.brand import PICTURE_CSP
from web.outcomes import local_day, method_used, receipt_path
from web.pages import FlightLine, Frame
from web.paper_pages import AmountStep, FileLine, InvoicePage, ItemLine, Standing, Step

_STEPS: dict[StepKind, Step] = {
    StepKind.BILLED: Step.BILLED,
    StepKind.CHANGED: Step.CHANGED,
    StepKind.WITHDRAWN: Step.WITHDRAWN,
    StepKind.PAID: Step.PAID,
    StepKind.CREDITED: Step.CREDITED,
    StepKind.CAME_BACK: Step.CAME_BACK,
}
_STANDINGS: dict[InvoiceStatus, Standing] = {
    InvoiceStatus.OPEN: Standing.DUE,
    InvoiceStatus.PAID: Standing.PAID,
    InvoiceStatus.VOID: Standing.WITHDRAWN,
    InvoiceStatus.UNCOLLECTIBLE: Standing.DUE,
}


@dataclass(frozen=True, slots=True)
class Doors:
    """Where the page leads, which depends on how the reader came in. `pay` None: nothing to press."""

    file_url: Callable[[Attachment], str]
    back_url: str
    is_back_to_pay: bool = False
    pay_action: str | None = None
    credit_action: str | None = None


def page(
    ctx: Context, merchant: Merchant, invoice: Invoice, frame: Frame, doors: Doors, pending: Sequence[FlightLine]
) -> InvoicePage:
    standing = _STANDINGS[invoice.status]
    may_pay = invoice.is_payable and not pending
    return InvoicePage(
        frame=frame,
        value=invoice.public_id,
        number=invoice.number,
        description=invoice.description,
        billed_to=ctx.session.get_one(Customer, invoice.customer_id).name,
        issued_on=invoice.issued_on,
        due_on=invoice.due_on,
        standing=Standing.ON_ITS_WAY if pending and standing is Standing.DUE else standing,
        total=invoice.total,
        due=invoice.balance,
        steps=steps(ctx, merchant, history.of_invoice(ctx, invoice), Money(0, invoice.currency)),
        items=[_item(line, invoice.currency) for line in papers.lines(ctx, invoice)],
        files=[_file(one, doors.file_url(one)) for one in papers.attachments(ctx, invoice)],
        pending=pending,
        pay_action=doors.pay_action if may_pay else None,
        credit=_usable_credit(ctx, invoice) if may_pay and doors.credit_action else None,
        credit_action=doors.credit_action,
        back_url=doors.back_url,
        is_back_to_pay=doors.is_back_to_pay,
    )


def steps(ctx: Context, merchant: Merchant, told: Sequence[history.Step], opening: Money) -> list[AmountStep]:
    """With the balance after each, from `opening` on."""
    shown, balance = [], opening
    for step in told:
        balance += step.amount
        shown.append(
            AmountStep(
                step=_STEPS[step.kind],
                on=local_day(step.at, merchant),
                amount=step.amount,
                balance=balance,
                numbers=[invoice.number for invoice in step.invoices] or _purpose(step.payment),
                method=method_used(step.payment) if step.payment else None,
                receipt_url=receipt_path(ctx, step.payment) if step.payment else None,
            )
        )
    return shown


def _purpose(payment: Payment | None) -> list[str]:
    """Of a payment without an invoice."""
    return [payment.description] if payment is not None and payment.description else []


def own(ctx: Context, customer_id: int, public_id: str) -> Invoice:
    """A customer's live invoice. Raises NotFound for anyone else's, and for drafts."""
    mine = (Invoice.customer_id == customer_id) & (Invoice.public_id == public_id) & (Invoice.mode == Mode.LIVE)
    found = ctx.session.scalars(sa.select(Invoice).where(mine, Invoice.status != InvoiceStatus.DRAFT)).one_or_none()
    if found is None:
        raise NotFound
    return found


def download(ctx: Context, invoice: Invoice, file_id: str) -> BaseResponse:
    """To be saved, never shown: it was made by someone else. Raises NotFound."""
    try:
        found = papers.attachment(ctx, invoice, file_id)
    except DomainError as error:
        raise NotFound from error
    content = BytesIO(found.content)
    response = send_file(content, found.content_type.value, as_attachment=True, download_name=found.name)
    response.headers["Cache-Control"] = "private, no-store"
    response.headers["Content-Security-Policy"] = PICTURE_CSP
    return response


def _usable_credit(ctx: Context, invoice: Invoice) -> Money | None:
    held = credit.balance(ctx, invoice.customer_id, invoice.currency)
    return min(held, invoice.balance) if held.minor > 0 else None


def _item(line: InvoiceLine, currency: str) -> ItemLine:
    counted = line.quantity_milli != 1000
    return ItemLine(
        description=line.description,
        amount=line.amount(currency),
        quantity=f"{line.quantity:f}",
        unit_price=line.unit_price(currency) if counted else None,
    )


def _file(one: Attachment, url: str) -> FileLine:
    return FileLine(name=one.name, kind=one.content_type.name, size=one.size, url=url)
