from datetime import timedelta

import pytest

from models.context import Context
from models.errors import DomainError
from models.money import Money
from models.payment import Method, PaymentStatus
from models.signing import MOST_AHEAD, Purpose, Signer
from payments import links
from payments.standing import LinkState
from tests.support.shop import Shop, usd

HALF_AN_HOUR = timedelta(minutes=30)


def read(shop: Shop, token: str, keys: list[str] | None = None) -> links.LinkView:
    with shop.runtime.read() as ctx:
        signer = Signer(keys) if keys else ctx.signer
        return links.read(Context(ctx.session, ctx.clock, signer, ctx.site, ctx.ports), token)


def test_its_url_fits_a_text(shop: Shop) -> None:
    with shop.runtime.read() as ctx:
        url = links.url(ctx, shop.link(shop.invoice()))

    assert len(url.removeprefix("https://till.example/p/")) == 41


def test_its_url_is_always_the_same(shop: Shop) -> None:
    link = shop.link(shop.invoice())
    token = shop.token(link)
    shop.clock.advance(timedelta(minutes=5))

    assert shop.token(link) == token


def test_it_shows_what_it_pays(shop: Shop) -> None:
    first, second = shop.invoice(600), shop.invoice(400)

    view = shop.view(shop.link(second, first))

    assert ([i.id for i in view.invoices], view.total) == ([second.id, first.id], usd(1000))
    assert (view.merchant.name, view.customer.name) == ("Acme", "Alice")


def test_looking_spends_nothing(shop: Shop) -> None:
    link = shop.link(shop.invoice())

    assert {shop.view(link).state for _ in range(5)} == {LinkState.PAYABLE}


def test_it_says_when_something_changed_since(shop: Shop) -> None:
    invoice = shop.invoice()
    link = shop.link(invoice)
    before = shop.view(link).changed
    shop.amend(invoice, usd(1))

    assert (before, shop.view(link).changed) == (False, True)


@pytest.mark.parametrize("off", [-timedelta(hours=1), -timedelta(minutes=5), -timedelta(seconds=2), timedelta()])
def test_it_works_on_a_machine_whose_clock_is_behind(shop: Shop, off: timedelta) -> None:
    link = shop.link(shop.invoice())
    shop.clock.advance(off)

    assert shop.view(link).state is LinkState.PAYABLE


def test_a_link_from_the_future_is_none(shop: Shop) -> None:
    token = shop.token(shop.link(shop.invoice()))
    shop.clock.advance(-MOST_AHEAD - timedelta(seconds=2))

    with pytest.raises(DomainError, match="bad_token"):
        read(shop, token)


def test_it_expires_after_half_an_hour(shop: Shop) -> None:
    link = shop.link(shop.invoice())
    shop.clock.advance(HALF_AN_HOUR - timedelta(seconds=1))
    before = shop.view(link).state
    shop.clock.advance(timedelta(seconds=1))

    assert (before, shop.view(link).state) == (LinkState.PAYABLE, LinkState.EXPIRED)


def test_an_old_link_is_forgotten_in_the_end(shop: Shop) -> None:
    token = shop.token(shop.link(shop.invoice()))
    shop.clock.advance(links.LINK_MEMORY + timedelta(minutes=2))

    with pytest.raises(DomainError, match="bad_token"):
        read(shop, token)


def test_no_other_spelling_of_a_token_works(shop: Shop) -> None:
    token = shop.token(shop.link(shop.invoice()))
    flips = {token[:n] + c + token[n + 1 :] for n in range(len(token)) for c in "AQgw.-_9"} - {token}

    for forged in flips:
        with pytest.raises(DomainError, match="bad_token"):
            read(shop, forged)


@pytest.mark.parametrize("garbage", ["", ".", "..", "a.b.c", "é", "A" * 5000, "\0"])
def test_garbage_is_no_token(shop: Shop, garbage: str) -> None:
    with pytest.raises(DomainError, match="bad_token"):
        read(shop, garbage)


@pytest.mark.parametrize("purpose", [p for p in Purpose if p is not Purpose.PAY])
def test_a_token_for_another_door_opens_nothing(shop: Shop, purpose: Purpose) -> None:
    link = shop.link(shop.invoice())
    other = shop.runtime.signer.mint(purpose, link.key, link.created_at)

    with pytest.raises(DomainError, match="bad_token"):
        read(shop, other)


def test_old_links_survive_a_new_key_until_the_old_one_goes(shop: Shop) -> None:
    old, new = shop.keys[0], "n" * 32
    token = shop.token(shop.link(shop.invoice()))

    assert read(shop, token, [old, new]).state is LinkState.PAYABLE
    with pytest.raises(DomainError, match="bad_token"):
        read(shop, token, [new])


def test_a_newer_link_replaces_the_conversations_older_one(shop: Shop, thread: int) -> None:
    invoice = shop.invoice()
    old = shop.link(invoice, conversation_id=thread)
    new = shop.link(invoice, conversation_id=thread)

    assert (shop.view(old).state, shop.view(new).state) == (LinkState.REPLACED, LinkState.PAYABLE)


def test_links_in_two_currencies_live_side_by_side(shop: Shop, thread: int) -> None:
    dollars = shop.link(shop.invoice(), conversation_id=thread)
    shop.link(shop.invoice(Money(100, "EUR")), conversation_id=thread)

    assert shop.view(dollars).state is LinkState.PAYABLE


