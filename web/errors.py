"""Every refusal, once: domain codes and exceptions to a status, and a status to a page or JSON."""

import sqlalchemy as sa
import structlog
from flask import Flask, Response, current_app, g, jsonify, request
from werkzeug.exceptions import HTTPException

from models.context import Environment
from models.errors import DomainError, MalformedWebhook, ProviderError, UnverifiedWebhook
from web import i18n, templating
from web.context import runtime
from web.outcome_pages import ErrorPage
from web.pages import Banner, Frame

log = structlog.get_logger()

STATUS: dict[str, int] = {
    "bad_token": 404,
    "expired_token": 410,
    "not_found": 404,
    "already_paid": 409,
    "payment_in_flight": 409,
    "amount_changed": 409,
    "idempotency_mismatch": 409,
    "idempotency_key_invalid": 422,
    "too_many": 429,
}
"""Codes a person can meet outside the flow that handles them; any other is our own fault."""
RETRY_AFTER_S = 5
_JSON_PATHS = ("/webhooks/", "/api/", "/healthz", "/readyz")


def install(app: Flask) -> None:
    app.register_error_handler(UnverifiedWebhook, lambda _: answer(403))
    app.register_error_handler(MalformedWebhook, lambda _: answer(400))
    app.register_error_handler(DomainError, _domain)
    app.register_error_handler(ProviderError, lambda _: answer(503))
    # Locked, stopped, full, out of connections: whoever asked should ask again, and nothing was half done.
    for unavailable in (sa.exc.OperationalError, sa.exc.InterfaceError, sa.exc.TimeoutError):
        app.register_error_handler(unavailable, _unavailable)
    app.register_error_handler(HTTPException, _http)
    app.register_error_handler(Exception, _unexpected)


def answer(status: int) -> Response:
    """The page for people, JSON for programs; 503 says when to come back."""
    if request.path.startswith(_JSON_PATHS):
        response = jsonify(status=status, request_id=g.get("request_id"))
    else:
        response = Response(_page(status), content_type="text/html; charset=utf-8")
    response.status_code = status
    if status in (429, 503):
        response.headers["Retry-After"] = str(RETRY_AFTER_S)
    return response


def _page(status: int) -> str:
    language = i18n.choose_language(
        request.args.get("lang"), request.cookies.get(i18n.LANGUAGE_COOKIE), accepted=request.accept_languages
    )
    demo = runtime().site.environment is not Environment.PRODUCTION
    frame = Frame(
        language=language,
        time_zone="UTC",
        now=runtime().clock.now(),
        brand=None,
        banner=Banner.DEMO if demo else None,
    )
    page = ErrorPage(frame=frame, status=status, reference=g.get("request_id"))
    return templating.render(current_app.jinja_env, page)


def _domain(error: DomainError) -> Response:
    if error.code not in STATUS:
        log.error("domain.unmapped", code=error.code)
    return answer(STATUS.get(error.code, 500))


def _unavailable(error: Exception) -> Response:
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
