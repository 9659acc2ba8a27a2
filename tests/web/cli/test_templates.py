"""`flask templates`: a merchant's own words in a terminal."""

from click.testing import Result

from tests.support.world import ALICE, World

GOOD = "{merchant}: howdy! Your email, please? {portal} {help}, {stop}"


def run(world: World, *words: str) -> Result:
    return world.client.application.test_cli_runner().invoke(args=["templates", *words], env={"COLUMNS": "200"})


def test_it_sets_shows_and_resets(world: World) -> None:
    assert run(world, "set", "acme", "welcome", "en", "--text", GOOD).output == "Kept as version 1.\n"
    phone = world.phone(ALICE)
    phone.says("hi")
    phone.hears("Acme: howdy!")
    assert "own" in run(world, "list", "acme").output
    told = run(world, "show", "acme", "welcome", "en").output
    assert GOOD in told
    assert "command line" in told
    assert "Till's words are back." in run(world, "reset", "acme", "welcome", "en").output
    assert "Kept" not in run(world, "show", "globex", "welcome", "en").output


def test_it_checks_and_keeps_nothing(world: World) -> None:
    good = run(world, "check", "acme", "welcome", "en", "--text", f"{GOOD} \u00e1")
    assert (good.exit_code, "UCS-2" in good.output) == (0, True)
    bad = run(world, "check", "acme", "welcome", "en", "--text", f"{GOOD} {{{{7*7}}}}")
    assert (bad.exit_code, "There is no placeholder {7*7} here." in bad.output) == (1, True)
    assert "own" not in run(world, "list", "acme").output


def test_it_refuses_in_words(world: World) -> None:
    refused = run(world, "set", "acme", "welcome", "en", "--text", "{custmer}")
    assert refused.exit_code == 1
    assert "Begin with {merchant}:" in refused.output
    assert run(world, "set", "nobody", "welcome", "en", "--text", GOOD).exit_code == 1
