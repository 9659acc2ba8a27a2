"""The routes' rules. Building a URL runs code that werkzeug writes for each rule: two hundred of them at the start
would keep the first answer waiting."""

from collections.abc import Callable
from functools import cache

from werkzeug.routing import Rule


class LateRule(Rule):
    """Its code is written when the first URL is built with it."""

    def _compile_builder(self, append_unknown: bool = True) -> Callable[..., tuple[str, str]]:
        write = cache(super()._compile_builder)

        def build(rule: Rule, /, **parts: object) -> tuple[str, str]:
            return write(append_unknown)(rule, **parts)

        return build
