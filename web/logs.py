"""Structured logs: references and statuses. A last filter blanks what slips in: addresses, codes, tokens, bodies."""

import logging
import re
import secrets
import sys
import time
from collections.abc import Mapping, MutableMapping
from typing import Any

import structlog
from flask import Flask, Response, g

from web.context import this_request

_SECRETS = (
    (re.compile(r"[\w.+-]+@[\w-]+\.[\w.]+"), "[email]"),
    (re.compile(r"\+\d{7,15}"), "[phone]"),
    (re.compile(r"/(p|r|u|receipt)/[\w.-]+"), r"/\1/[token]"),
    (re.compile(r"\b\d(?:[ -]?\d){12,18}\b"), "[digits]"),
)
_SUSPECT = re.compile(r"[@+/]|\d(?:[ -]?\d){12}")
"""What all of these have: most values have none of it, and one look is enough."""
_NEVER = frozenset({"body", "text", "code", "token", "password", "authorization", "cookie", "html"})


def redact(_logger: Any, _name: str, event: MutableMapping[str, Any]) -> Mapping[str, Any]:
    """The processor every line passes, last."""
    for key, value in event.items():
        if key in _NEVER and key != "event" and not isinstance(value, int):
            event[key] = "[redacted]"
        elif isinstance(value, str):
            event[key] = _blank(value)
    return event


def _blank(text: str) -> str:
    if _SUSPECT.search(text) is None:
        return text
    for pattern, stand_in in _SECRETS:
        text = pattern.sub(stand_in, text)
    return text


def configure() -> None:
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            redact,
            structlog.processors.JSONRenderer(),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
        logger_factory=structlog.WriteLoggerFactory(sys.stderr),  # a line is one call of the system
        cache_logger_on_first_use=False,
    )


def install(app: Flask) -> None:
    """One line a request: the route's pattern, never its path, since paths carry tokens; and the line's id for whoever
    asked. Before all that guards: what is refused has its line, too."""
    log = structlog.get_logger("request").bind()  # put together once, not at each line

    @app.before_request
    def _start() -> None:
        g.started, g.request_id = time.perf_counter(), secrets.token_hex(8)

    @app.after_request
    def _finish(response: Response) -> Response:
        asked, request_id = this_request(), g.request_id
        took_s = g.took_s = time.perf_counter() - g.started
        ms, rule = round(took_s * 1000, 1), asked.url_rule.rule if asked.url_rule else "-"
        log.info("request", method=asked.method, rule=rule, status=response.status_code, ms=ms, id=request_id)
        response.headers["X-Request-Id"] = request_id
        return response
