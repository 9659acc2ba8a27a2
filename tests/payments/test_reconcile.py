from datetime import timedelta

import pytest

from models.errors import DomainError
from models.invoice import InvoiceStatus
from models.payment import OPEN_STATUSES, Method, Payment, PaymentStatus
from payments import reconcile, schedule
from payments.begin import PaymentInFlight
from payments.gateways.troubles import Trouble
from tests.support.shop import Shop

FIVE_MINUTES, HALF_AN_HOUR, DAY = timedelta(minutes=5), timedelta(minutes=30), timedelta(days=1)


def after(shop: Shop, pause: timedelta) -> None:
    shop.clock.advance(pause)
    reconcile.resolve_due(shop.runtime, shop.announce)


def unknown(shop: Shop, trouble: Trouble) -> Payment:
    shop.bank.troubles.cause(trouble, 1)
    return shop.press(shop.link(shop.invoice())).payment


def test_a_charge_behind_a_time_out_is_found(shop: Shop) -> None:
    payment = unknown(shop, Trouble.CHARGES_THEN_HANGS)
    after(shop, FIVE_MINUTES)

    assert (shop.payment(payment).status, len(shop.bank.captures())) == (PaymentStatus.SUCCEEDED, 1)


def test_nobody_can_pay_again_before_it_is_found(shop: Shop) -> None:
    invoice = shop.invoice()
    shop.bank.troubles.cause(Trouble.CHARGES_THEN_HANGS, 1)
    shop.press(shop.link(invoice))
    shop.clock.advance(FIVE_MINUTES)

    with pytest.raises(PaymentInFlight):
        shop.press(shop.link(invoice))


def test_an_unknown_start_that_never_was_is_ended(shop: Shop) -> None:
    payment = unknown(shop, Trouble.HANGS)
    after(shop, FIVE_MINUTES)

    assert shop.payment(payment).status is PaymentStatus.CANCELLED


def test_a_start_that_arrives_after_it_was_ended_opens_nothing(shop: Shop) -> None:
    payment = unknown(shop, Trouble.HANGS)
    after(shop, FIVE_MINUTES)

    assert shop.bank.refuse(payment.public_id)
    assert shop.bank.find(payment.public_id) is None


def test_it_asks_nobody_before_the_time(shop: Shop) -> None:
    payment = unknown(shop, Trouble.CHARGES_THEN_HANGS)
    after(shop, FIVE_MINUTES - timedelta(seconds=1))

    assert shop.payment(payment).status is PaymentStatus.UNKNOWN


def test_it_keeps_asking_while_the_provider_is_away(shop: Shop) -> None:
    payment = unknown(shop, Trouble.CHARGES_THEN_HANGS)
    shop.bank.troubles.cause(Trouble.DOWN)
    after(shop, FIVE_MINUTES)
    shop.bank.troubles.end(Trouble.DOWN)
    after(shop, timedelta(hours=1))

    assert shop.payment(payment).status is PaymentStatus.SUCCEEDED


def test_it_finds_a_success_whose_event_was_lost(shop: Shop) -> None:
    invoice = shop.invoice()
    shop.approve(shop.press(shop.link(invoice)), "silent")
    after(shop, FIVE_MINUTES)

    assert shop.now(invoice).status is InvoiceStatus.PAID


def test_it_announces_what_it_finds(shop: Shop) -> None:
    unknown(shop, Trouble.CHARGES_THEN_HANGS)
    after(shop, FIVE_MINUTES)

    assert [settlement.became for settlement in shop.settled] == [PaymentStatus.SUCCEEDED]


def test_it_leaves_an_open_page_open(shop: Shop) -> None:
    begun = shop.press(shop.link(shop.invoice()))
    after(shop, FIVE_MINUTES)
    shop.approve(begun)

    assert shop.payment(begun.payment).status is PaymentStatus.SUCCEEDED


def test_it_ends_a_page_that_nobody_confirmed(shop: Shop) -> None:
    begun = shop.press(shop.link(shop.invoice()))
    after(shop, FIVE_MINUTES)
    after(shop, HALF_AN_HOUR)

    assert shop.payment(begun.payment).status is PaymentStatus.CANCELLED


def test_it_finds_a_debit_that_settled_in_silence(shop: Shop) -> None:
    payment = shop.pay(shop.invoice(), method=Method.BANK)
    shop.clock.advance(2 * DAY)
    shop.bank.settle_due()
    after(shop, timedelta())

    assert shop.payment(payment).status is PaymentStatus.SUCCEEDED


def test_it_gives_up_only_after_the_whole_schedule(shop: Shop) -> None:
    payment = shop.pay(shop.invoice(), method=Method.BANK)
    for pause in schedule.CHECKS[PaymentStatus.PROCESSING]:
        after(shop, pause)

    assert (shop.payment(payment).status, shop.payment(payment).next_check_at) == (PaymentStatus.PROCESSING, None)


def test_a_customer_who_is_back_early_can_be_told(shop: Shop) -> None:
    begun = shop.press(shop.link(shop.invoice()))
    shop.approve(begun, "silent")

    settlement = reconcile.refresh(shop.runtime, begun.payment, shop.announce)

    assert settlement is not None
    assert settlement.became is PaymentStatus.SUCCEEDED


def test_every_open_status_has_a_schedule() -> None:
    assert set(schedule.CHECKS) == OPEN_STATUSES - {PaymentStatus.CREATED}


def test_a_dead_process_leaves_no_invoice_behind(shop: Shop) -> None:
    """It died between the commit and the provider."""
    invoice = shop.invoice()
    begun = shop.press(shop.link(invoice))
    with shop.runtime.write() as ctx:
        attempt = ctx.session.get_one(Payment, begun.payment.id)
        attempt.redirect_url, attempt.provider_reference = None, None
    shop.clock.advance(timedelta(seconds=30))
    with pytest.raises(DomainError, match="payment_in_flight"):
        shop.press(shop.link(invoice), Method.NETWORK)
    shop.clock.advance(timedelta(seconds=31))

    assert shop.press(shop.link(invoice), Method.NETWORK).redirect_url is not None
