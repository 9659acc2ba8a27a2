"""Paying with an account kept last time: offered to the signed-in customer, never to a mere holder of a link."""

import pytest

from models.money import Money
from models.saved_account import SavedAccount
from tests.support import records
from tests.support.visitor import Visitor
from tests.support.world import ALICE_EMAIL, BOB_EMAIL, World

KEEP = "Keep this account for next time"


def kept_by(world: World, visitor: Visitor) -> str:
    """What the pay page calls the account that this customer keeps while paying an invoice."""
    first = records.link(world, "INV-1042")
    visitor.opens(first)
    visitor.presses_pay(first, method="network", keep="1")
    visitor.approves(account="everyday")
    world.settle_down()
    with world.runtime.read() as ctx:
        return f"kept-{ctx.session.query(SavedAccount).one().public_id}"


@pytest.fixture
def next_link(world: World) -> str:
    return records.link(world, "INV-1051")


def test_it_charges_a_kept_account_without_another_page(alice: Visitor, world: World) -> None:
    alice.signs_in("acme", ALICE_EMAIL)
    kept = kept_by(world, alice)
    alice.signs_in("acme", ALICE_EMAIL)
    link = records.link(world, "INV-1051")
    alice.opens(link)
    alice.sees("Charged when you continue")
    alice.presses_pay(link, method=kept)
    world.settle_down()
    assert [amount for _, amount in world.bank.captures()] == [Money(128_450, "USD"), Money(64_000, "USD")]


def test_it_offers_to_keep_nothing_to_a_holder_of_the_link(alice: Visitor, next_link: str) -> None:
    alice.opens(next_link)
    assert KEEP not in alice.words


def test_it_keeps_nothing_for_a_holder_of_the_link(alice: Visitor, world: World, next_link: str) -> None:
    alice.opens(next_link)
    alice.presses_pay(next_link, method="network", keep="1")
    alice.approves(account="everyday")
    world.settle_down()
    with world.runtime.read() as ctx:
        assert ctx.session.query(SavedAccount).count() == 0


def test_it_neither_names_nor_charges_it_for_anybody_else(alice: Visitor, bob: Visitor, world: World) -> None:
    alice.signs_in("acme", ALICE_EMAIL)
    kept = kept_by(world, alice)
    bob.signs_in("acme", BOB_EMAIL)
    link = records.link(world, "INV-1051")
    bob.opens(link)
    assert "Charged when you continue" not in bob.words
    assert bob.presses_pay(link, method=kept).status_code == 400
    assert len(world.bank.captures()) == 1
