"""What the outside posts to us. Each view verifies first, stores before it answers, and tells the sender the truth:
403 unauthentic, 400 unreadable, 2xx done or nothing to do, 503 try again."""

from flask import Request, request

from models.ports import WebhookRequest
from web.context import runtime


def webhook_request() -> WebhookRequest:
    """The request as the signature saw it."""
    body = request.get_data(cache=True)
    form = tuple(request.form.items(multi=True))
    return WebhookRequest(address_of(request), dict(request.headers.items()), form, body)


def address_of(incoming: Request) -> str:
    """Our configured base URL and the raw query, whatever Host or a proxy says."""
    query = incoming.query_string.decode("latin-1")
    return f"{runtime().site.base_url}{incoming.path}" + (f"?{query}" if query else "")
