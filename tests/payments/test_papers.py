"""Line items and files of invoices."""

from collections.abc import Sequence
from decimal import Decimal

import pytest

from models.errors import DomainError
from models.invoice import Invoice
from models.money import Money
from models.papers import MAX_ATTACHMENT_BYTES, Attachment, InvoiceLine
from payments import invoices, papers
from payments.papers import Item
from tests.support.shop import Shop, usd

PDF = b"%PDF-1.7 ..."


def itemise(shop: Shop, invoice: Invoice, *items: Item) -> Sequence[InvoiceLine]:
    with shop.runtime.write() as ctx:
        papers.itemise(ctx, invoice, items)
    with shop.runtime.read() as ctx:
        return papers.lines(ctx, invoice)


def attach(shop: Shop, invoice: Invoice, name: str = "invoice.pdf", content: bytes = PDF) -> Attachment:
    with shop.runtime.write() as ctx:
        return papers.attach(ctx, invoice, name, content)


def test_it_keeps_lines_in_their_order(shop: Shop) -> None:
    lines = itemise(
        shop, shop.invoice(10_000), Item("Beans", Decimal("2.5"), 3_600), Item("Delivery", Decimal(1), 1_000)
    )
    assert [(line.description, str(line.quantity), line.amount_minor) for line in lines] == [
        ("Beans", "2.5", 9_000),
        ("Delivery", "1", 1_000),
    ]


def test_it_rounds_a_line_half_up(shop: Shop) -> None:
    (line,) = itemise(shop, shop.invoice(2), Item("Half a cent more", Decimal("1.5"), 1))
    assert line.amount_minor == 2


def test_it_takes_a_discount(shop: Shop) -> None:
    lines = itemise(shop, shop.invoice(900), Item("Beans", Decimal(1), 1_000), Item("Thank you", Decimal(1), -100))
    assert [line.amount_minor for line in lines] == [1_000, -100]


@pytest.mark.parametrize("total", [Money(5_500, "JPY"), Money(5_500, "KWD")])
def test_it_adds_up_in_any_currency(shop: Shop, total: Money) -> None:
    (line,) = itemise(shop, shop.invoice(total), Item("Tea", Decimal(11), 500))
    assert line.amount(total.currency) == total


def test_it_refuses_lines_that_do_not_add_up(shop: Shop) -> None:
    with pytest.raises(DomainError, match="lines_do_not_add_up"):
        itemise(shop, shop.invoice(10_000), Item("Beans", Decimal(1), 9_999))


@pytest.mark.parametrize("quantity", ["0", "-1", "0.0001", "NaN", "Infinity", "1e30"])
def test_it_refuses_a_quantity_that_is_none(shop: Shop, quantity: str) -> None:
    with pytest.raises(DomainError, match="bad_quantity"):
        itemise(shop, shop.invoice(10_000), Item("Beans", Decimal(quantity), 1, 10_000))


def test_it_drops_the_lines_of_another_total(shop: Shop) -> None:
    invoice = shop.invoice(10_000)
    itemise(shop, invoice, Item("Beans", Decimal(1), 10_000))
    shop.amend(invoice, usd(12_000))
    with shop.runtime.read() as ctx:
        assert papers.lines(ctx, invoice) == []


def test_it_amends_total_and_lines_together(shop: Shop) -> None:
    invoice = shop.invoice(10_000)
    with shop.runtime.write() as ctx:
        invoices.amend(ctx, invoice, usd(12_000), [Item("Beans", Decimal(2), 6_000)])
    with shop.runtime.read() as ctx:
        assert [line.amount_minor for line in papers.lines(ctx, invoice)] == [12_000]


@pytest.mark.parametrize(
    ("content", "kind"),
    [(PDF, "application/pdf"), (b"\x89PNG\r\n\x1a\n..", "image/png"), (b"\xff\xd8\xff\xe0..", "image/jpeg")],
)
def test_it_tells_a_file_by_its_first_bytes(shop: Shop, content: bytes, kind: str) -> None:
    assert attach(shop, shop.invoice(), "note.txt", content).content_type.value == kind


@pytest.mark.parametrize("content", [b"<svg onload=alert(1)>", b"PK\x03\x04", b"<!doctype html>"])
def test_it_keeps_nothing_that_a_browser_could_run(shop: Shop, content: bytes) -> None:
    with pytest.raises(DomainError, match="attachment_type"):
        attach(shop, shop.invoice(), "invoice.pdf", content)


@pytest.mark.parametrize("content", [b"", PDF.ljust(MAX_ATTACHMENT_BYTES + 1)])
def test_it_refuses_an_empty_or_a_huge_file(shop: Shop, content: bytes) -> None:
    with pytest.raises(DomainError, match="attachment_size"):
        attach(shop, shop.invoice(), content=content)


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("../../etc/passwd", "passwd"),
        ("C:\\tmp\\a.pdf", "a.pdf"),
        ("in\u202evoice\n.pdf", "invoice.pdf"),
        ("/", "file"),
    ],
)
def test_it_shows_a_name_and_no_path(shop: Shop, name: str, shown: str) -> None:
    assert attach(shop, shop.invoice(), name).name == shown


def test_it_finds_a_file_behind_its_own_invoice_only(shop: Shop) -> None:
    mine, other = shop.invoice(), shop.invoice()
    file = attach(shop, mine)
    with shop.runtime.read() as ctx:
        assert papers.attachment(ctx, mine, file.public_id).content == PDF
        with pytest.raises(DomainError, match="not_found"):
            papers.attachment(ctx, other, file.public_id)
