from datetime import timedelta

import pytest

from models.errors import DomainError
from models.money import Money
from models.payment import Method, Payment, PaymentStatus
from payments import attempts, begin, links
from payments.begin import PaymentInFlight
from payments.gateways.troubles import Trouble
from tests.support.shop import Shop, usd


def refusal(shop: Shop, *args: object, **kwargs: object) -> str:
    with pytest.raises(DomainError) as refused:
        shop.press(*args, **kwargs)  # type: ignore[arg-type]
    return refused.value.code


def test_it_sends_the_customer_to_the_provider(shop: Shop) -> None:
    begun = shop.press(shop.link(shop.invoice()))

    assert begun.redirect_url == f"https://till.example/bank/{begun.payment.provider_reference}"


def test_it_takes_amount_and_payee_from_the_database(shop: Shop) -> None:
    begun = shop.press(shop.link(shop.invoice(10_000), shop.invoice(2_345)))

    session = shop.bank.find(begun.payment.public_id)
    assert session is not None
    assert (session.amount, session.payee) == (usd(12_345), "Acme")


def test_it_pays_several_invoices_at_once(shop: Shop) -> None:
    first, second = shop.invoice(), shop.invoice(500)

    shop.pay(first, second)

    assert [shop.now(i).status for i in (first, second)] == ["paid", "paid"]


def test_it_refuses_an_amount_that_was_not_shown(shop: Shop) -> None:
    link = shop.link(shop.invoice())

    assert refusal(shop, link, total=usd(1)) == "amount_changed"


def test_it_refuses_another_currency(shop: Shop) -> None:
    link = shop.link(shop.invoice())

    assert refusal(shop, link, total=Money(10_000, "EUR")) == "amount_changed"


def test_it_refuses_the_same_total_made_of_other_invoices(shop: Shop) -> None:
    first, second = shop.invoice(600), shop.invoice(400)
    link = shop.link(first, second)
    seen = shop.view(link)
    shop.amend(first, usd(700))
    shop.amend(second, usd(300))

    with pytest.raises(DomainError, match="amount_changed"):
        begin.begin(
            shop.runtime,
            shop.token(link),
            Method.CARD,
            idempotency_key="k",
            shown_total=seen.total,
            shown_version=seen.version,
        )


def test_it_asks_again_after_an_edit_and_then_charges_the_new_amount(shop: Shop) -> None:
    invoice = shop.invoice(10_000)
    link = shop.link(invoice)
    shop.amend(invoice, usd(8_000))

    assert refusal(shop, link, total=usd(10_000)) == "amount_changed"
    assert shop.press(link, total=usd(8_000)).payment.amount == usd(8_000)


def test_an_open_attempt_for_the_old_amount_is_not_taken_up(shop: Shop) -> None:
    invoice = shop.invoice(10_000)
    link = shop.link(invoice)
    old = shop.press(link)
    shop.amend(invoice, usd(8_000))

    new = shop.press(link)

    assert (old.payment.amount, new.payment.amount) == (usd(10_000), usd(8_000))


def test_an_edit_ends_the_provider_page_for_the_old_amount(shop: Shop) -> None:
    invoice = shop.invoice(10_000)
    begun = shop.press(shop.link(invoice))
    shop.amend(invoice, usd(12_000))
    shop.work()

    shop.approve(begun)

    assert shop.bank.captures() == []


def test_it_refuses_a_paid_invoice(shop: Shop) -> None:
    invoice = shop.invoice()
    link = shop.link(invoice)
    shop.pay(invoice)

    assert refusal(shop, link, total=usd(10_000)) == "already_paid"


def test_it_refuses_a_voided_invoice(shop: Shop) -> None:
    invoice = shop.invoice()
    link = shop.link(invoice)
    shop.void(invoice)

    assert refusal(shop, link, total=usd(10_000)) == "invoice_void"


def test_it_refuses_an_expired_link(shop: Shop) -> None:
    link = shop.link(shop.invoice())
    shop.clock.advance(timedelta(minutes=30))

    assert refusal(shop, link) == "link_expired"


def test_it_refuses_a_revoked_link(shop: Shop) -> None:
    link = shop.link(shop.invoice())
    with shop.runtime.write() as ctx:
        links.revoke(ctx, ctx.session.merge(link))

    assert refusal(shop, link) == "link_revoked"


def test_it_refuses_while_a_bank_payment_is_on_its_way(shop: Shop) -> None:
    invoice = shop.invoice()
    on_its_way = shop.pay(invoice, method=Method.BANK)

    with pytest.raises(PaymentInFlight) as refused:
        shop.press(shop.link(invoice))

    assert refused.value.payment.id == on_its_way.id


