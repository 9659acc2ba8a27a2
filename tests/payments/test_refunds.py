"""Giving money back: the whole, a part, several parts at once; never above what was captured, never twice."""

from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from functools import partial

import pytest
import sqlalchemy as sa

from models.base import new_public_id
from models.errors import DomainError
from models.invoice import InvoiceStatus
from models.merchant import FeePayer
from models.money import Money
from models.payment import Method, Payment, PaymentStatus
from models.refund import Refund, RefundStatus
from payments import refunds
from payments.gateways.troubles import Trouble
from payments.settle import Alert
from tests.support.shop import Shop, usd

S = PaymentStatus
FIVE_MINUTES = timedelta(minutes=5)


def refund(
    shop: Shop, payment: Payment, amount: Money | None = None, key: str | None = None, reopens: bool = False
) -> Refund:
    key = key or new_public_id()
    return refunds.refund(
        shop.runtime, shop.payment(payment), amount, idempotency_key=key, announce=shop.announce, reopens=reopens
    )


def refusal(shop: Shop, payment: Payment, amount: Money | None = None) -> str:
    with pytest.raises(DomainError) as refused:
        refund(shop, payment, amount)
    return refused.value.code


def left(shop: Shop, payment: Payment) -> Money:
    with shop.runtime.read() as ctx:
        return refunds.refundable(ctx, shop.payment(payment))


def now(shop: Shop, one: Refund) -> Refund:
    with shop.runtime.read() as ctx:
        return ctx.session.get_one(Refund, one.id)


def test_it_gives_back_everything(shop: Shop) -> None:
    payment = shop.pay(shop.invoice())
    assert refund(shop, payment).status is RefundStatus.SUCCEEDED
    assert (shop.payment(payment).status, left(shop, payment)) == (S.REFUNDED, usd(0))


def test_it_asks_nobody_for_the_money_again(shop: Shop) -> None:
    invoice = shop.invoice()
    refund(shop, shop.pay(invoice))
    assert shop.now(invoice).status is InvoiceStatus.PAID


def test_it_opens_the_invoice_again_where_the_merchant_says_so(shop: Shop) -> None:
    invoice = shop.invoice()
    refund(shop, shop.pay(invoice), usd(4_000), reopens=True)
    assert (shop.now(invoice).status, shop.balance(invoice.id)) == (InvoiceStatus.OPEN, 4_000)


def test_it_books_both_sides(shop: Shop) -> None:
    payment = shop.pay(shop.invoice())
    refund(shop, payment, usd(4_000))
    assert shop.entries(payment)[2:] == [("clearing", -4_000), ("refunded", 4_000)]


def test_each_part_has_an_id_of_its_own(shop: Shop) -> None:
    payment = shop.pay(shop.invoice())
    parts = [refund(shop, payment, usd(3_000)) for _ in range(3)]
    assert len({part.provider_reference for part in parts}) == 3
    assert (shop.payment(payment).status, left(shop, payment)) == (S.SUCCEEDED, usd(1_000))


@pytest.mark.parametrize(
    ("amount", "code"),
    [
        (usd(10_001), "above_captured"),
        (usd(0), "bad_amount"),
        (usd(-1), "bad_amount"),
        (Money(100, "EUR"), "mixed_currencies"),
    ],
)
def test_it_refuses_what_is_no_part_of_it(shop: Shop, amount: Money, code: str) -> None:
    assert refusal(shop, shop.pay(shop.invoice()), amount) == code


def test_it_gives_nothing_back_twice(shop: Shop) -> None:
    payment = shop.pay(shop.invoice())
    refund(shop, payment)
    assert refusal(shop, payment) == "above_captured"


def test_it_refuses_money_that_has_not_arrived(shop: Shop) -> None:
    assert refusal(shop, shop.pay(shop.invoice(), method=Method.BANK)) == "not_captured"


def test_the_same_key_is_the_same_refund(shop: Shop) -> None:
    payment = shop.pay(shop.invoice())
    first, second = (refund(shop, payment, usd(2_000), key="same") for _ in range(2))
    assert (first.id, left(shop, payment)) == (second.id, usd(8_000))


def test_one_key_stands_for_one_amount(shop: Shop) -> None:
    payment = shop.pay(shop.invoice())
    refund(shop, payment, usd(2_000), key="same")
    with pytest.raises(DomainError, match="idempotency_mismatch"):
        refund(shop, payment, usd(2_001), key="same")


def test_many_hands_give_back_no_more_than_came(shop: Shop) -> None:
    payment = shop.pay(shop.invoice())
    answers = all_at_once([partial(refund, shop, payment, usd(3_000))] * 8)
    assert answers == {"done": 3, "above_captured": 5}
    assert left(shop, payment) == usd(1_000)


def all_at_once(hands: list[Callable[[], Refund]]) -> Counter[str]:
    def act(hand: Callable[[], Refund]) -> str:
        try:
            hand()
        except DomainError as refused:
            return refused.code
        return "done"

    with ThreadPoolExecutor(len(hands)) as pool:
        return Counter(pool.map(act, hands))


