"""One sample of every customer page, for the preview and for the tests that look at pages. No database behind it."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime
from functools import partial

from models.money import Money
from tests.support.preview_bank import BANK_SAMPLES
from tests.support.preview_checkout import CHECKOUT_SAMPLES
from tests.support.preview_papers import PAPER_SAMPLES
from web import outcome_pages as outcome
from web import pages
from web.branding import stylesheet_url
from web.i18n import other_language
from web.pages import Banner, Brand, Channel, Choice, Frame, InvoiceLine, MethodKind, MethodUsed, Notice, Page, Problem

BRAND_COLOUR = "#0b6e66"
NOW = datetime(2026, 6, 19, 21, 12, tzinfo=UTC)


def usd(minor: int) -> Money:
    return Money(minor, "USD")


def frame(language: str = "en", colour: str = BRAND_COLOUR) -> Frame:
    brand = Brand(
        name="Acme & Sons",
        initials="AS",
        legal_name="Acme & Sons LLC",
        address="18 Quay Street, Portland",
        phone="(555) 010-0142",
        phone_uri="+15550100142",
        email="pay@acme.example",
        css_url=stylesheet_url(colour.removeprefix("#"), colour),
        privacy_url="/privacy",
    )
    return Frame(
        language=language,
        time_zone="America/Los_Angeles",
        now=NOW,
        brand=brand,
        banner=Banner.DEMO,
        switch_url=f"?lang={other_language(language)}",
    )


LINES = (
    InvoiceLine(
        value="a",
        number="INV-1042",
        description="Cups and lids",
        amount=usd(128450),
        due_on=date(2026, 6, 12),
        details_url="/invoice",
    ),
    InvoiceLine(
        value="b",
        number="INV-1051",
        description="Paper goods, May",
        details_url="/invoice",
        amount=usd(64000),
        total=usd(90000),
        due_on=date(2026, 6, 20),
    ),
    InvoiceLine(
        value="c",
        number="INV-1060",
        description="Delivery and restock",
        amount=usd(38550),
        due_on=date(2026, 7, 1),
        details_url="/invoice",
    ),
)
DINARS = InvoiceLine(
    value="d", number="INV-1071", description="Freight", amount=Money(1234500, "KWD"), due_on=date(2026, 6, 19)
)
TOTAL = usd(231000)
NETWORK = MethodUsed(kind=MethodKind.NETWORK, ending="8801")
CARD = MethodUsed(kind=MethodKind.CARD, name="Visa", ending="4242")
BANK = MethodUsed(kind=MethodKind.BANK, name="First Harbor", ending="6789")


def _sign_in(at: Frame) -> pages.SignInPage:
    return pages.SignInPage(frame=at, action="/sign-in")


def _code(at: Frame) -> pages.CodePage:
    return pages.CodePage(
        frame=at, action="/code", resend_action="/resend", restart_url="/sign_in", email="alice@example.com"
    )


def _invoices(at: Frame) -> pages.InvoicesPage:
    paid = (
        pages.PaidLine(
            number="INV-1029",
            amount=usd(91200),
            paid_on=date(2026, 5, 28),
            details_url="/invoice",
            method=BANK,
            receipt_url="/receipt",
        ),
        pages.PaidLine(
            number="INV-1017", amount=usd(45525), paid_on=date(2025, 12, 3), method=CARD, receipt_url="/receipt"
        ),
    )
    return pages.InvoicesPage(
        frame=replace(at, sign_out_action="/sign-out"),
        action="/pay",
        customer_name="Alice Delgado Café",
        customer_email="alice@example.com",
        groups=(pages.DueGroup(lines=LINES, total=TOTAL),),
        paid=paid,
        paid_count=14,
        all_paid_url="/invoices",
        statement_url="/statement",
        custom_url="/custom",
    )


def _busy_invoices(at: Frame) -> pages.InvoicesPage:
    flight = pages.FlightLine(
        numbers=("INV-1044", "INV-1045"), amount=usd(50000), started_on=date(2026, 6, 18), status_url="/in_transit"
    )
    groups = (
        pages.DueGroup(lines=LINES, total=TOTAL),
        pages.DueGroup(lines=(DINARS,), total=DINARS.amount),
    )
    return replace(
        _invoices(at), groups=groups, in_flight=(flight,), credits=(usd(2500),), problem=Problem.NOTHING_SELECTED
    )


def _processing(at: Frame) -> outcome.ProcessingPage:
    return outcome.ProcessingPage(
        frame=at,
        stage=outcome.Stage.CONFIRMING,
        amount=TOTAL,
        method=NETWORK,
        reference="HF7Q2K",
        approved_at=NOW,
        status_url="/status.json",
        check_url="/processing",
    )


def _receipt(at: Frame) -> outcome.ReceiptPage:
    return outcome.ReceiptPage(
        frame=at,
        amount=TOTAL,
        reference="HF7Q2K",
        paid_at=NOW,
        method=NETWORK,
        payer="Alice Delgado Café",
        lines=LINES,
        sent_by=(Channel.SMS, Channel.EMAIL),
        invoices_url="/invoices",
    )


def _receipt_of_part(at: Frame) -> outcome.ReceiptPage:
    part = replace(LINES[1], amount=usd(26000), left=usd(64000))
    return replace(
        _receipt(at), lines=(part,), amount=usd(26754), fee=usd(754), rest=usd(192450), rest_url="/pay", method=CARD
    )


def _receipt_of_deposit(at: Frame) -> outcome.ReceiptPage:
    return replace(
        _receipt(at), lines=(), amount=usd(50000), description="Deposit for the August order", credited=usd(50000)
    )


def _declined(at: Frame) -> outcome.DeclinedPage:
    return outcome.DeclinedPage(
        frame=at,
        reason=outcome.Decline.NOT_APPROVED,
        amount=TOTAL,
        reference="HF7Q2K",
        method=CARD,
        retry_url="/pay",
        invoices_url="/invoices",
    )


def _stop(at: Frame, stop: outcome.LinkStop, **extra: str) -> outcome.LinkStopPage:
    return outcome.LinkStopPage(
        frame=at,
        stop=stop,
        sign_in_url="/sign_in",
        resend_action=extra.get("resend"),
        receipt_url=extra.get("receipt"),
        status_url=extra.get("status"),
    )


def _error(status: int, at: Frame) -> outcome.ErrorPage:
    return outcome.ErrorPage(
        frame=replace(at, brand=None, banner=None),
        status=status,
        reference="7f3c9a",
        retry_url="/pay" if status >= 429 else None,
        retry_minutes=15 if status == 429 else None,
    )


SAMPLES: dict[str, Callable[[Frame], Page]] = {
    "sign_in": _sign_in,
    "sign_in_wrong": lambda at: replace(
        _sign_in(at), problem=Problem.EMAIL_MALFORMED, email="alice@", notice=Notice.SESSION_ENDED
    ),
    "gate": lambda at: pages.GatePage(frame=at, action="/code"),
    "code": _code,
    "code_wrong": lambda at: replace(_code(at), problem=Problem.CODE_WRONG, tries_left=4, code="417 203"),
    "code_resent": lambda at: replace(_code(at), notice=Notice.CODE_RESENT, email=None, restart_url=None),
    "accounts": lambda at: pages.AccountsPage(
        frame=at,
        action="/invoices",
        accounts=(Choice(value="1", label="Delgado Café"), Choice(value="2", label="Delgado Catering", hint="Seattle")),
    ),
    "invoices": _invoices,
    "invoices_busy": _busy_invoices,
    "invoices_none": lambda at: replace(_invoices(at), groups=()),
    "processing": _processing,
    "unknown": lambda at: replace(_processing(at), stage=outcome.Stage.UNKNOWN),
    "verifying": lambda at: replace(
        _processing(at),
        stage=outcome.Stage.VERIFYING,
        method=BANK,
        deposits_on=date(2026, 6, 21),
        confirm_url="/bank_deposits_coming",
    ),
    "verifying_here": lambda at: replace(
        _processing(at),
        stage=outcome.Stage.VERIFYING,
        method=BANK,
        are_deposits_here=True,
        confirm_url="/bank_deposits",
        invoices_url="/invoices",
    ),
    "in_transit": lambda at: replace(
        _processing(at),
        stage=outcome.Stage.IN_TRANSIT,
        method=BANK,
        expected_on=date(2026, 6, 24),
        invoices_url="/invoices",
    ),
    "receipt": _receipt,
    "receipt_returned": lambda at: replace(
        _receipt(at), reversal=outcome.Reversal.RETURNED, reversed_on=date(2026, 6, 24), method=BANK
    ),
    "receipt_refunded": lambda at: replace(
        _receipt(at),
        reversal=outcome.Reversal.REFUNDED,
        reversed_on=date(2026, 6, 24),
        reversed_amount=TOTAL,
        fee=usd(150),
        method=CARD,
    ),
    "receipt_partly_refunded": lambda at: replace(
        _receipt(at),
        reversal=outcome.Reversal.REFUNDED,
        reversed_on=date(2026, 6, 24),
        reversed_amount=usd(50000),
    ),
    "receipt_part": _receipt_of_part,
    "receipt_deposit": _receipt_of_deposit,
    "declined": _declined,
    "cancelled": lambda at: replace(_declined(at), reason=outcome.Decline.CANCELLED),
    "returned": lambda at: replace(_declined(at), reason=outcome.Decline.RETURNED, method=BANK),
    "not_confirmed": lambda at: replace(_declined(at), reason=outcome.Decline.NOT_CONFIRMED, method=BANK),
    "unavailable": lambda at: replace(_declined(at), reason=outcome.Decline.UNAVAILABLE),
    "expired": lambda at: _stop(at, outcome.LinkStop.EXPIRED, resend="/link_sent"),
    "replaced": lambda at: _stop(at, outcome.LinkStop.REPLACED, resend="/link_sent"),
    "already_paid": lambda at: _stop(at, outcome.LinkStop.PAID, receipt="/receipt"),
    "in_flight": lambda at: _stop(at, outcome.LinkStop.IN_FLIGHT, status="/processing"),
    "part_in_flight": lambda at: _stop(at, outcome.LinkStop.PART_IN_FLIGHT, status="/processing", resend="/link_sent"),
    "came_back": lambda at: _stop(at, outcome.LinkStop.CAME_BACK, resend="/link_sent"),
    "voided": lambda at: _stop(at, outcome.LinkStop.VOIDED),
    "link_sent": lambda at: outcome.LinkSentPage(frame=at, channel=Channel.SMS, sign_in_url="/sign_in"),
    "unsubscribe": lambda at: outcome.UnsubscribePage(frame=at, action="/unsubscribed"),
    "unsubscribed": lambda at: outcome.UnsubscribePage(frame=at, action="/unsubscribed", done=True),
    **BANK_SAMPLES,
    **PAPER_SAMPLES,
    **CHECKOUT_SAMPLES,
    **{f"error_{status}": partial(_error, status) for status in (400, 403, 404, 409, 410, 429, 500, 503)},
}