def test_a_second_press_takes_up_the_same_attempt(shop: Shop) -> None:
    link = shop.link(shop.invoice())

    first, second = shop.press(link), shop.press(link)

    assert (second.payment.id, second.redirect_url) == (first.payment.id, first.redirect_url)


def test_another_method_takes_the_place_of_an_abandoned_attempt(shop: Shop) -> None:
    link = shop.link(shop.invoice())
    card = shop.press(link, Method.CARD)
    network = shop.press(link, Method.NETWORK)

    shop.approve(card)
    shop.approve(network)

    assert [reference for reference, _ in shop.bank.captures()] == [network.payment.public_id]


def test_an_attempt_from_elsewhere_holds_its_invoice_for_five_minutes(shop: Shop, thread: int) -> None:
    invoice = shop.invoice()
    shop.press(shop.link(invoice, conversation_id=thread))

    assert refusal(shop, shop.link(invoice)) == "payment_in_flight"


def test_an_abandoned_attempt_from_elsewhere_gives_way(shop: Shop, thread: int) -> None:
    invoice = shop.invoice()
    shop.press(shop.link(invoice, conversation_id=thread))
    shop.clock.advance(attempts.ABANDONED_AFTER + timedelta(seconds=1))

    assert shop.press(shop.link(invoice)).redirect_url is not None


def test_superseding_finds_out_that_the_money_has_moved(shop: Shop) -> None:
    link = shop.link(shop.invoice())
    card = shop.press(link, Method.CARD)
    shop.approve(card, "silent")

    assert refusal(shop, link, Method.NETWORK) == "already_paid"


def test_the_same_key_gets_the_same_answer(shop: Shop) -> None:
    link = shop.link(shop.invoice())

    first, second = shop.press(link, key="k"), shop.press(link, key="k")

    assert second.payment.id == first.payment.id


def test_the_same_key_gets_the_same_refusal(shop: Shop) -> None:
    link = shop.link(shop.invoice())
    refusal(shop, link, key="k", total=usd(1))

    assert refusal(shop, link, key="k", total=usd(1)) == "amount_changed"


def test_the_same_key_for_something_else_is_refused(shop: Shop) -> None:
    link = shop.link(shop.invoice())
    shop.press(link, key="k")

    assert refusal(shop, link, Method.BANK, key="k") == "idempotency_mismatch"


def test_another_merchant_may_use_the_same_key(shop: Shop) -> None:
    shop.press(shop.link(shop.invoice()), key="k")
    globex = shop.open_for("Globex")
    foreign = shop.invoice(merchant_id=globex, customer_id=shop.customer("Bob", globex))

    assert shop.press(shop.link(foreign), key="k").redirect_url is not None


@pytest.mark.parametrize("key", ["", "x" * 256, "with space", "naïve", "line\n"])
def test_it_refuses_keys_that_are_none(shop: Shop, key: str) -> None:
    link = shop.link(shop.invoice())

    with pytest.raises(DomainError, match="idempotency_key_invalid"):
        begin.begin(shop.runtime, shop.token(link), Method.CARD, idempotency_key=key, shown_total=usd(10_000))


def test_a_lost_answer_costs_nothing(shop: Shop) -> None:
    """The customer's browser never saw the redirect: reload, press again, pay."""
    link = shop.link(shop.invoice())
    shop.press(link, key="lost")

    shop.approve(shop.press(link, key="again"))

    assert len(shop.bank.captures()) == 1


def test_whoever_finds_an_attempt_without_an_address_asks_for_it_again(shop: Shop) -> None:
    """A process died between the commit and the provider's answer."""
    link = shop.link(shop.invoice())
    begun = shop.press(link)
    with shop.runtime.write() as ctx:
        attempt = ctx.session.get_one(Payment, begun.payment.id)
        attempt.redirect_url, attempt.provider_reference = None, None

    assert shop.press(link).redirect_url == begun.redirect_url


def test_a_provider_that_is_down_frees_the_invoice(shop: Shop) -> None:
    link = shop.link(shop.invoice())
    shop.bank.troubles.cause(Trouble.DOWN, 1)
    failed = shop.press(link)

    assert (failed.payment.status, failed.payment.failure_code) == (PaymentStatus.FAILED, "provider_unavailable")
    assert shop.press(link).redirect_url is not None


def test_a_time_out_is_unknown_and_holds_the_invoice(shop: Shop) -> None:
    link = shop.link(shop.invoice())
    shop.bank.troubles.cause(Trouble.HANGS, 1)

    assert shop.press(link).payment.status is PaymentStatus.UNKNOWN
    assert refusal(shop, link) == "payment_in_flight"


def test_it_refuses_a_forged_token(shop: Shop) -> None:
    with pytest.raises(DomainError, match="bad_token"):
        begin.begin(shop.runtime, "x.y.z", Method.CARD, idempotency_key="k", shown_total=usd(1))