def test_a_link_that_was_over_already_is_replaced_by_none(shop: Shop, thread: int) -> None:
    invoice = shop.invoice()
    old = shop.link(invoice, conversation_id=thread)
    shop.clock.advance(HALF_AN_HOUR)
    shop.link(invoice, conversation_id=thread)

    assert shop.view(old).state is LinkState.EXPIRED


def test_it_leaves_the_links_of_other_conversations_alone(shop: Shop, thread: int) -> None:
    invoice = shop.invoice()
    portal = shop.link(invoice)
    shop.link(invoice, conversation_id=thread)

    assert shop.view(portal).state is LinkState.PAYABLE


def test_a_revoked_link_is_over(shop: Shop) -> None:
    link = shop.link(shop.invoice())
    with shop.runtime.write() as ctx:
        links.revoke(ctx, ctx.session.merge(link))

    assert shop.view(link).state is LinkState.EXPIRED


def test_an_old_link_to_a_paid_invoice_says_paid(shop: Shop) -> None:
    invoice = shop.invoice()
    old = shop.link(invoice)
    payment = shop.pay(invoice)
    shop.clock.advance(timedelta(days=2))

    view = shop.view(old)

    assert (view.state, view.payment and view.payment.id) == (LinkState.PAID, payment.id)


def test_an_old_link_to_a_payment_under_way_says_so(shop: Shop) -> None:
    invoice = shop.invoice()
    old = shop.link(invoice)
    shop.pay(invoice, method=Method.BANK)
    shop.clock.advance(HALF_AN_HOUR)

    assert shop.view(old).state is LinkState.IN_FLIGHT


def test_a_link_to_a_voided_invoice_says_so(shop: Shop) -> None:
    invoice = shop.invoice()
    link = shop.link(invoice)
    shop.void(invoice)

    assert shop.view(link).state is LinkState.VOIDED


def test_an_attempt_just_begun_leaves_the_page_open(shop: Shop) -> None:
    link = shop.link(shop.invoice())
    begun = shop.press(link)

    view = shop.view(link)

    assert (view.state, view.payment and view.payment.id) == (LinkState.PAYABLE, begun.payment.id)


def test_it_tells_nothing_of_a_payment_that_covers_more(shop: Shop) -> None:
    shared, other = shop.invoice(), shop.invoice()
    link = shop.link(shared)
    shop.pay(shared, other)

    assert (shop.view(link).state, shop.view(link).payment) == (LinkState.PAID, None)


def test_it_finds_the_attempt_that_the_customer_comes_back_from(shop: Shop) -> None:
    link = shop.link(shop.invoice())
    begun = shop.press(link)
    session = shop.bank.find(begun.payment.public_id)
    assert session is not None

    with shop.runtime.read() as ctx:
        assert links.attempt_of(ctx, link, session.return_url.rpartition("/")[2]).id == begun.payment.id


def test_a_link_knows_no_attempt_of_another(shop: Shop) -> None:
    begun = shop.press(shop.link(shop.invoice()))
    link = shop.link(shop.invoice())

    with shop.runtime.read() as ctx, pytest.raises(DomainError, match="not_found"):
        links.attempt_of(ctx, link, begun.payment.public_id)


@pytest.mark.parametrize("code", ["no_invoices", "not_found", "mixed_currencies"])
def test_it_refuses_mixtures(shop: Shop, code: str) -> None:
    bob = shop.customer("Bob")
    covered = {
        "no_invoices": [],
        "not_found": [shop.invoice(), shop.invoice(customer_id=bob)],
        "mixed_currencies": [shop.invoice(), shop.invoice(Money(1, "EUR"))],
    }[code]

    with shop.runtime.write() as ctx, pytest.raises(DomainError, match=code):
        links.open_link(ctx, merchant_id=shop.merchant_id, customer_id=shop.alice_id, invoices=covered)


def receipt(shop: Shop, payment: object) -> links.ReceiptView:
    with shop.runtime.read() as ctx:
        token = links.receipt_url(ctx, payment).rpartition("/")[2]  # type: ignore[arg-type]
        return links.read_receipt(ctx, token)


def test_a_receipt_shows_what_was_paid_years_later(shop: Shop) -> None:
    payment = shop.pay(shop.invoice(600), shop.invoice(400))
    shop.clock.advance(timedelta(days=700))

    shown = receipt(shop, payment)

    assert [amount for _, amount in shown.lines] == [usd(600), usd(400)]
    assert (shown.credited, shown.returned_at) == (usd(0), None)


def test_there_is_no_receipt_before_the_money(shop: Shop) -> None:
    payment = shop.pay(shop.invoice(), method=Method.BANK)

    with pytest.raises(DomainError, match="bad_token"):
        receipt(shop, payment)


def test_a_receipt_says_that_the_money_went_back(shop: Shop) -> None:
    payment = shop.pay(shop.invoice())
    shop.bank.send_back(payment.public_id)
    shop.delivery.flush()

    shown = receipt(shop, payment)

    assert (shown.payment.status, shown.returned_at) == (PaymentStatus.RETURNED, shop.clock.now())


def test_a_receipt_shows_what_no_invoice_took(shop: Shop) -> None:
    invoice = shop.invoice()
    begun = shop.press(shop.link(invoice))
    shop.amend(invoice, usd(7_000))
    shop.approve(begun)

    assert receipt(shop, begun.payment).credited == usd(3_000)


def test_a_receipts_token_pays_nothing(shop: Shop) -> None:
    payment = shop.pay(shop.invoice())
    with shop.runtime.read() as ctx:
        token = links.receipt_url(ctx, payment).rpartition("/")[2]

    with pytest.raises(DomainError, match="bad_token"):
        read(shop, token)
