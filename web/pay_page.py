"""The pay page behind a link, put together: what is owed, the part that is to be paid, what each way costs."""

from models.errors import DomainError
from models.money import Money
from models.payment import PaymentStatus
from payments import fees, shares
from web import checkout, kept
from web.checkout import Form
from web.checkout_pages import PayPage
from web.outcomes import Visit
from web.pages import InvoiceLine, MethodKind, Notice, Problem


def page(
    visit: Visit, *, notice: Notice | None = None, problem: Problem | None = None, form: Form | None = None
) -> PayPage:
    view = visit.view
    merchant = view.merchant
    amount = wanted(visit, form)
    return PayPage(
        frame=visit.frame,
        notice=notice or _notice(visit),
        problem=problem,
        action=visit.link_url,
        idempotency_key=checkout.new_key(),
        amount=amount,
        owed=view.total,
        seen_version=view.version,
        lines=[_line(visit, number) for number in range(len(view.invoices)) if view.invoices[number].is_payable],
        methods=checkout.methods(merchant, amount),
        works_until=view.link.expires_at,
        selected_method=_selected(form),
        may_split=merchant.allows_partial,
        typed_amount=form.typed_amount if form is not None else "",
        least=least(visit),
        terms=checkout.terms_of(merchant, form),
        kept=kept.choices(visit, amount, form),
        may_keep=kept.may_keep(visit),
        is_keep_ticked=form is not None and form.keeps,
        change_url=visit.invoices_url,
    )


def _selected(form: Form | None) -> MethodKind | None:
    if form is None:
        return MethodKind.NETWORK
    return form.kind if form.kept is None else None


def wanted(visit: Visit, form: Form | None) -> Money:
    """The part that was asked for, if it can be paid; else all of it."""
    if form is None or form.amount is None or refusal(visit, form) is not None:
        return visit.view.total
    return form.amount


def refusal(visit: Visit, form: Form) -> Problem | None:
    """Why the amount that was typed cannot be paid."""
    if form.amount is None:
        return None
    due = [invoice for invoice in visit.view.invoices if invoice.is_payable]
    try:
        shares.part(visit.view.merchant, due, form.amount)
    except DomainError as error:
        return checkout.PROBLEMS[error.code]
    return None


def quote(visit: Visit, form: Form) -> fees.Quote | None:
    """What this press would cost. None: no way to pay was chosen."""
    return fees.quote(visit.view.merchant, form.method, wanted(visit, form)) if form.method is not None else None


def least(visit: Visit) -> Money | None:
    """The smallest part, where there is more to it than a single cent."""
    minimum = visit.view.merchant.partial_minimum_minor
    return Money(minimum, visit.view.link.currency) if minimum > 1 else None


def _notice(visit: Visit) -> Notice | None:
    if not visit.view.changed:
        return None
    paid = visit.view.payment is not None and visit.view.payment.status is PaymentStatus.SUCCEEDED
    return Notice.REST if paid else Notice.AMOUNT_NEWER


def _line(visit: Visit, number: int) -> InvoiceLine:
    invoice = visit.view.invoices[number]
    return InvoiceLine(
        value="",
        number=invoice.number,
        description=invoice.description,
        amount=invoice.balance,
        due_on=invoice.due_on,
        total=invoice.total if invoice.balance != invoice.total else None,
        details_url=visit.invoice_url(invoice),
    )
