"""The link in a reminder: a door with the merchant's name, until the invoice is paid; a look changes nothing."""

from datetime import timedelta

import pytest

from models.invoice import InvoiceStatus
from models.session import WebSession
from tests.support.dunning import MIAMI, Desk
from tests.support.visitor import SCANNER, Visitor
from tests.support.world import World


@pytest.fixture
def desk(world: World) -> Desk:
    return Desk(world, world.merchants["acme"])


@pytest.fixture
def link(desk: Desk, world: World) -> str:
    """As it stands in Carol's text."""
    desk.owes(desk.customer(), "INV-77")
    desk.press()
    world.settle_down()
    return world.phone(MIAMI).link()


def test_it_shows_whose_door_it_is_and_nothing_else(link: str, alice: Visitor) -> None:
    alice.opens(link)
    alice.sees("Acme", "Confirm it is you")
    assert not any(secret in alice.page.text for secret in ("Carol", "carol@", "INV-77", "120"))


def test_it_changes_nothing_for_a_scanner(link: str, alice: Visitor, world: World) -> None:
    for _ in range(3):
        alice.opens(link, **{"User-Agent": SCANNER})
    world.settle_down()
    assert "Set-Cookie" not in alice.page.headers
    assert world.mails_to("carol@example.com") == []


def test_it_leads_in_with_the_code_from_the_email_on_file(link: str, alice: Visitor, world: World) -> None:
    alice.opens(link)
    alice.sends(link)
    alice.follows()
    assert "carol@" not in alice.page.text
    world.settle_down()
    alice.sends(f"{alice.page.request.path}", code=world.code_for("carol@example.com"))
    alice.follows()
    alice.sees("INV-77", "$120.00")


def test_it_refuses_a_press_without_the_pages_own_seal(link: str, alice: Visitor, world: World) -> None:
    alice.opens("/m/acme")
    assert alice.sends(link).status_code == 403
    world.settle_down()
    assert world.mails_to("carol@example.com") == []


def test_it_is_over_when_the_invoice_is_paid(link: str, alice: Visitor, desk: Desk) -> None:
    invoice = desk.owes(desk.customer("Dave", None), "INV-78")
    desk.change(invoice, status=InvoiceStatus.VOID)
    for row in desk.rows():
        paid = desk.world.fetch(type(invoice), row.invoice_id)
        desk.change(paid, status=InvoiceStatus.PAID, balance_minor=0)
    alice.opens(link)
    alice.follows()
    alice.sees("That reminder is over")


def test_it_is_over_after_thirty_days(link: str, alice: Visitor, world: World) -> None:
    world.clock.advance(timedelta(days=31))
    alice.opens(link)
    alice.follows()
    alice.sees("That reminder is over", "See and pay your invoices")


def test_it_opens_nothing_at_another_door(link: str, alice: Visitor) -> None:
    token = link.removeprefix("/r/")
    assert {alice.opens(f"/{door}/{token}").status_code for door in ("p", "u", "receipt")} <= {404, 410, 400}
    with alice.world.runtime.read() as ctx:
        assert ctx.session.query(WebSession).count() == 0
