"""Customers found by what is typed: by how words begin, in any order and case, and never another merchant's."""

import pytest

from tests.support.world import World
from web.console import search

NAMES = ("Delgado Café", "Caffè del Corso", "Delia Ortega", "O'Brien & Sons", "100% Wool_Works", "Zoë's Déli")


@pytest.fixture
def ids(world: World) -> dict[int, str]:
    """Acme's; Globex has customers of the same names."""
    found = {}
    for name in NAMES:
        found[world.add_customer(world.merchants["acme"], name).id] = name
        world.add_customer(world.merchants["globex"], name)
    return found


def found(world: World, ids: dict[int, str], text: str) -> list[str]:
    with world.runtime.read() as ctx:
        return sorted(ids[one] for one in search.customers_like(ctx, world.merchants["acme"], text))


def test_it_finds_customers_by_how_words_of_their_names_begin(world: World, ids: dict[int, str]) -> None:
    assert found(world, ids, "del caf") == found(world, ids, "CAF, DÉL") == ["Caffè del Corso", "Delgado Café"]
    assert found(world, ids, "delgado café") == found(world, ids, "cafe\u0301 delg") == ["Delgado Café"]
    assert found(world, ids, "del") == ["Caffè del Corso", "Delgado Café", "Delia Ortega", "Zoë's Déli"]
    assert found(world, ids, "zoe") == found(world, ids, "zoe's d") == found(world, ids, "zoës") == ["Zoë's Déli"]
    for text in ("brien", "o'brien", "o\u2019br", "obrien sons", "O'BRIEN & SONS"):
        assert found(world, ids, text) == ["O'Brien & Sons"]
    for text in ("gado", "del delgadoo", "delgado corso", "elia"):
        assert found(world, ids, text) == []


def test_it_takes_nothing_typed_for_a_pattern(world: World, ids: dict[int, str]) -> None:
    assert found(world, ids, "100%") == found(world, ids, "wool_w") == ["100% Wool_Works"]
    for text in ("%", "_", "d%lgado", "d_lgado", "\\", "*", "del*a", "' OR 1=1 --", "\U0010ffff"):
        assert found(world, ids, text) == []


def test_it_bears_very_long_input(world: World, ids: dict[int, str]) -> None:
    assert found(world, ids, "delgado " * 10_000) == ["Delgado Café"]
    assert found(world, ids, " ".join(str(n) for n in range(10_000))) == []
    assert found(world, ids, "é" * 100_000) == []


def test_it_finds_addresses_by_how_they_begin_and_phones_by_how_they_end(world: World) -> None:
    acme, globex = world.merchants["acme"], world.merchants["globex"]
    cora = world.add_customer(acme, "Cora", emails=["c_x.ortega@example.com"], phones=["+12125550177"])
    world.add_customer(acme, "Dora", emails=["cax.ortega@example.com"])
    world.add_customer(globex, "Cora", emails=["c_x.ortega@example.com"], phones=["+12125550177"])
    with world.runtime.read() as ctx:
        for text in (
            "C_X.Ort",
            "c_x.ortega@example.com",
            "(212) 555-0177",
            "0177",
            "555 0177",
            "+1 212 555 0177",
            "+1 212 555",
        ):
            assert search.customers_like(ctx, acme, text) == [cora.id]
        for text in ("x.ortega", "177", "1017", "+212555", "212555", "3 0177"):
            assert search.customers_like(ctx, acme, text) == []
