"""What is wrong with words, in words: the same for the console, for programs and in a terminal."""

from functools import lru_cache

from jinja2 import Environment, FileSystemLoader, StrictUndefined, Template

from bot.own_words.judging import Fault
from bot.rendering import TEMPLATES

_environment = Environment(  # noqa: S701 - plain words; pages escape them
    loader=FileSystemLoader(TEMPLATES / "own_words"), undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
)


def told(fault: Fault) -> str:
    said = _words().render(code=fault.code, part=fault.part, detail=fault.detail, hint=fault.hint)
    return " ".join(said.split())


@lru_cache(maxsize=1)
def _words() -> Template:
    return _environment.get_template("faults.txt")
