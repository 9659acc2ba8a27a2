"""One sample of every page that customers read about what they owe."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date

from models.money import Money
from web import paper_pages as papers
from web.pages import FlightLine, Frame, MethodKind, MethodUsed, Page
from web.paper_pages import AmountStep, FileLine, ItemLine, Standing, Step

CARD = MethodUsed(kind=MethodKind.CARD, name="Visa", ending="4242")
BANK = MethodUsed(kind=MethodKind.BANK, name="First Harbor", ending="6789")


def usd(minor: int) -> Money:
    return Money(minor, "USD")


def _step(step: Step, on: date, minor: int, balance: int, *numbers: str, **more: object) -> AmountStep:
    return AmountStep(step=step, on=on, amount=usd(minor), balance=usd(balance), numbers=numbers, **more)  # type: ignore[arg-type]


STEPS = (
    _step(Step.BILLED, date(2026, 6, 1), 90000, 90000, "INV-1051"),
    _step(Step.PAID, date(2026, 6, 3), -26000, 64000, "INV-1051", method=CARD, receipt_url="/receipt"),
)
LONG_STEPS = (
    *STEPS,
    _step(Step.CREDITED, date(2026, 6, 4), -2500, 61500, "INV-1051"),
    _step(Step.PAID, date(2026, 6, 5), -61500, 0, "INV-1051", method=BANK, receipt_url="/receipt"),
    _step(Step.CAME_BACK, date(2026, 6, 9), 61500, 61500, "INV-1051", method=BANK),
    _step(Step.CHANGED, date(2026, 6, 10), 2500, 64000, "INV-1051"),
)
ITEMS = (
    ItemLine(description="Hot cups, 12 oz, box of 500", amount=usd(72000), quantity="12", unit_price=usd(6000)),
    ItemLine(description="Lids, box of 500", amount=usd(20500), quantity="2.5", unit_price=usd(8200)),
    ItemLine(description="Loyalty discount", amount=usd(-2500)),
)
FILES = (
    FileLine(
        name="Delivery note with a long name, signed at the door, 2026-06-01.pdf", kind="PDF", size=341_200, url="/f"
    ),
    FileLine(name="photo.jpg", kind="JPEG", size=1_240_000, url="/f"),
)


def _invoice(at: Frame) -> papers.InvoicePage:
    return papers.InvoicePage(
        frame=replace(at, sign_out_action="/sign-out"),
        value="b",
        number="INV-1051",
        description="Paper goods, May",
        billed_to="Alice Delgado Café",
        issued_on=date(2026, 6, 1),
        due_on=date(2026, 6, 20),
        standing=Standing.DUE,
        total=usd(90000),
        due=usd(64000),
        steps=STEPS,
        items=ITEMS,
        files=FILES,
        pay_action="/pay",
        back_url="/invoices",
    )


def _in_flight_invoice(at: Frame) -> papers.InvoicePage:
    flight = FlightLine(
        numbers=("INV-1042", "INV-1051"), amount=usd(192450), started_on=date(2026, 6, 18), status_url="/in_transit"
    )
    return replace(
        _invoice(at),
        standing=Standing.ON_ITS_WAY,
        steps=LONG_STEPS,
        items=(),
        files=(),
        pending=(flight,),
        pay_action=None,
        is_back_to_pay=True,
    )


def _statement(at: Frame) -> papers.StatementPage:
    dinars = (
        AmountStep(
            step=Step.BILLED,
            on=date(2026, 6, 2),
            amount=Money(1234500, "KWD"),
            balance=Money(1234500, "KWD"),
            numbers=("INV-1071",),
        ),
    )
    return papers.StatementPage(
        frame=replace(at, sign_out_action="/sign-out"),
        customer_name="Alice Delgado Café",
        first=date(2026, 1, 1),
        last=date(2026, 6, 19),
        made_at=at.now,
        periods=(
            papers.Period(label="2026", url="/statement", is_current=True),
            papers.Period(label="2025", url="/statement", is_current=False),
            papers.Period(label=None, url="/statement", is_current=False),
        ),
        accounts=(
            papers.Account(opening=usd(1200), steps=LONG_STEPS, closing=usd(64000)),
            papers.Account(opening=Money(0, "KWD"), steps=dinars, closing=Money(1234500, "KWD")),
        ),
        back_url="/invoices",
    )


PAPER_SAMPLES: dict[str, Callable[[Frame], Page]] = {
    "invoice": _invoice,
    "invoice_in_flight": _in_flight_invoice,
    "invoice_paid": lambda at: replace(_invoice(at), standing=Standing.PAID, due=usd(0), pay_action=None),
    "invoice_withdrawn": lambda at: replace(_invoice(at), standing=Standing.WITHDRAWN, due=usd(0), pay_action=None),
    "statement": _statement,
    "saved": lambda at: papers.SavedPage(
        frame=at,
        lines=[papers.SavedLine(method=method, remove_action="/saved") for method in (CARD, BANK)],
        back_url="/invoices",
    ),
    "statement_empty": lambda at: replace(_statement(at), accounts=(), periods=()),
}
