"""Words of names: what they are, that they follow the name, and that those on file get theirs from the migration."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa

from models import customer_word, migrations
from models.base import new_public_id
from models.customer import Customer
from models.customer_word import WORD_CHARS, CustomerWord, name_words, typed_words
from models.database import Database
from tests.support import records
from tests.support.made_up import MadeUp
from tests.support.workers import sibling_url
from tests.support.world import World


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("Delgado Café", {"delgado", "cafe"}),
        ("DELGADO CAFE\u0301 & Sons, Inc.", {"delgado", "cafe", "sons", "inc"}),
        ("Siobhán O'Brien", {"siobhan", "obrien", "o", "brien"}),
        ("J.P. Smith-Jones", {"jp", "j", "p", "smith", "jones"}),
        ("AT&T", {"att", "at", "t"}),
        ("Łukasz Straße Østergård", {"lukasz", "strasse", "ostergard"}),
        ("Ｆｕｌｌ ｗｉｄｔｈ", {"full", "width"}),  # noqa: RUF001
        ("田中 太郎", {"田中", "太郎"}),
        ("\u202e%_\\ ' -- \x00", set()),
        ("x" * 120, {"x" * WORD_CHARS}),
        ("\ufdfa" * 120, None),
    ],
)
def test_it_takes_names_apart(name: str, words: set[str] | None) -> None:
    found = name_words(name)
    assert words is None or found == words
    assert all(0 < len(word) <= WORD_CHARS for word in found)
    assert set(typed_words(name)) <= found


def words_of(world: World, customer: Customer) -> list[str]:
    with world.runtime.read() as ctx:
        own = sa.select(CustomerWord.word).where(CustomerWord.customer_id == customer.id)
        return sorted(ctx.session.scalars(own))


def test_it_follows_the_name(peopled_world: World) -> None:
    world = peopled_world
    alice, bob = (records.customer(world, name) for name in ("Alice Adams", "Bob Brown"))
    with world.runtime.write() as ctx:
        ctx.session.get_one(Customer, alice.id).name = "Alice Adams-Núñez"
        ctx.session.get_one(Customer, bob.id).locale = "es"
    assert words_of(world, alice) == ["adams", "alice", "nunez"]
    assert words_of(world, bob) == ["bob", "brown"]


def test_whoever_an_older_release_adds_gets_theirs(peopled_world: World) -> None:
    world = peopled_world
    alice, bob = (records.customer(world, name) for name in ("Alice Adams", "Bob Brown"))
    with world.runtime.write() as ctx:
        ctx.session.execute(sa.delete(CustomerWord).where(CustomerWord.customer_id == bob.id))
        ctx.session.get_one(Customer, alice.id).name = "***"
    assert customer_word.enter_missing(world.runtime) == 2
    assert (words_of(world, bob), words_of(world, alice)) == (["bob", "brown"], [])
    assert customer_word.enter_missing(world.runtime) == 1


@pytest.fixture
def old(database_url: str, tmp_path: Path) -> Iterator[Database]:
    with sibling_url(database_url, tmp_path, "words") as url:
        database = Database(url)
        migrations.upgrade(database.engine, "0026")
        yield database
        database.dispose()


def test_it_is_filled_for_those_on_file(old: Database) -> None:
    with old.engine.begin() as db:
        acme, globex = MadeUp(db), MadeUp(db)
        row = globex.row("customer")
        others = [row | {"id": n, "public_id": new_public_id(), "name": "Bo"} for n in range(10_000, 11_001)]
        db.execute(sa.insert(Customer), others)
        last = acme.add("customer", id=20_000, name="Del Café")
    migrations.upgrade(old.engine)
    word = CustomerWord
    with old.engine.connect() as db:
        assert migrations.differences(old.engine) == []
        found = sa.select(word.word, word.customer_id).where(word.merchant_id == acme.merchant_id)
        assert {tuple(one) for one in db.execute(found)} == {("cafe", last["id"]), ("del", last["id"])}
        theirs = sa.select(sa.func.count()).where(word.merchant_id == globex.merchant_id, word.word == "bo")
        assert db.scalar(theirs) == len(others)
