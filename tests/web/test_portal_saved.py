"""What a customer has kept for next time: seen by its label only, removed by its owner only."""

import pytest

from models.merchant import Mode
from models.payment import Method
from models.saved_account import SavedAccount
from tests.support import records
from tests.support.visitor import Visitor
from tests.support.world import ALICE_EMAIL, BOB_EMAIL, World


@pytest.fixture
def saved(world: World) -> SavedAccount:
    """Alice's."""
    alice = records.customer(world, "Alice Adams")
    row = SavedAccount(
        merchant_id=alice.merchant_id,
        customer_id=alice.id,
        mode=Mode.LIVE,
        provider="sandbox",
        token="secret-token-of-the-bank",
        method=Method.BANK,
        name="First Harbor",
        last4="6789",
        created_at=world.clock.now(),
    )
    with world.runtime.write() as ctx:
        ctx.session.add(row)
    return row


def test_it_shows_a_label_and_removes_it(alice: Visitor, saved: SavedAccount) -> None:
    alice.signs_in("acme", ALICE_EMAIL)
    assert "/m/acme/saved" in alice.links()
    alice.opens("/m/acme/saved")
    alice.sees("Saved accounts", "First Harbor account ending 6789", "Remove")
    assert saved.token not in alice.page.text
    alice.sends(f"/m/acme/saved/{saved.public_id}/remove")
    alice.follows()
    alice.sees("None.")


def test_it_lets_nobody_else_see_or_remove_it(bob: Visitor, saved: SavedAccount, world: World) -> None:
    bob.signs_in("acme", BOB_EMAIL)
    bob.opens("/m/acme/saved")
    assert "6789" not in bob.words
    assert bob.sends(f"/m/acme/saved/{saved.public_id}/remove").status_code in (403, 404)
    assert world.fetch(SavedAccount, saved.id).removed_at is None
