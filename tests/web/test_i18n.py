import re
from pathlib import Path
from typing import Any

import pytest
from babel.messages.catalog import Catalog, Message
from babel.messages.pofile import read_po
from jinja2.ext import babel_extract
from werkzeug.datastructures import LanguageAccept

from web.i18n import LOCALE_FOLDER, choose_language, load_catalogues
from web.templating import TEMPLATE_FOLDER

SPANISH = LOCALE_FOLDER / "es" / "LC_MESSAGES" / "messages.po"
PLACEHOLDER = re.compile(r"%\(\w+\)s|</?\w+>")


def spanish() -> Catalog:
    with SPANISH.open("rb") as source:
        return read_po(source, locale="es", abort_invalid=True)


def as_forms(text: Any) -> list[str]:
    """Singular and plural alike: Babel gives a string for one, a tuple for several."""
    return [text] if isinstance(text, str) else [str(form) for form in text]


def used_ids(template: Path) -> set[str]:
    """Every message id of one template, by its singular."""
    options = {"trimmed": "true", "silent": "false", "newstyle_gettext": "true"}
    with template.open("rb") as source:
        found = list(babel_extract(source, ["_", "gettext", "ngettext"], [], options))
    return {as_forms(message)[0] for _, _, message, _ in found}


TEMPLATES = sorted((TEMPLATE_FOLDER / "web").rglob("*.html"))
MESSAGES = [message for message in spanish() if message.id]


@pytest.mark.parametrize("template", TEMPLATES, ids=lambda path: path.relative_to(TEMPLATE_FOLDER).as_posix())
def test_it_says_everything_in_spanish(template: Path) -> None:
    translated = {as_forms(message.id)[0] for message in MESSAGES if all(as_forms(message.string))}
    assert used_ids(template) - translated == set()


def test_it_keeps_no_translation_that_no_template_uses() -> None:
    used = set[str]().union(*map(used_ids, TEMPLATES))
    assert {as_forms(message.id)[0] for message in MESSAGES} - used == set()


@pytest.mark.parametrize("message", MESSAGES, ids=lambda message: as_forms(message.id)[0][:40])
def test_it_keeps_the_values_and_marks_of_the_original(message: Message) -> None:
    originals, translations = as_forms(message.id), as_forms(message.string)
    # "1 day late" needs no number: only the plural must show it.
    assert set(PLACEHOLDER.findall(translations[-1])) == set(PLACEHOLDER.findall(originals[-1]))


def test_it_has_every_language_ready_at_start() -> None:
    assert load_catalogues()["es"].gettext("Sign out") == "Cerrar sesión"


@pytest.mark.parametrize(
    ("explicit", "cookie", "customer", "header", "language"),
    [
        ("es", "en", "en", "en", "es"),
        (None, "es", "en", "en", "es"),
        (None, None, "es", "en", "es"),
        (None, None, None, "es-MX,es;q=0.9,en;q=0.8", "es"),
        (None, None, None, "fr,de;q=0.5", "en"),
        ("xx", "", "ES_us", "en", "es"),
        ("../../etc", None, None, "", "en"),
    ],
)
def test_it_prefers_what_was_said_most_plainly(
    explicit: str | None, cookie: str | None, customer: str | None, header: str, language: str
) -> None:
    wishes = [part.partition(";q=") for part in header.split(",") if part]
    accepted = LanguageAccept([(name, float(weight or 1)) for name, _, weight in wishes])
    assert choose_language(explicit, cookie, customer, accepted) == language
