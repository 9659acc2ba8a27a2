"""A merchant's own words, by program: kept, shown, refused with what would mend them, and nobody else's."""

from typing import Any

import pytest

from models.merchant import Scope
from tests.support.program import Program, program
from tests.support.world import ALICE, World

WELCOME = "/templates/welcome/en"
GOOD = "{merchant}: howdy! Your email, please? {portal} {help}, {stop}"


def put(caller: Program, path: str, **body: Any) -> Any:
    return caller.call("PUT", path, body)


def test_it_lists_all_that_may_be_worded_in_both_languages(acme: Program) -> None:
    items = acme.get("/templates").json["items"]
    assert {one["language"] for one in items if one["name"] == "receipt"} == {"en", "es"}
    assert not any(one["is_own"] for one in items)
    assert not [one["name"] for one in items if "code" in one["name"] or one["name"] in ("opt_out", "opt_in", "help")]
    [welcome] = [one for one in items if (one["name"], one["language"]) == ("welcome", "en")]
    assert welcome["text"].startswith("{merchant}: hi. To see what you owe")
    assert welcome["needed"] == ["merchant", "portal", "help", "stop"]


def test_it_words_and_unwords_one(world: World, acme: Program, globex: Program) -> None:
    kept = put(acme, WELCOME, text=GOOD).json
    assert (kept["is_own"], kept["version"], kept["text"]) == (True, 1, GOOD)
    assert kept["changed_by"].startswith("API key ")
    assert not globex.get(WELCOME).json["is_own"]
    phone = world.phone(ALICE)
    phone.says("hi")
    phone.hears("Acme: howdy! Your email, please? http://till.test/m/acme HELP for help, STOP to opt out.")
    assert globex.delete(WELCOME).status == 204
    assert acme.get(WELCOME).json["is_own"]
    assert acme.delete(WELCOME).status == 204
    after = acme.get(WELCOME).json
    assert (after["is_own"], after["version"]) == (False, 2)


@pytest.mark.parametrize(
    "words", ["{{7*7}}", "{{''.__class__}}", "{% for i in range(10**9) %}", "see bit.ly/x", "\u202e"]
)
def test_it_refuses_what_computes_leads_away_or_hides(acme: Program, words: str) -> None:
    refused = put(acme, WELCOME, text=f"{GOOD} {words}")
    assert (refused.status, refused.json["code"]) == (422, "invalid")
    assert {one["pointer"] for one in refused.json["errors"]} == {"/text"}
    assert acme.get(WELCOME).json["version"] == 0


def test_it_says_what_was_probably_meant(acme: Program) -> None:
    refused = put(acme, "/templates/remind_due/en", text="{merchant}: {invoise} {link} {stop}")
    [fault] = refused.json["errors"]
    assert fault["message"] == "There is no placeholder {invoise} here. Did you mean {invoice}?"


def test_it_shows_without_saving(acme: Program) -> None:
    told = acme.post(f"{WELCOME}/preview", {"text": f"{GOOD} \u00a1Est\u00e1 bien!"}).json
    assert told["errors"] == []
    assert told["foreign"] == [{"character": "\u00e1", "plain": "a"}]
    assert told["examples"][-1]["size"]["encoding"] == "UCS-2"
    assert acme.get(WELCOME).json["version"] == 0
    refused = acme.post(f"{WELCOME}/preview", {"text": "{x"}).json
    assert {one["pointer"] for one in refused["errors"]} == {"/text"}


def test_it_lets_two_programs_not_overwrite_each_other(acme: Program) -> None:
    assert put(acme, WELCOME, text=GOOD, version=0).status == 200
    late = put(acme, WELCOME, text=GOOD.replace("howdy", "hello"), version=0)
    assert (late.status, late.json["code"]) == (409, "template_changed")


def test_it_asks_for_the_scope_and_a_live_key(world: World, sandboxed: Program) -> None:
    reader = program(world, scopes=frozenset({Scope.READ}))
    assert reader.get(WELCOME).status == 200
    assert put(reader, WELCOME, text=GOOD).status == 403
    assert put(sandboxed, WELCOME, text=GOOD).status == 409


@pytest.mark.parametrize("path", ["/templates/code/en", "/templates/welcome/fr", "/templates/opt_out/en"])
def test_it_has_no_others(acme: Program, path: str) -> None:
    assert acme.get(path).status == 404
    assert put(acme, path, text=GOOD).status == 404
