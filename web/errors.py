"""Every refusal, once: domain codes and exceptions to a status, and a status to a page or JSON."""

import sqlalchemy as sa
import structlog
from flask import Flask, Response, current_app, g, jsonify, request
from flask_wtf.csrf import CSRFError
from werkzeug.exceptions import HTTPException

from models import limits
from models.database import is_unavailable, is_unwritable
from models.errors import DomainError, MalformedWebhook, ProviderError, UnverifiedWebhook
from web import framing, templating
from web.api.problems import of_status
from web.context import runtime
from web.outcome_pages import ErrorPage
from web.security import client_network

log = structlog.get_logger()

STATUS: dict[str, int] = {
    "bad_token": 404,
    "expired_token": 410,
    "not_found": 404,
    "already_paid": 409,
    "payment_in_flight": 409,
    "amount_changed": 409,
    "idempotency_mismatch": 409,
    "terms_changed": 409,
    "terms_missing": 409,
    "mode_mismatch": 409,
    "idempotency_key_invalid": 422,
    "method_unknown": 422,
    "bad_amount": 422,
    "above_balance": 422,
    "below_minimum": 422,
    "partial_not_allowed": 422,
    "custom_not_allowed": 422,
    "too_many": 429,
}
"""Codes a person can meet outside the flow that handles them; any other is our own fault."""
RETRY_AFTER_S = 5
_JSON_PATHS = ("/webhooks/", "/healthz", "/readyz")


def install(app: Flask) -> None:
    app.register_error_handler(UnverifiedWebhook, lambda _: answer(403))
    app.register_error_handler(MalformedWebhook, lambda _: answer(400))
    app.register_error_handler(DomainError, _domain)
    app.register_error_handler(ProviderError, lambda _: answer(503))
    app.register_error_handler(sa.exc.SQLAlchemyError, _database)
    app.register_error_handler(CSRFError, lambda _: answer(403))
    app.register_error_handler(HTTPException, _http)
    app.register_error_handler(Exception, _unexpected)


def answer(status: int, *, retry_url: str | None = None) -> Response:
    """The page for people, JSON for programs; 503 says when to come back."""
    if request.path.startswith("/api/"):
        return of_status(status)
    if request.path.startswith(_JSON_PATHS):
        response = jsonify(status=status, request_id=g.get("request_id"))
    else:
        response = Response(_page(status, retry_url), content_type="text/html; charset=utf-8")
    response.status_code = status
    if status in (429, 503):
        response.headers["Retry-After"] = str(RETRY_AFTER_S)
    return response


def _page(status: int, retry_url: str | None) -> str:
    # Only our own faults have a reference to quote: what is not there must look the same every time.
    reference = g.get("request_id") if status >= 500 else None
    page = ErrorPage(frame=framing.frame(None), status=status, reference=reference, retry_url=retry_url)
    return templating.render(current_app.jinja_env, page)


def _domain(error: DomainError) -> Response:
    if error.code not in STATUS:
        log.error("domain.unmapped", code=error.code)
    if error.code == "bad_token" and not _may_try_tokens():
        return answer(429)
    return answer(STATUS.get(error.code, 500))


def _may_try_tokens() -> bool:
    """Links that name nothing are counted: nobody who guesses gets far."""
    with runtime().write() as ctx:
        return limits.hit(ctx.session, limits.TOKENS_PER_NETWORK, client_network(), ctx.clock.now())


def _database(error: Exception) -> Response:
    """Where it is away, whoever asked should ask again, and nothing was half done."""
    if is_unwritable(error):
        return answer(422)
    if not is_unavailable(error):
        return _unexpected(error)
    log.error("database.unavailable", error=type(error).__name__)
    return answer(503)


def _http(error: HTTPException) -> Response:
    if error.response is not None and isinstance(error.response, Response):
        return error.response
    response = answer(error.code or 500)
    for name, value in error.get_headers():
        if name in ("Allow", "Location"):
            response.headers[name] = value
    return response


def _unexpected(error: Exception) -> Response:
    log.error("request.failed", exc_info=error)
    return answer(500)
