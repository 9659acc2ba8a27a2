from decimal import Decimal

import pytest
import sqlalchemy as sa

from models import guards
from models.consent import Consent
from models.errors import DomainError
from models.invoice import Invoice, InvoiceStatus
from models.ledger import Account, LedgerEntry
from models.money import Money
from models.payment import Method
from payments import audit, ledger
from payments.audit import Fault
from tests.support.shop import NOW, Shop, usd


def test_an_issued_invoice_is_owed(shop: Shop) -> None:
    invoice = shop.invoice(12_345)

    with shop.runtime.read() as ctx:
        assert ledger.balance(ctx.session, invoice.id) == usd(12_345)


def test_it_issues_only_once(shop: Shop) -> None:
    invoice = shop.invoice()

    with shop.runtime.write() as ctx, pytest.raises(DomainError, match="invoice_state"):
        ledger.issue(ctx, ctx.session.get_one(Invoice, invoice.id))


def test_a_voided_invoice_is_owed_no_more(shop: Shop) -> None:
    invoice = shop.invoice()
    shop.void(invoice)

    assert (shop.now(invoice).status, shop.now(invoice).balance_minor) == (InvoiceStatus.VOID, 0)


def test_it_voids_only_once(shop: Shop) -> None:
    invoice = shop.invoice()
    shop.void(invoice)

    with pytest.raises(DomainError, match="invoice_state"):
        shop.void(invoice)


@pytest.mark.parametrize("total", [8_000, 12_000])
def test_an_edit_changes_what_is_owed(shop: Shop, total: int) -> None:
    invoice = shop.invoice(10_000)
    shop.amend(invoice, usd(total))

    assert (shop.now(invoice).balance_minor, shop.now(invoice).version) == (total, 2)


def test_an_edit_never_goes_below_what_is_paid(shop: Shop) -> None:
    invoice = shop.invoice(10_000)
    begun = shop.press(shop.link(invoice))
    shop.amend(invoice, usd(12_000))
    shop.approve(begun)

    with pytest.raises(DomainError, match="below_paid"):
        shop.amend(invoice, usd(10_000))


def test_an_edit_keeps_the_currency(shop: Shop) -> None:
    invoice = shop.invoice()

    with pytest.raises(DomainError, match="mixed_currencies"):
        shop.amend(invoice, Money(100, "EUR"))


def test_voiding_keeps_what_was_paid(shop: Shop) -> None:
    invoice = shop.invoice(10_000)
    begun = shop.press(shop.link(invoice))
    shop.amend(invoice, usd(12_000))
    shop.approve(begun)
    shop.void(invoice)

    assert shop.now(invoice).balance_minor == 0


@pytest.mark.parametrize(("text", "currency", "minor"), [("500", "JPY", 500), ("5", "USD", 500), ("0.5", "KWD", 500)])
def test_it_charges_the_currencys_own_minor_units(shop: Shop, text: str, currency: str, minor: int) -> None:
    shop.pay(shop.invoice(Money.of(Decimal(text), currency)))

    assert [amount for _, amount in shop.bank.captures()] == [Money(minor, currency)]


def test_three_shares_of_a_hundred_are_a_hundred(shop: Shop) -> None:
    payment = shop.pay(*(shop.invoice(share) for share in usd(10_000).split(3)))

    assert payment.amount == usd(10_000)


@pytest.mark.parametrize("table", ["ledger_entry", "payment_event", "consent"])
@pytest.mark.parametrize("change", ["UPDATE {} SET created_at = created_at", "DELETE FROM {}"])
def test_the_database_itself_refuses_to_rewrite_history(shop: Shop, table: str, change: str) -> None:
    shop.pay(shop.invoice())
    with shop.runtime.write() as ctx:
        who = {"merchant_id": shop.merchant_id, "channel": "sms", "address": "+15550142"}
        ctx.session.add(Consent(**who, act="granted", source="keyword", created_at=NOW))

    with pytest.raises(sa.exc.IntegrityError, match="append-only"), shop.runtime.write() as ctx:
        ctx.session.execute(sa.text(change.format(table)))


def test_migrations_know_every_guarded_table() -> None:
    assert sorted(guards.APPEND_ONLY) == [
        "audit_entry",
        "consent",
        "ledger_entry",
        "payment_event",
        "template_version",
        "terms_acceptance",
        "terms_text",
    ]


class TestVerify:
    """Each test breaks something, and looks only inside the transaction that it then undoes."""

    def faults(self, shop: Shop, *rows: object, **drift: int) -> set[Fault]:
        invoice = shop.invoice()
        with shop.runtime.write() as ctx:
            ctx.session.add_all(rows)
            if drift:
                ctx.session.execute(sa.update(Invoice).where(Invoice.id == invoice.id).values(**drift))
            ctx.session.flush()
            found = {d.fault for d in audit.verify(ctx.session, shop.merchant_id)}
            ctx.session.rollback()
        return found

    def entry(self, shop: Shop, account: Account, amount: int, **fields: object) -> LedgerEntry:
        which = {"merchant_id": shop.merchant_id, "journal": "j", "currency": "USD", "created_at": NOW} | fields
        return LedgerEntry(account=account, amount_minor=amount, **which)

    def test_it_finds_a_balance_without_entries(self, shop: Shop) -> None:
        assert self.faults(shop, balance_minor=9_999) == {Fault.DRIFTED}

    def test_it_finds_half_a_journal(self, shop: Shop) -> None:
        assert self.faults(shop, self.entry(shop, Account.CLEARING, 1)) == {Fault.UNBALANCED}

    def test_it_finds_credit_that_never_was(self, shop: Shop) -> None:
        pair = [
            self.entry(shop, Account.CREDIT, 1, customer_id=shop.alice_id),
            self.entry(shop, Account.CLEARING, -1, customer_id=shop.alice_id),
        ]

        assert self.faults(shop, *pair) == {Fault.OVERDRAWN}

    def test_it_finds_an_entry_in_the_wrong_currency(self, shop: Shop) -> None:
        invoice = shop.invoice()
        pair = [self.entry(shop, Account.REVENUE, n, invoice_id=invoice.id, currency="EUR") for n in (1, -1)]

        assert self.faults(shop, *pair) == {Fault.MISFILED}

    def test_it_finds_an_overdrawn_payment(self, shop: Shop) -> None:
        payment = shop.pay(shop.invoice(), method=Method.NETWORK)
        pair = [self.entry(shop, account, n, payment_id=payment.id) for account, n in OVERDRAFT]

        assert self.faults(shop, *pair) == {Fault.OVERDRAWN}


OVERDRAFT = ((Account.CLEARING, -10_001), (Account.REVENUE, 10_001))
