from pathlib import Path
from random import Random  # noqa: TID251 - repeatable on purpose

import pytest

from models.colour import contrast
from models.errors import DomainError
from web.branding import GROUNDS, Mode, Palette, palette, parse_hex, stylesheet, stylesheet_url

HARD_COLOURS = ["#ffff00", "#ffffff", "#000000", "#808080", "#ff69b4", "#00ff00"]
INK = {Mode.LIGHT: "#10151c", Mode.DARK: "#eef1f6"}
MUTED = {Mode.LIGHT: "#566070", Mode.DARK: "#a4aebc"}
APP_CSS = Path("web/static/app.css").read_text()


@pytest.fixture(scope="module", params=list(Mode))
def random_palettes(request: pytest.FixtureRequest) -> tuple[Mode, list[Palette]]:
    """3,000 colours, the same on every run."""
    source = Random(20260619)
    return request.param, [palette(f"#{source.randrange(1 << 24):06x}", request.param) for _ in range(3000)]


def text_contrasts(roles: Palette, mode: Mode) -> list[float]:
    backdrops = (*GROUNDS[mode].backdrops, roles.tint)
    on_tint = [contrast(INK[mode], roles.tint), contrast(MUTED[mode], roles.tint)]
    on_button = [contrast(roles.on_fill, roles.fill), contrast(roles.on_fill, roles.fill_hover)]
    return [*on_tint, *on_button, *(contrast(roles.link, backdrop) for backdrop in backdrops)]


def edge_contrasts(roles: Palette, mode: Mode) -> list[float]:
    return [contrast(roles.edge, backdrop) for backdrop in (*GROUNDS[mode].backdrops, roles.tint)]


def test_it_makes_3000_random_colours_readable(random_palettes: tuple[Mode, list[Palette]]) -> None:
    mode, palettes = random_palettes
    assert min(min(text_contrasts(roles, mode)) for roles in palettes) >= 4.5


def test_it_makes_the_edges_of_3000_random_colours_visible(random_palettes: tuple[Mode, list[Palette]]) -> None:
    mode, palettes = random_palettes
    assert min(min(edge_contrasts(roles, mode)) for roles in palettes) >= 3


@pytest.mark.parametrize("mode", list(Mode))
@pytest.mark.parametrize("colour", HARD_COLOURS)
def test_it_makes_hard_colours_readable(colour: str, mode: Mode) -> None:
    assert min(text_contrasts(palette(colour, mode), mode)) >= 4.5


@pytest.mark.parametrize("colour", ["#0b6e66", "#ffff00", "#1c4fd8", "#000000"])
def test_it_keeps_a_button_in_the_merchants_own_colour(colour: str) -> None:
    assert palette(colour, Mode.LIGHT).fill == colour


def test_it_moves_a_grey_on_which_nothing_reads() -> None:
    assert palette("#777777", Mode.LIGHT).fill != "#777777"


def test_it_writes_ink_on_a_bright_button_and_white_on_a_strong_one() -> None:
    texts = [palette(colour, Mode.LIGHT).on_fill for colour in ("#ffff00", "#0b6e66")]
    assert texts == ["#10151c", "#ffffff"]


@pytest.mark.parametrize("colour", ["", "red", "#fff", "#12345", "#1234567", "#12345g", "#000;}", "#000000\n#ffffff"])
def test_it_refuses_what_is_not_a_colour(colour: str) -> None:
    with pytest.raises(DomainError, match="bad_colour"):
        parse_hex(colour)


def test_it_accepts_a_colour_with_or_without_the_hash() -> None:
    assert parse_hex(" 0B6E66 ") == parse_hex("#0b6e66") == "#0b6e66"


def test_it_serves_every_role_in_both_modes() -> None:
    css = stylesheet("#0b6e66")
    assert [css.count(f"--{role}:") for role in ("fill", "fill-hover", "on-fill", "edge", "link", "tint")] == [2] * 6


def test_it_changes_the_address_with_the_colour() -> None:
    assert stylesheet_url("m1", "#0b6e66") != stylesheet_url("m1", "#0b6e67")


@pytest.mark.parametrize("neutral", [colour for ground in GROUNDS.values() for colour in ground.backdrops])
def test_it_guards_against_the_neutrals_that_the_pages_use(neutral: str) -> None:
    assert f": {neutral.replace('#ffffff', '#fff')};" in APP_CSS
