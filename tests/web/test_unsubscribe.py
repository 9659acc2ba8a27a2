"""The way out of emails: looking changes nothing, pressing works at once, nobody's link works for anybody else."""

import sqlalchemy as sa

from bot import optouts, unsubscribing
from models.customer import Channel, ContactPoint
from tests.support.visitor import Visitor
from tests.support.world import ALICE_EMAIL, BASE_URL, BOB_EMAIL, World


def point(world: World, address: str, slug: str = "acme") -> ContactPoint:
    with world.runtime.read() as ctx:
        return ctx.session.scalars(
            sa.select(ContactPoint).where(
                ContactPoint.address == address, ContactPoint.merchant_id == world.merchants[slug].id
            )
        ).one()


def link(world: World, address: str = ALICE_EMAIL) -> str:
    with world.runtime.read() as ctx:
        return unsubscribing.url(ctx, point(world, address)).removeprefix(BASE_URL)


def is_out(world: World, address: str = ALICE_EMAIL, slug: str = "acme") -> bool:
    with world.runtime.read() as ctx:
        return optouts.is_opted_out(ctx, world.merchants[slug].id, Channel.EMAIL, address)


def test_it_asks_before_it_acts(world: World, alice: Visitor) -> None:
    assert "Stop reminder emails?" in alice.opens(link(world)).text
    assert not is_out(world)


def test_it_acts_on_a_press_and_says_so(world: World, alice: Visitor) -> None:
    alice.opens(link(world))
    alice.sends(link(world))
    assert "Reminder emails are off" in alice.opens(alice.page.headers["Location"]).text
    assert is_out(world)


def test_it_takes_one_click_without_cookie_or_page(world: World) -> None:
    answer = world.client.post(link(world), data={"List-Unsubscribe": "One-Click"})
    assert (answer.status_code, answer.data) == (200, b"")
    assert is_out(world)


def test_it_ends_one_address_at_one_merchant(world: World) -> None:
    world.client.post(link(world), data={"List-Unsubscribe": "One-Click"})
    assert not is_out(world, BOB_EMAIL)
    assert not is_out(world, ALICE_EMAIL, "globex")


def test_it_knows_no_token_of_its_own_making(world: World) -> None:
    assert world.client.post(f"{link(world)}x").status_code == 404


def test_it_forgets_the_link_of_an_address_that_was_edited(world: World) -> None:
    old = link(world)
    with world.runtime.write() as ctx:
        ctx.session.get_one(ContactPoint, point(world, ALICE_EMAIL).id).address = "new@example.com"
    assert world.client.post(old).status_code == 404


def test_it_offers_both_headers_to_mail_programs(world: World) -> None:
    with world.runtime.read() as ctx:
        headers = unsubscribing.headers(ctx, point(world, ALICE_EMAIL))
    assert headers["List-Unsubscribe"] == f"<{BASE_URL}{link(world)}>"
    assert headers["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
