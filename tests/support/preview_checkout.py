"""One sample of every page on which customers say how they pay."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date
from typing import Any

from models.money import Money
from web import checkout_pages as checkout
from web.checkout_pages import PayMethod, Terms
from web.pages import Frame, InvoiceLine, MethodKind, Notice, Page, Problem


def usd(minor: int) -> Money:
    return Money(minor, "USD")


def _line(number: str, description: str, minor: int, due_on: date, **more: Any) -> InvoiceLine:
    amount = usd(minor)
    return InvoiceLine(
        value="", number=number, description=description, amount=amount, due_on=due_on, details_url="/invoice", **more
    )


LINES = (
    _line("INV-1042", "Cups and lids", 128450, date(2026, 6, 12)),
    _line("INV-1051", "Paper goods, May", 64000, date(2026, 6, 20), total=usd(90000)),
    _line("INV-1060", "Delivery and restock", 38550, date(2026, 7, 1)),
)
DINARS = InvoiceLine(
    value="", number="INV-1071", description="Freight", amount=Money(1234500, "KWD"), due_on=date(2026, 6, 19)
)
TOTAL = usd(231000)
METHODS = (
    PayMethod(kind=MethodKind.NETWORK, host="Sandbox Bank"),
    PayMethod(kind=MethodKind.BANK, host="Sandbox Bank"),
    PayMethod(kind=MethodKind.CARD, host="Stripe"),
)
FEE = PayMethod(kind=MethodKind.CARD, host="Stripe", fee=usd(6930), total=usd(237930))
TERMS = Terms(url="/terms", version=3)


def _pay(at: Frame) -> checkout.PayPage:
    return checkout.PayPage(
        frame=at,
        action="/processing",
        idempotency_key="0f7f2f3c1a5e4d6b",
        amount=TOTAL,
        owed=TOTAL,
        lines=LINES,
        methods=METHODS,
        works_until=at.now.replace(minute=42),
        selected_method=MethodKind.NETWORK,
    )


def _pay_changed(at: Frame) -> checkout.PayPage:
    return replace(
        _pay(at),
        methods=(*METHODS[:2], FEE),
        notice=Notice.AMOUNT_CHANGED,
        problem=Problem.METHOD_MISSING,
        selected_method=None,
        change_url="/invoices",
    )


def _pay_part(at: Frame) -> checkout.PayPage:
    return replace(
        _pay(at),
        amount=usd(50000),
        methods=(*METHODS[:2], replace(FEE, fee=usd(1500), total=usd(51500))),
        notice=Notice.FEE_SHOWN,
        may_split=True,
        typed_amount="500",
        least=usd(2000),
        selected_method=MethodKind.CARD,
        terms=replace(TERMS, is_ticked=True),
    )


def _pay_refused(at: Frame) -> checkout.PayPage:
    return replace(
        _pay(at), may_split=True, typed_amount="5000", problem=Problem.AMOUNT_TOO_HIGH, least=usd(2000), terms=TERMS
    )


def _custom(at: Frame) -> checkout.CustomPage:
    return checkout.CustomPage(
        frame=replace(at, sign_out_action="/sign-out"),
        action="/processing",
        idempotency_key="0f7f2f3c1a5e4d6b",
        currency="USD",
        payer="Alice Delgado Café",
        methods=METHODS,
        selected_method=MethodKind.NETWORK,
        terms=TERMS,
        back_url="/invoices",
    )


CHECKOUT_SAMPLES: dict[str, Callable[[Frame], Page]] = {
    "pay": _pay,
    "pay_changed": _pay_changed,
    "pay_one": lambda at: replace(_pay(at), lines=(DINARS,), amount=DINARS.amount, owed=DINARS.amount),
    "pay_split": lambda at: replace(_pay(at), may_split=True),
    "pay_part": _pay_part,
    "pay_refused": _pay_refused,
    "pay_terms": lambda at: replace(_pay(at), terms=TERMS, problem=Problem.TERMS_MISSING, notice=Notice.REST),
    "custom": _custom,
    "custom_wrong": lambda at: replace(
        _custom(at), typed_amount="lots", description="Deposit", problem=Problem.AMOUNT_MALFORMED
    ),
    "terms": lambda at: checkout.TermsPage(
        frame=at, version=3, paragraphs=("Payments are due on the date on the invoice.", "1. One\n2. Two")
    ),
}
