"""Made-up merchants, customers and invoices: every state, a ledger that proves, the same again for the same seed."""

import re
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from models.base import Base
from models.consent import Consent
from models.customer import Channel, ContactPoint, Customer
from models.customer_word import CustomerWord
from models.database import Database
from models.errors import DomainError
from models.invoice import Invoice, InvoiceStatus
from models.merchant import ApiKey
from models.papers import InvoiceLine
from models.payment import Method, Payment, PaymentStatus
from payments import audit, ledger
from tests.support.databases import sqlite_url
from tests.support.workers import sibling_url
from web.seeding import SeededMerchant, Size, crowd, sow

NOW = datetime(2026, 6, 19, 21, 30, tzinfo=UTC)
SIZE = Size(invoices=400, merchants=3)
FICTION = re.compile(r"\+1\d{3}55501\d{2}")


class Field:
    """A seeded database, and what the sower told of it."""

    def __init__(self, database: Database, size: Size = SIZE) -> None:
        Base.metadata.create_all(database.engine)
        self.database = database
        self.grown: list[int] = []
        self.seeded = sow(database, NOW, size, self.grown.append)

    def rows(self, query: sa.Executable) -> Sequence[Any]:
        with self.database.read() as session:
            return session.scalars(query).all()

    def first_customer(self, merchant: SeededMerchant) -> Customer:
        theirs = sa.select(Customer).where(Customer.merchant_id == merchant.row["id"])
        found: Customer = self.rows(theirs.order_by(Customer.id).limit(1))[0]
        return found

    def addresses(self, customer: Customer, channel: Channel) -> Sequence[str]:
        points = sa.select(ContactPoint.address).where(ContactPoint.channel == channel)
        return self.rows(points.where(ContactPoint.customer_id == customer.id))


@pytest.fixture(scope="module")
def field(database_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Field]:
    with sibling_url(database_url, tmp_path_factory.mktemp("seeding"), "seeding") as url:
        database = Database(url)
        yield Field(database)
        database.dispose()


def test_it_keeps_books_that_prove(field: Field) -> None:
    with field.database.read() as session:
        assert audit.verify(session) == []


def test_it_makes_as_many_invoices_as_asked(field: Field) -> None:
    assert len(field.rows(sa.select(Invoice.id))) == SIZE.invoices == sum(field.grown)


def test_it_shows_every_state_of_an_invoice(field: Field) -> None:
    assert set(field.rows(sa.select(Invoice.status))) == set(InvoiceStatus)


def test_it_has_invoices_overdue_due_today_and_due_later(field: Field) -> None:
    open_ones = sa.select(Invoice.due_on).where(Invoice.status == InvoiceStatus.OPEN)
    today = NOW.date()
    assert {(due > today) - (due < today) for due in field.rows(open_ones)} == {-1, 0, 1}


def test_it_has_invoices_paid_in_part(field: Field) -> None:
    partly = (Invoice.status == InvoiceStatus.OPEN) & (Invoice.balance_minor < Invoice.total_minor)
    assert field.rows(sa.select(Invoice.id).where(partly))


def test_it_has_one_bank_payment_under_way_and_one_returned(field: Field) -> None:
    statuses = field.rows(sa.select(Payment.status).where(Payment.method == Method.BANK))
    assert [statuses.count(status) for status in (PaymentStatus.PROCESSING, PaymentStatus.RETURNED)] == [1, 1]


def test_it_gives_every_succeeded_payment_a_receipt(field: Field) -> None:
    succeeded = field.rows(sa.select(Payment).where(Payment.status == PaymentStatus.SUCCEEDED))
    with field.database.read() as session:
        assert [p.id for p in succeeded if ledger.capture_of(session, p) is None] == []


def test_it_uses_two_currencies_and_two_languages(field: Field) -> None:
    assert set(field.rows(sa.select(Invoice.currency))) == {"USD", "EUR"}
    assert set(field.rows(sa.select(Customer.locale))) == {"en", "es"}


def test_it_begins_each_merchant_with_someone_easy(field: Field) -> None:
    for merchant in field.seeded:
        first = field.first_customer(merchant)
        assert first.locale == "en"
        mailboxes = field.addresses(first, Channel.EMAIL)
        assert len(mailboxes) == (1 if mailboxes[0].endswith("@crowd.example") else 2)
        owed = sa.select(Invoice.id).where(Invoice.customer_id == first.id, Invoice.status == InvoiceStatus.OPEN)
        assert len(field.rows(owed)) >= 3


