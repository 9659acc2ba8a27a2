"""What the outside posts to us. Each view verifies first, stores before it answers, and tells the sender the truth:
403 unauthentic, 400 unreadable, 2xx done or nothing to do, 503 try again."""

from collections.abc import Mapping
from typing import cast
from urllib.parse import parse_qsl

from flask import Request

from models.ports import WebhookRequest
from web.context import runtime, this_request


def webhook_request() -> WebhookRequest:
    """The request as the signature saw it."""
    asked = this_request()
    body = asked.get_data(cache=True)
    is_form = asked.mimetype == "application/x-www-form-urlencoded"
    headers = cast(Mapping[str, str], asked.headers)  # read by name: a copy of them all costs more
    return WebhookRequest(address_of(asked), headers, _fields(body) if is_form else (), body)


def _fields(body: bytes) -> tuple[tuple[str, str], ...]:
    """As Werkzeug reads them, without reading them twice. What is no text has no fields, and so no signature."""
    try:
        return tuple(parse_qsl(body.decode(), keep_blank_values=True, errors="werkzeug.url_quote"))
    except ValueError:
        return ()


def address_of(incoming: Request) -> str:
    """Our configured base URL and the raw query, whatever Host or a proxy says."""
    query = incoming.query_string.decode("latin-1")
    return f"{runtime().site.base_url}{incoming.path}" + (f"?{query}" if query else "")
