"""The pay page: looking changes nothing, and pressing pays once, what the page showed and nothing else."""

import json
from concurrent.futures import ThreadPoolExecutor

import pytest

from models.money import Money
from payments.gateways.troubles import Trouble
from tests.support import records
from tests.support.visitor import SCANNER, Visitor
from tests.support.world import ALICE, ALICE_EMAIL, World

OTHER_KEY = "another-press"


def captures(world: World) -> list[Money]:
    return [amount for _, amount in world.bank.captures()]


# --- looking ---------------------------------------------------------------------------------------------------------
def test_it_shows_what_to_pay_and_until_when(alice: Visitor, url: str) -> None:
    alice.opens(url)
    alice.sees("Pay Acme", "$1,284.50", "INV-1042", "7 days late", "This page works until 6:00 PM EDT")
    assert alice.value("method") == "network"


def test_it_is_not_used_up_by_a_scanner(alice: Visitor, url: str, world: World) -> None:
    scanner = Visitor(world)
    for _ in range(5):
        assert scanner.opens(url, **{"User-Agent": SCANNER, "Purpose": "prefetch"}).status_code == 200
    assert scanner.client.head(url, base_url=scanner.base_url).status_code == 200
    assert scanner.client.options(url, base_url=scanner.base_url).status_code == 200
    assert records.payments(world) == []
    alice.opens(url)
    assert alice.presses_pay(url).status_code == 303


def test_it_gives_a_scanner_no_session(world: World, url: str) -> None:
    scanner = Visitor(world)
    for path in (url, "/m/acme", "/m/acme/code"):
        scanner.opens(path, **{"User-Agent": SCANNER})
    assert scanner.cookie("portal") is None
    assert scanner.cookie("browser") is None


def test_it_names_no_address_of_the_customer(alice: Visitor, texted: str) -> None:
    alice.opens(texted)
    assert ALICE_EMAIL not in alice.page.text
    assert ALICE not in alice.page.text


def test_it_shows_only_the_invoices_of_the_link(alice: Visitor, url: str) -> None:
    alice.opens(url)
    assert "INV-1051" not in alice.words


@pytest.mark.parametrize("spoiled", ["x{}", "{}x", "{}=", "nothing", "%00", "."])
def test_it_answers_alike_for_every_link_that_names_nothing(alice: Visitor, url: str, spoiled: str) -> None:
    never = alice.opens("/p/AAAAAAAAAAA.aaaaaa.aaaaaaaaaaaaaaaaaaaaaa").text
    alice.opens("/p/" + spoiled.format(url.removeprefix("/p/")))
    assert (alice.page.status_code, alice.page.text) == (404, never)


def test_it_does_not_open_with_a_receipts_token(alice: Visitor, world: World) -> None:
    token = records.receipt(world, records.pay(world, "INV-1042")).rpartition("/")[2]
    assert alice.opens(f"/p/{token}").status_code == 404


def test_it_stops_whoever_tries_links_by_the_hundred(alice: Visitor, url: str) -> None:
    answers = {alice.opens(f"/p/guess-{n}").status_code for n in range(130)}
    assert answers == {404, 429}
    assert alice.opens(url).status_code == 200


# --- pressing --------------------------------------------------------------------------------------------------------
def test_it_pays(alice: Visitor, url: str, world: World) -> None:
    alice.opens(url)
    alice.presses_pay(url)
    alice.approves()
    alice.sees("Confirming your payment", "Please do not pay again")
    world.settle_down()
    alice.opens(alice.page.request.path)
    alice.follows()
    alice.sees("Payment received", "Visa card ending 4242", "We also sent this to you by email")
    assert captures(world) == [Money(128_450, "USD")]


def test_it_tells_the_waiting_page_where_to_go(alice: Visitor, url: str, world: World) -> None:
    alice.opens(url)
    alice.presses_pay(url)
    waiting = alice.approves()
    poll = waiting.text.split('data-poll="')[1].split('"')[0].replace("&amp;", "&")
    assert json.loads(alice.opens(poll).text) == {"next": None}
    world.settle_down()
    alice.opens(json.loads(alice.opens(poll).text)["next"])
    alice.sees("Payment received")


def test_it_starts_one_payment_for_two_presses(alice: Visitor, url: str, world: World) -> None:
    alice.opens(url)
    first = alice.presses_pay(url, idempotency_key="one")
    alice.opens(url)
    second = alice.presses_pay(url, idempotency_key="two")
    assert first.location == second.location
    assert len(records.payments(world)) == 1


@pytest.mark.parametrize("keys", [["same"] * 12, [f"press-{n}" for n in range(12)]])
def test_it_starts_one_payment_for_many_presses_at_once(url: str, world: World, keys: list[str]) -> None:
    tabs = [Visitor(world) for _ in keys]
    for tab in tabs:
        tab.opens(url)
    with ThreadPoolExecutor(len(keys)) as pool:
        answers = list(pool.map(lambda tab, key: tab.presses_pay(url, idempotency_key=key), tabs, keys))
    assert {answer.status_code for answer in answers} <= {303, 409}
    assert len(records.payments(world)) == 1


