"""Accounts kept for the next time: whose, when, and when never again."""

from datetime import timedelta

import pytest

from models.errors import DomainError
from models.payment import Method, Payment, PaymentStatus
from models.saved_account import SavedAccount
from payments import accounts
from tests.support.shop import Shop, usd


def kept(shop: Shop, customer_id: int | None = None) -> list[SavedAccount]:
    with shop.runtime.read() as ctx:
        return list(accounts.of(ctx, customer_id or shop.alice_id))


def save(shop: Shop, method: Method = Method.BANK, choice: str | None = None, bank: str | None = None) -> Payment:
    begun = shop.press(shop.link(shop.invoice()), method, saves_account=True)
    shop.approve(begun, choice, bank)
    return shop.payment(begun.payment)


def pay_again(shop: Shop, account: SavedAccount, method: Method = Method.BANK) -> Payment:
    begun = shop.press(shop.link(shop.invoice(700)), method, saved_account=account.public_id)
    shop.delivery.flush()
    return shop.payment(begun.payment)


def test_it_keeps_what_people_know_it_by_and_nothing_else(shop: Shop) -> None:
    save(shop)
    (account,) = kept(shop)
    assert (account.name, account.last4, account.method) == ("First Harbor", "6789", Method.BANK)
    assert account.token.startswith("ba_")


def test_it_keeps_nothing_unless_asked(shop: Shop) -> None:
    shop.pay(shop.invoice(), method=Method.BANK)
    assert kept(shop) == []


def test_it_keeps_no_card_that_was_declined(shop: Shop) -> None:
    save(shop, Method.CARD, "declined")
    assert kept(shop) == []


def test_it_pays_without_a_page_of_the_banks(shop: Shop) -> None:
    save(shop, Method.CARD)
    begun = shop.press(shop.link(shop.invoice(700)), saved_account=kept(shop)[0].public_id)
    shop.delivery.flush()
    assert "/bank/" not in str(begun.redirect_url)
    assert shop.payment(begun.payment).status is PaymentStatus.SUCCEEDED
    assert shop.bank.captures()[-1] == (begun.payment.public_id, usd(700))


def test_a_saved_account_settles_like_any_other(shop: Shop) -> None:
    save(shop)
    assert pay_again(shop, kept(shop)[0]).status is PaymentStatus.PROCESSING


def test_the_same_account_is_kept_once(shop: Shop) -> None:
    save(shop, Method.CARD)
    pay_again(shop, kept(shop)[0], Method.CARD)
    assert len(kept(shop)) == 1


def test_it_is_nobody_elses(shop: Shop) -> None:
    save(shop)
    bob = shop.customer("Bob")
    assert kept(shop, bob) == []
    with pytest.raises(DomainError, match="not_found"):
        shop.press(shop.link(shop.invoice(customer_id=bob)), Method.BANK, saved_account=kept(shop)[0].public_id)


def test_it_is_not_used_as_something_else(shop: Shop) -> None:
    save(shop)
    with pytest.raises(DomainError, match="not_found"):
        shop.press(shop.link(shop.invoice()), Method.CARD, saved_account=kept(shop)[0].public_id)


def test_a_removed_one_is_gone_here_and_at_the_bank(shop: Shop) -> None:
    payment = save(shop)
    (account,) = kept(shop)
    accounts.remove(shop.runtime, shop.alice_id, account.public_id)
    assert kept(shop) == []
    assert shop.bank.saved_in(payment.provider_reference or "") is None
    with pytest.raises(DomainError, match="not_found"):
        pay_again(shop, account)


def test_only_its_owner_removes_it(shop: Shop) -> None:
    save(shop)
    with pytest.raises(DomainError, match="not_found"):
        accounts.remove(shop.runtime, shop.customer("Bob"), kept(shop)[0].public_id)


@pytest.mark.parametrize("code", ["R02", "R03", "R10"])
def test_it_is_never_used_again_after_the_bank_said_no_for_good(shop: Shop, code: str) -> None:
    payment = save(shop)
    shop.bank.send_back(payment.public_id, code)
    shop.delivery.flush()
    assert kept(shop) == []


def test_it_holds_when_there_was_only_too_little_money(shop: Shop) -> None:
    payment = save(shop)
    shop.bank.send_back(payment.public_id, "R01")
    shop.delivery.flush()
    assert len(kept(shop)) == 1


def test_a_later_return_blocks_it_as_well(shop: Shop) -> None:
    save(shop)
    again = pay_again(shop, kept(shop)[0])
    shop.clock.advance(timedelta(days=2))
    shop.bank.settle_due()
    shop.bank.send_back(again.public_id, "R10")
    shop.delivery.flush()
    assert kept(shop) == []


def test_it_is_never_used_again_after_a_dispute(shop: Shop) -> None:
    payment = save(shop, Method.CARD)
    shop.bank.dispute(payment.public_id)
    shop.delivery.flush()
    assert kept(shop) == []
