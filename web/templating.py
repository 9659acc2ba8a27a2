"""The Jinja environment of every web page: autoescape always, strict undefined, filters, languages, asset addresses."""

import hashlib
from functools import lru_cache
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from web import i18n
from web.formatting import FILTERS
from web.pages import Page

TEMPLATE_FOLDER = Path(__file__).parent.parent / "templates"
STATIC_FOLDER = Path(__file__).parent / "static"


def configure(env: Environment) -> Environment:
    """Register everything templates/web needs, except the global `csrf_field()`, which belongs to the application."""
    env.loader = FileSystemLoader(TEMPLATE_FOLDER)
    env.autoescape = True  # Jinja and Flask both decide by file name otherwise
    env.undefined = StrictUndefined
    env.trim_blocks = env.lstrip_blocks = True
    env.filters.update(FILTERS)
    env.globals["asset"] = asset
    env.globals["other_language"] = i18n.other_language
    i18n.install(env, i18n.load_catalogues())
    return env


def build_environment() -> Environment:
    """The same environment without an application: previews and tests."""
    return configure(Environment(autoescape=True))


def render(env: Environment, page: Page) -> str:
    """One whole page as HTML."""
    return env.get_template(page.template).render(page=page, frame=page.frame)


def asset(name: str) -> str:
    """`/static/app.css?v=…`: the address changes with the content, so browsers may keep the file for ever."""
    path = STATIC_FOLDER / name
    return f"/static/{name}?v={_fingerprint(path, path.stat().st_mtime_ns)}"


@lru_cache(maxsize=64)
def _fingerprint(path: Path, _changed_ns: int) -> str:
    return hashlib.blake2b(path.read_bytes(), digest_size=6).hexdigest()
