"""Acme's desk, and a way to put words into its mouth."""

from collections.abc import Callable

import pytest

from bot.own_words import catalogue, keeping
from bot.own_words.catalogue import Part
from models.merchant import Merchant
from tests.support.dunning import Desk
from tests.support.world import World

Save = Callable[..., int]


@pytest.fixture
def world(peopled_world: World) -> World:
    return peopled_world


@pytest.fixture
def desk(world: World) -> Desk:
    return Desk(world, world.merchants["acme"])


@pytest.fixture
def save(world: World) -> Save:
    def keep(name: str, text: str = "", *, slug: str = "acme", language: str = "en", **parts: str) -> int:
        words = {Part.TEXT: text} if text else {Part(part): said for part, said in parts.items()}
        with world.runtime.write() as ctx:
            merchant = ctx.session.get_one(Merchant, world.merchants[slug].id)
            template = catalogue.find(name)
            return keeping.save(ctx, merchant, template, language, words, by="Olga").version

    return keep