@pytest.mark.parametrize("currency", ["JPY", "KWD"])
def test_it_gives_back_any_minor_units(shop: Shop, currency: str) -> None:
    payment = shop.pay(shop.invoice(Money(1_001, currency)))
    refund(shop, payment, Money(501, currency))
    assert left(shop, payment) == Money(500, currency)


def test_it_gives_back_the_fee_last(shop: Shop) -> None:
    shop.allow(fee_payer=FeePayer.CUSTOMER, fee_basis_points=290)
    payment = shop.pay(shop.invoice(), shown_fee=usd(290))
    refund(shop, payment)
    assert shop.entries(payment)[3:] == [("clearing", -10_290), ("refunded", 10_000), ("fees", 290)]


def test_it_takes_unapplied_credit_first(shop: Shop) -> None:
    invoice = shop.invoice()
    begun = shop.press(shop.link(invoice))
    shop.void(invoice)
    shop.approve(begun)
    refund(shop, begun.payment, usd(4_000))
    assert shop.credit() == usd(6_000)


# --- that takes a while ----------------------------------------------------------------------------------------------
def debit(shop: Shop) -> Payment:
    payment = shop.pay(shop.invoice(), method=Method.BANK)
    pass_days(shop, 2)
    return payment


def pass_days(shop: Shop, days: int) -> None:
    shop.clock.advance(timedelta(days=days))
    shop.bank.settle_due()
    shop.delivery.flush()


def test_a_debit_is_refunded_a_day_later(shop: Shop) -> None:
    payment = debit(shop)
    pending = refund(shop, payment)
    assert (pending.status, shop.payment(payment).status) == (RefundStatus.PENDING, S.SUCCEEDED)
    pass_days(shop, 1)
    assert (now(shop, pending).status, shop.payment(payment).status) == (RefundStatus.SUCCEEDED, S.REFUNDED)


def test_what_is_being_refunded_cannot_be_refunded_again(shop: Shop) -> None:
    payment = debit(shop)
    refund(shop, payment, usd(6_000))
    assert refusal(shop, payment, usd(5_000)) == "above_captured"


def test_a_refund_that_fails_changes_nothing_and_is_told(shop: Shop) -> None:
    payment = shop.pay(shop.invoice())
    shop.bank.troubles.cause(Trouble.FAILS_REFUNDS, 1)
    failed = refund(shop, payment)
    assert (failed.status, failed.failure_code) == (RefundStatus.FAILED, "account_closed")
    assert (shop.payment(payment).status, left(shop, payment)) == (S.SUCCEEDED, usd(10_000))
    assert shop.settled[-1].alert is Alert.REFUND_FAILED


def test_a_refund_that_fails_later_is_taken_back(shop: Shop) -> None:
    invoice = shop.invoice()
    payment = shop.pay(invoice)
    done = refund(shop, payment, reopens=True)
    shop.bank.fail_refund(done.public_id)
    shop.delivery.flush()
    assert (shop.payment(payment).status, shop.now(invoice).status) == (S.SUCCEEDED, InvoiceStatus.PAID)
    assert left(shop, payment) == usd(10_000)


def test_money_of_a_failed_refund_that_no_invoice_takes_is_credit(shop: Shop) -> None:
    invoice = shop.invoice()
    done = refund(shop, shop.pay(invoice), reopens=True)
    shop.pay(invoice)
    shop.bank.fail_refund(done.public_id)
    shop.delivery.flush()
    assert shop.credit() == usd(10_000)


# --- that gets lost --------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("trouble", [Trouble.HANGS, Trouble.REFUNDS_THEN_HANGS, Trouble.DOWN])
def test_the_janitor_finds_out_and_the_money_leaves_once(shop: Shop, trouble: Trouble) -> None:
    payment = shop.pay(shop.invoice())
    shop.bank.troubles.cause(trouble, 1)
    lost = refund(shop, payment, usd(4_000))
    assert lost.status is RefundStatus.PENDING

    shop.clock.advance(FIVE_MINUTES)
    refunds.resolve_due(shop.runtime, shop.announce)
    shop.delivery.flush()
    assert (now(shop, lost).status, left(shop, payment)) == (RefundStatus.SUCCEEDED, usd(6_000))
    assert len(of(shop, payment)) == 1


def of(shop: Shop, payment: Payment) -> list[Refund]:
    with shop.runtime.read() as ctx:
        return list(ctx.session.scalars(sa.select(Refund).where(Refund.payment_id == payment.id)))


def test_a_refund_made_at_the_provider_is_kept_as_well(shop: Shop) -> None:
    from_elsewhere = shop.pay(shop.invoice())
    shop.tell_refund(from_elsewhere, "re_1", usd(2_500))
    shop.tell_refund(from_elsewhere, "re_1", usd(2_500))
    assert (left(shop, from_elsewhere), len(of(shop, from_elsewhere))) == (usd(7_500), 1)