def test_it_takes_the_key_from_the_header_first(alice: Visitor, url: str) -> None:
    alice.opens(url)
    alice.presses_pay(url, {"Idempotency-Key": "header"}, idempotency_key="form")
    alice.opens(url)
    assert alice.presses_pay(url, method="bank", idempotency_key="header").status_code == 409


def test_it_refuses_one_key_for_two_things(alice: Visitor, url: str) -> None:
    alice.opens(url)
    alice.presses_pay(url, idempotency_key="one")
    alice.opens(url)
    assert alice.presses_pay(url, method="network", idempotency_key="one").status_code == 409
    alice.sees("Something changed meanwhile")


@pytest.mark.parametrize("key", ["", " ", "k" * 256, "schlüssel"])
def test_it_refuses_a_key_that_is_none(alice: Visitor, url: str, key: str, world: World) -> None:
    alice.opens(url)
    assert alice.presses_pay(url, idempotency_key=key).status_code == 422
    assert records.payments(world) == []


@pytest.mark.parametrize("method", ["", "cash", "CARD"])
def test_it_asks_for_a_method(alice: Visitor, url: str, method: str, world: World) -> None:
    alice.opens(url)
    assert alice.presses_pay(url, method=method).status_code == 400
    alice.sees("There is a problem", "Choose how you would like to pay")
    assert records.payments(world) == []


@pytest.mark.parametrize("amount", ["", "1", "-1", "0", "128450.0", "1e3", "\uff11\uff12", "9" * 30, "NaN"])
def test_it_never_takes_an_amount_from_the_form(alice: Visitor, url: str, amount: str, world: World) -> None:
    alice.opens(url)
    assert alice.presses_pay(url, seen_amount=amount).status_code == 409
    alice.sees("The amount has changed", "$1,284.50")
    assert records.payments(world) == []


def test_it_ignores_invoices_and_currencies_in_the_form(alice: Visitor, url: str, world: World) -> None:
    alice.opens(url)
    other = records.invoice(world, "INV-2001").public_id
    alice.presses_pay(f"{url}?amount=1", currency="KWD", invoice=other, total="1", customer_id="1", merchant_id="2")
    alice.approves()
    assert captures(world) == [Money(128_450, "USD")]


def test_it_asks_again_after_the_amount_changed(alice: Visitor, url: str, world: World) -> None:
    alice.opens(url)
    records.amend(world, "INV-1042", 100_000)
    assert alice.presses_pay(url).status_code == 409
    alice.sees("The amount has changed", "$1,000.00")
    alice.presses_pay(url)
    alice.approves()
    assert captures(world) == [Money(100_000, "USD")]


def test_it_asks_again_when_the_same_total_is_made_of_other_things(alice: Visitor, world: World) -> None:
    both = records.link(world, "INV-1042", "INV-1051")
    alice.opens(both)
    records.amend(world, "INV-1042", 128_450 + 1_000)
    records.amend(world, "INV-1051", 64_000 - 1_000)
    assert alice.presses_pay(both).status_code == 409
    assert records.payments(world) == []


def test_it_pays_nothing_with_a_link_that_expired_meanwhile(alice: Visitor, url: str, world: World) -> None:
    alice.opens(url)
    world.advance(minutes=31)
    assert alice.presses_pay(url).status_code == 410
    alice.sees("This link has expired")


def test_it_pays_nothing_twice(alice: Visitor, url: str, world: World) -> None:
    alice.opens(url)
    records.pay(world, "INV-1042")
    assert alice.presses_pay(url).status_code == 409
    alice.sees("This is already paid")
    assert len(captures(world)) == 1


def test_it_pays_nothing_that_was_withdrawn_meanwhile(alice: Visitor, url: str, world: World) -> None:
    alice.opens(url)
    records.void(world, "INV-1042")
    assert alice.presses_pay(url).status_code == 410
    assert records.payments(world) == []


def test_it_says_when_the_bank_cannot_be_reached(alice: Visitor, url: str, world: World) -> None:
    world.bank.troubles.cause(Trouble.DOWN)
    alice.opens(url)
    alice.presses_pay(url)
    alice.follows()
    alice.sees("Your payment did not go through", "not answering at the moment", "Try another way to pay")


def test_it_says_when_nobody_knows_yet(alice: Visitor, url: str, world: World) -> None:
    world.bank.troubles.cause(Trouble.CHARGES_THEN_HANGS, 1)
    alice.opens(url)
    alice.presses_pay(url)
    alice.follows()
    alice.sees("Confirming your payment", "has not answered yet", "Please do not pay again")
    alice.opens(url)
    alice.sees("has not answered yet")