def test_it_lets_every_customer_be_found_by_name(field: Field) -> None:
    unfound = sa.select(Customer.name).where(Customer.id.not_in(sa.select(CustomerWord.customer_id)))
    assert field.rows(unfound) == []


def test_it_gives_the_first_customers_a_phone_of_their_own(field: Field) -> None:
    for merchant in field.seeded:
        (phone,) = field.addresses(field.first_customer(merchant), Channel.SMS)
        assert len(field.rows(sa.select(ContactPoint.id).where(ContactPoint.address == phone))) == 1


@pytest.mark.parametrize("channel", [Channel.SMS, Channel.EMAIL])
def test_it_shares_addresses_between_customers(field: Field, channel: Channel) -> None:
    points = sa.select(ContactPoint.merchant_id, ContactPoint.address).where(ContactPoint.channel == channel)
    shared = points.group_by(ContactPoint.merchant_id, ContactPoint.address).having(sa.func.count() > 1)
    assert field.rows(shared)


def test_it_gives_some_customers_two_phones(field: Field) -> None:
    phones = sa.select(ContactPoint.customer_id).where(ContactPoint.channel == Channel.SMS)
    assert field.rows(phones.group_by(ContactPoint.customer_id).having(sa.func.count() == 2))


def test_it_uses_only_numbers_kept_for_fiction(field: Field) -> None:
    phones = field.rows(sa.select(ContactPoint.address).where(ContactPoint.channel == Channel.SMS))
    assert [phone for phone in phones if FICTION.fullmatch(phone) is None] == []


def test_it_records_where_each_consent_came_from(field: Field) -> None:
    assert set(field.rows(sa.select(Consent.source))) == {"seed"}


def test_it_hands_out_keys_that_work(field: Field) -> None:
    for merchant in field.seeded:
        (key,) = field.rows(sa.select(ApiKey).where(ApiKey.merchant_id == merchant.row["id"]))
        assert key.accepts(merchant.api_key.split("_", 3)[3])


def test_it_leaves_the_keys_of_later_rows_free(field: Field) -> None:
    with field.database.write() as session:
        newcomer = Customer(merchant_id=field.seeded[0].row["id"], name="Alice", created_at=NOW)
        session.add(newcomer)
        session.flush()
        assert newcomer.id > len(field.seeded[0].customers)
        session.rollback()


def test_it_refuses_to_sow_twice(field: Field) -> None:
    with pytest.raises(DomainError, match="already_seeded"):
        sow(field.database, NOW, Size(), lambda _count: None)


def test_it_makes_the_same_rows_again_and_other_secrets(tmp_path: Path) -> None:
    fields = []
    for name in ("one", "other"):
        (tmp_path / name).mkdir()
        fields.append(Field(Database(sqlite_url(tmp_path / name)), Size(invoices=60)))
    one, other = (
        [(row.number, row.total_minor, row.status, row.due_on) for row in field.rows(sa.select(Invoice))]
        for field in fields
    )
    assert one == other
    assert fields[0].seeded[0].row["twilio_auth_token"] != fields[1].seeded[0].row["twilio_auth_token"]
    for field in fields:
        field.database.dispose()


def test_it_makes_other_invoices_from_another_seed() -> None:
    shop = crowd.shops(Size())[0]
    assert list(crowd.papers(Size(seed=1), 0, shop)) != list(crowd.papers(Size(seed=2), 0, shop))


def test_it_grows_a_customer_for_every_fifteen_invoices() -> None:
    assert sum(len(shop.customers) for shop in crowd.shops(Size(invoices=3_000))) == 200


def test_it_gives_every_invoice_lines_that_add_up(field: Field) -> None:
    added = sa.func.coalesce(sa.func.sum(InvoiceLine.amount_minor), 0)
    wrong = (
        sa.select(Invoice.number)
        .outerjoin(InvoiceLine, InvoiceLine.invoice_id == Invoice.id)
        .group_by(Invoice.id, Invoice.number, Invoice.total_minor)
        .having(added != Invoice.total_minor)
    )
    assert field.rows(wrong) == []
