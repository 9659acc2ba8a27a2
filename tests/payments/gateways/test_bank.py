from dataclasses import replace
from datetime import timedelta

import pytest

from models.errors import DomainError, ProviderError
from models.payment import Method, PaymentStatus
from payments.gateways import pretend
from payments.gateways.bank import Status
from payments.gateways.pretend import Outcome
from payments.gateways.troubles import Trouble
from tests.support.shop import WANTED, Shop, usd

DAY = timedelta(days=1)


def test_the_same_reference_starts_one_payment(shop: Shop) -> None:
    assert shop.gateway.start(WANTED) == shop.gateway.start(WANTED)


def test_a_reference_is_for_one_payment_only(shop: Shop) -> None:
    shop.gateway.start(WANTED)

    with pytest.raises(ProviderError, match="idempotency_mismatch"):
        shop.gateway.start(replace(WANTED, amount=usd(1)))


def test_it_shows_the_bank_what_its_pages_need(shop: Shop) -> None:
    session = shop.bank.session(shop.gateway.start(WANTED).provider_reference)

    assert (session.payee, session.short_reference, session.amount) == ("Acme", "HF7Q2K", usd(10_000))


def test_an_unknown_page_is_not_found(shop: Shop) -> None:
    with pytest.raises(DomainError, match="not_found"):
        shop.bank.session("nothing")


def test_a_closed_attempt_cannot_be_confirmed(shop: Shop) -> None:
    started = shop.gateway.start(WANTED)

    assert shop.gateway.cancel(WANTED.reference, started.provider_reference)
    assert shop.bank.confirm(started.provider_reference, "visa").status is Status.CANCELLED


def test_a_confirmed_attempt_cannot_be_closed(shop: Shop) -> None:
    started = shop.gateway.start(WANTED)
    shop.bank.confirm(started.provider_reference, "visa")

    assert not shop.gateway.cancel(WANTED.reference, started.provider_reference)


def test_closing_a_payment_that_never_arrived_keeps_it_out(shop: Shop) -> None:
    assert shop.gateway.cancel(WANTED.reference, None)
    with pytest.raises(ProviderError, match="session_closed"):
        shop.gateway.start(WANTED)


def test_it_fetches_nothing_before_the_owner_decides(shop: Shop) -> None:
    shop.gateway.start(WANTED)

    assert shop.gateway.fetch(WANTED.reference, None) is None


def test_a_page_closes_when_its_time_is_over(shop: Shop) -> None:
    started = shop.gateway.start(WANTED)
    shop.clock.advance(timedelta(minutes=30))

    assert shop.bank.confirm(started.provider_reference, "visa").failure_code == "expired"


@pytest.mark.parametrize(
    ("choice", "code"), [("declined", "card_declined"), ("no-funds", "insufficient_funds"), ("expired", "expired_card")]
)
def test_cards_decline_in_their_own_words(shop: Shop, choice: str, code: str) -> None:
    payment = shop.pay(shop.invoice(), choice=choice)

    assert (payment.status, payment.failure_code, payment.method_label) == (
        PaymentStatus.FAILED,
        code,
        f"Visa {pretend.find(Method.CARD, choice).ending}",
    )


def test_a_card_can_ask_for_one_more_confirmation(shop: Shop) -> None:
    begun = shop.press(shop.link(shop.invoice()))

    assert shop.approve(begun, "challenge").challenged
    assert shop.approve(begun, "challenge").status is Status.SUCCEEDED


def test_a_card_can_answer_late(shop: Shop) -> None:
    payment = shop.pay(shop.invoice(), choice="late")
    shop.clock.advance(timedelta(minutes=2))
    shop.delivery.flush()

    assert (payment.status, shop.payment(payment).status) == (PaymentStatus.SUBMITTED, PaymentStatus.SUCCEEDED)


def test_a_network_account_can_be_empty(shop: Shop) -> None:
    assert shop.pay(shop.invoice(), method=Method.NETWORK, choice="empty").failure_code == "insufficient_funds"


def test_an_account_is_chosen_from_the_list(shop: Shop) -> None:
    started = shop.gateway.start(WANTED)

    with pytest.raises(DomainError, match="choice_unknown"):
        shop.bank.confirm(started.provider_reference, "4242424242424242")


def test_going_back_ends_the_attempt(shop: Shop) -> None:
    begun = shop.press(shop.link(shop.invoice()))
    shop.bank.decline(begun.payment.provider_reference or "")
    shop.delivery.flush()

    assert shop.payment(begun.payment).status is PaymentStatus.CANCELLED


@pytest.mark.parametrize(
    ("institution", "account", "days", "status", "code"),
    [
        ("first-harbor", "checking", 2, PaymentStatus.SUCCEEDED, None),
        ("first-harbor", "savings", 2, PaymentStatus.FAILED, "R01"),
        ("pinewood", "closed", 1, PaymentStatus.FAILED, "R02"),
        ("pinewood", "missing", 1, PaymentStatus.FAILED, "R03"),
        ("lakeside", "disputed", 3, PaymentStatus.SUCCEEDED, None),
        ("lakeside", "disputed", 43, PaymentStatus.RETURNED, "R10"),
    ],
)
def test_bank_accounts_take_days(
    shop: Shop, institution: str, account: str, days: int, status: PaymentStatus, code: str | None
) -> None:
    begun = shop.press(shop.link(shop.invoice()), Method.BANK)
    shop.approve(begun, account, institution)
    shop.clock.advance(days * DAY)
    shop.bank.settle_due()
    shop.delivery.flush()

    payment = shop.payment(begun.payment)
    assert (payment.status, payment.failure_code) == (status, code)


def test_a_debit_can_be_sent_back_before_it_settles(shop: Shop) -> None:
    payment = shop.pay(shop.invoice(), method=Method.BANK)
    shop.bank.send_back(payment.public_id, "R01")
    shop.delivery.flush()

    assert shop.payment(payment).status is PaymentStatus.FAILED


def test_only_money_that_is_there_can_be_sent_back(shop: Shop) -> None:
    with pytest.raises(DomainError, match="not_returnable"):
        shop.bank.send_back("nothing")


def test_every_outcome_can_be_chosen_somewhere() -> None:
    accounts = [*pretend.CARDS, *pretend.NETWORK_ACCOUNTS, *(a for i in pretend.INSTITUTIONS for a in i.accounts)]

    assert {account.outcome for account in accounts} == set(Outcome)


def test_a_trouble_strikes_as_often_as_it_was_told(shop: Shop) -> None:
    shop.bank.troubles.cause(Trouble.DOWN, 2)

    for _ in range(2):
        with pytest.raises(ProviderError, match="unreachable"):
            shop.gateway.fetch("r", None)
    assert shop.gateway.fetch("r", None) is None


def test_a_trouble_without_number_lasts(shop: Shop) -> None:
    shop.bank.troubles.cause(Trouble.DOWN)

    for _ in range(3):
        with pytest.raises(ProviderError):
            shop.gateway.fetch("r", None)


def test_the_next_card_can_be_made_to_decline(shop: Shop) -> None:
    shop.bank.troubles.cause(Trouble.DECLINES_CARDS, 1)
    outcomes = [shop.pay(shop.invoice()).status for _ in range(2)]

    assert outcomes == [PaymentStatus.FAILED, PaymentStatus.SUCCEEDED]


def test_a_slow_bank_still_answers(shop: Shop) -> None:
    shop.bank.troubles.cause(Trouble.SLOW, 1)

    assert shop.gateway.start(WANTED).redirect_url
