"""Page languages: which one a visitor gets, and the Spanish catalogue read at start. Refuses unknown languages."""

from collections.abc import Mapping
from gettext import GNUTranslations, NullTranslations
from io import BytesIO
from pathlib import Path
from typing import Any, cast

from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from jinja2 import Environment, pass_context
from jinja2.runtime import Context
from werkzeug.datastructures import LanguageAccept

DEFAULT_LANGUAGE = "en"  # the language of the message ids, which needs no catalogue
LANGUAGES = ("en", "es")
LANGUAGE_COOKIE = "lang"
LOCALE_FOLDER = Path(__file__).parent.parent / "templates" / "locale"

Catalogues = Mapping[str, NullTranslations]


def choose_language(
    explicit: str | None,
    cookie: str | None = None,
    customer: str | None = None,
    accepted: LanguageAccept | None = None,
) -> str:
    """`?lang=` first, then the cookie it set, the customer's own language, and Accept-Language; else English."""
    for wish in (explicit, cookie, customer):
        language = _known(wish)
        if language is not None:
            return language
    best = accepted.best_match(LANGUAGES) if accepted else None
    return best or DEFAULT_LANGUAGE


def other_language(language: str) -> str:
    """The one the switch link offers."""
    return next(each for each in LANGUAGES if each != language)


def load_catalogues(folder: Path = LOCALE_FOLDER) -> Catalogues:
    """Translations by language, compiled in memory so that no generated file lives in the repository."""
    return {language: _load(folder, language) for language in LANGUAGES}


def install(env: Environment, catalogues: Catalogues) -> None:
    """Translate by the language of the `frame` being rendered, so that threads share one environment."""

    @pass_context
    def gettext(context: Context, message: str) -> str:
        return catalogues[context["frame"].language].gettext(message)

    @pass_context
    def ngettext(context: Context, one: str, many: str, count: int) -> str:
        return catalogues[context["frame"].language].ngettext(one, many, count)

    env.add_extension("jinja2.ext.i18n")
    env.policies["ext.i18n.trimmed"] = True
    cast(Any, env).install_gettext_callables(gettext, ngettext, newstyle=True)


def _known(wish: str | None) -> str | None:
    """`es-MX` and `ES` mean Spanish."""
    language = (wish or "").lower().replace("_", "-").partition("-")[0]
    return language if language in LANGUAGES else None


def _load(folder: Path, language: str) -> NullTranslations:
    path = folder / language / "LC_MESSAGES" / "messages.po"
    if language == DEFAULT_LANGUAGE:
        return NullTranslations()
    with path.open("rb") as source:
        catalogue = read_po(source, locale=language, abort_invalid=True)
    compiled = BytesIO()
    write_mo(compiled, catalogue)
    compiled.seek(0)
    return GNUTranslations(compiled)
