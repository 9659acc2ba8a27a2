"""The portal as a merchant may look at it: their own brand around people and invoices that do not exist. Nothing here
reads a customer or an invoice, so no look can show one or mark one as seen."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta

from models.merchant import Merchant
from models.money import Money, exponent
from web import framing
from web.outcome_pages import ReceiptPage
from web.pages import (
    Banner,
    DueGroup,
    Frame,
    InvoiceLine,
    InvoicesPage,
    MethodKind,
    MethodUsed,
    Page,
    PaidLine,
    SignInPage,
)
from web.paper_pages import AmountStep, InvoicePage, ItemLine, Standing, Step

STEPS = ("sign_in", "invoices", "invoice", "receipt")
"""In the order in which a customer meets them."""
_NAME, _EMAIL, _REFERENCE = "Sample Customer", "customer@example.com", "SAMPLE"
_CARD = MethodUsed(kind=MethodKind.CARD, name="Visa", ending="4242")

UrlOf = Callable[[str], str]


def page(merchant: Merchant, name: str, url_of: UrlOf) -> Page:
    """One of STEPS; each leads to the next, and to nothing else."""
    frame = replace(framing.frame(merchant), banner=Banner.PREVIEW)
    drawn: dict[str, Callable[[Merchant, Frame, UrlOf], Page]] = {
        "sign_in": _sign_in,
        "invoices": _invoices,
        "invoice": _invoice,
        "receipt": _receipt,
    }
    return drawn[name](merchant, frame, url_of)


def after(name: str) -> str:
    """What a press of the page's button leads to."""
    return {"sign_in": "invoices", "invoices": "receipt", "invoice": "receipt"}.get(name, "sign_in")


def _money(merchant: Merchant, units: str) -> Money:
    """A round-looking amount in the merchant's own currency."""
    minor = int(units.replace(".", ""))
    digits = exponent(merchant.currency)
    return Money(minor * 10 ** max(0, digits - 2) // 10 ** max(0, 2 - digits), merchant.currency)


def _sign_in(_: Merchant, frame: Frame, url_of: UrlOf) -> Page:
    return SignInPage(frame=frame, action=url_of("sign_in"), email=_EMAIL)


def _lines(merchant: Merchant, today: date, url_of: UrlOf) -> list[InvoiceLine]:
    due = [("SAMPLE-1", "Goods, May", "1284.50", -7), ("SAMPLE-2", "Service visit", "640.00", 1)]
    return [
        InvoiceLine(
            value=number,
            number=number,
            description=description,
            amount=_money(merchant, amount),
            due_on=today + timedelta(days=days),
            details_url=url_of("invoice"),
        )
        for number, description, amount, days in due
    ]


def _invoices(merchant: Merchant, frame: Frame, url_of: UrlOf) -> Page:
    lines = _lines(merchant, frame.today, url_of)
    paid = PaidLine(
        number="SAMPLE-0",
        amount=_money(merchant, "385.50"),
        paid_on=frame.today - timedelta(days=20),
        method=_CARD,
        receipt_url=url_of("receipt"),
    )
    return InvoicesPage(
        frame=frame,
        action=url_of("invoices"),
        customer_name=_NAME,
        customer_email=_EMAIL,
        groups=[DueGroup(lines=lines, total=lines[0].amount + lines[1].amount)],
        paid=[paid],
        paid_count=1,
    )


def _invoice(merchant: Merchant, frame: Frame, url_of: UrlOf) -> Page:
    line = _lines(merchant, frame.today, url_of)[0]
    issued_on = frame.today - timedelta(days=21)
    return InvoicePage(
        frame=frame,
        value=line.value,
        number=line.number,
        description=line.description,
        billed_to=_NAME,
        issued_on=issued_on,
        due_on=frame.today - timedelta(days=7),
        standing=Standing.DUE,
        total=line.amount,
        due=line.amount,
        steps=[AmountStep(step=Step.BILLED, on=issued_on, amount=line.amount, balance=line.amount)],
        items=[ItemLine(description=line.description, amount=line.amount)],
        pay_action=url_of("invoice"),
        back_url=url_of("invoices"),
    )


def _receipt(merchant: Merchant, frame: Frame, url_of: UrlOf) -> Page:
    lines = _lines(merchant, frame.today, url_of)
    return ReceiptPage(
        frame=frame,
        amount=lines[0].amount + lines[1].amount,
        reference=_REFERENCE,
        paid_at=frame.now,
        method=_CARD,
        payer=_NAME,
        lines=lines,
        invoices_url=url_of("invoices"),
    )
