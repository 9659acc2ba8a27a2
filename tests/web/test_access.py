"""Every route of the customer's side, asked by those whom it is not for: it tells them nothing and changes nothing."""

import pytest
import sqlalchemy as sa
from werkzeug.test import TestResponse

from models.paylink import PayLink
from models.payment import Payment
from tests.support import records
from tests.support.visitor import Visitor
from tests.support.world import ALICE_EMAIL, BOB_EMAIL, World

BLUEPRINTS = ("portal.", "papers.", "share.", "terms.", "custom.", "saved.", "pay.", "receipts.", "bank.")
SECRETS = ("INV-1042", "INV-1051", "INV-1060", "1,284.50", "Alice Adams", ALICE_EMAIL, "%PDF-secret")

ASKERS = (None, ("acme", BOB_EMAIL), ("globex", ALICE_EMAIL))
"""Nobody, another customer, a customer of another merchant: where they are signed in, and as whom."""

# With Bob's link and everything of Alice's that can be put into an address or a form.
ROUTES = {
    "portal.home": ("GET", "/m/acme?customer={alice}"),
    "portal.ask": ("POST", "/m/acme"),
    "portal.code": ("GET", "/m/acme/code"),
    "portal.check": ("POST", "/m/acme/code"),
    "portal.send_again": ("POST", "/m/acme/code/again"),
    "portal.accounts": ("GET", "/m/acme/accounts"),
    "portal.choose_account": ("POST", "/m/acme/accounts"),
    "portal.pay": ("POST", "/m/acme/pay"),
    "share.qr_code": ("GET", "/m/acme/qr.svg"),
    "papers.invoice": ("GET", "/m/acme/invoices/{invoice}"),
    "papers.file": ("GET", "/m/acme/invoices/{invoice}/files/{file}"),
    "papers.statement": ("GET", "/m/acme/statement?customer={alice}&year=all"),
    "papers.use_credit": ("POST", "/m/acme/invoices/{invoice}/credit"),
    "terms.show": ("GET", "/m/acme/terms"),
    "saved.show": ("GET", "/m/acme/saved"),
    "saved.remove": ("POST", "/m/acme/saved/{payment}/remove"),
    "custom.show": ("GET", "/m/acme/payment"),
    "custom.start": ("POST", "/m/acme/payment"),
    "custom.payment": ("GET", "/m/acme/payment/{payment}"),
    "custom.status": ("GET", "/m/acme/payment/{payment}/status"),
    "pay.invoice": ("GET", "{bobs_link}/invoices/{invoice}"),
    "pay.file": ("GET", "{bobs_link}/invoices/{invoice}/files/{file}"),
    "pay.show": ("GET", "{bobs_link}?invoice={invoice}"),
    "pay.payment": ("GET", "{bobs_link}/payment/{payment}"),
    "pay.status": ("GET", "{bobs_link}/status?payment={payment}"),
    "pay.start": ("POST", "{bobs_link}"),
    "pay.renew": ("POST", "{bobs_link}/renew"),
    "pay.renewed": ("GET", "{bobs_link}/renew"),
    "receipts.show": ("GET", "/receipt/{payment}"),
    "bank.show": ("GET", "/bank/{payment}"),
    "bank.decide": ("POST", "/bank/{payment}"),
    "portal.sign_out": ("POST", "/m/acme/sign-out"),
}


def test_it_has_every_route_in_the_table(world: World) -> None:
    rules = world.client.application.url_map.iter_rules()
    assert {rule.endpoint for rule in rules if rule.endpoint.startswith(BLUEPRINTS)} == set(ROUTES)


def alices(world: World) -> dict[str, str]:
    """What is hers, by the names that it could be asked by."""
    payment = records.pay(world, "INV-1060")
    return {
        "alice": records.customer(world, "Alice Adams").public_id,
        "invoice": records.invoice(world, "INV-1042").public_id,
        "payment": payment.public_id,
        "file": records.attach(world, "INV-1042", "secret.pdf", b"%PDF-secret").public_id,
        "bobs_link": records.link(world, "INV-2001"),
    }


def stored(world: World) -> list[object]:
    rows = sa.select(PayLink.id, PayLink.spent_at, PayLink.revoked_at), sa.select(Payment.id, Payment.status)
    with world.runtime.read() as ctx:
        return [tuple(row) for query in rows for row in ctx.session.execute(query)]


@pytest.fixture(params=ASKERS)
def stranger(request: pytest.FixtureRequest, world: World) -> Visitor:
    visitor = Visitor(world)
    if request.param is not None:
        visitor.signs_in(*request.param)
    return visitor


def asks(visitor: Visitor, route: str, hers: dict[str, str]) -> TestResponse:
    method, address = ROUTES[route]
    if method == "GET":
        return visitor.opens(address.format(**hers))
    visitor.opens("/m/acme?lang=en")
    form = {"invoice": hers["invoice"], "customer": hers["alice"], "customer_id": "1", "code": "000000"}
    return visitor.sends(address.format(**hers), **form, email="nobody@example.com")


def test_it_tells_strangers_nothing(world: World, stranger: Visitor) -> None:
    hers = alices(world)
    answers = {route: asks(stranger, route, hers) for route in ROUTES}
    assert {route for route, answer in answers.items() if answer.status_code >= 500} == set()
    assert {
        (route, secret) for route, answer in answers.items() for secret in SECRETS if secret in answer.text
    } == set()


def test_it_changes_nothing_for_strangers(world: World, stranger: Visitor) -> None:
    hers = alices(world)
    before = stored(world)
    for route in ROUTES:
        asks(stranger, route, hers)
    assert stored(world) == before


def test_it_opens_no_payment_of_hers_under_another_link(world: World, stranger: Visitor) -> None:
    assert asks(stranger, "pay.payment", alices(world)).status_code == 404


def test_it_shows_the_same_page_for_hers_and_for_nothing(world: World, bob: Visitor) -> None:
    bob.signs_in("acme", BOB_EMAIL)
    answers = [
        bob.sends("/m/acme/pay", invoice=[public_id]).text
        for public_id in (records.invoice(world, "INV-1042").public_id, "0" * 32)
        if bob.opens("/m/acme")
    ]
    assert answers[0] == answers[1]
