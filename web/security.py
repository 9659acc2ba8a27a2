"""What every response and every form is guarded by: headers, forged-request checks, cookies, the client's network."""

import ipaddress
from collections.abc import Callable, Collection, Iterable, Mapping
from functools import lru_cache
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from flask import Blueprint, Flask, Request, Response, abort, g, request
from flask.sessions import SecureCookieSession, SecureCookieSessionInterface
from flask_wtf import CSRFProtect
from flask_wtf.csrf import CSRFError, generate_csrf
from markupsafe import Markup

from models.signing import Purpose
from web.config import Settings
from web.context import runtime, this_request

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

csrf = CSRFProtect()
_sealed: set[str] = set()
"""Blueprints whose forms are bound to their link."""

CSP = (
    "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "form-action {form_action}; base-uri 'none'; frame-ancestors 'none'"
)
HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "X-Frame-Options": "DENY",
    "X-Robots-Tag": "noindex, nofollow",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=(), payment=()",
    "Cache-Control": "private, no-store",
}
HSTS = "max-age=63072000; includeSubDomains"  # OWASP HTTP Headers sheet
CHANGING = frozenset({"POST", "PUT", "PATCH", "DELETE"})


class FormSession(SecureCookieSessionInterface):
    """Flask's own, which makes a signer for each request: webhooks and programs bring no cookie to verify."""

    def open_session(self, app: Flask, request: Request) -> SecureCookieSession | None:
        if "HTTP_COOKIE" not in request.environ:
            return self.session_class()
        return super().open_session(app, request)


def install(app: Flask, settings: Settings) -> None:
    app.session_interface = FormSession()
    keys = [key.get_secret_value() for key in settings.secret_keys]
    app.config.update(
        SECRET_KEY=keys[-1],
        SECRET_KEY_FALLBACKS=keys[:-1],
        TRUSTED_HOSTS=sorted({settings.host} | ({"localhost", "127.0.0.1"} if not settings.is_secure else set())),
        SESSION_COOKIE_NAME=cookie_name(settings, "form"),
        SESSION_COOKIE_SECURE=settings.is_secure,
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        SESSION_COOKIE_PATH="/",
        WTF_CSRF_SSL_STRICT=False,  # it wants a Referer, which our own Referrer-Policy takes away
        MAX_CONTENT_LENGTH=256 * 1024,
    )
    app.before_request(_refuse_nul)
    csrf.init_app(app)
    app.jinja_env.globals["csrf_field"] = csrf_field
    app.before_request(refuse_foreign_origin)

    app.after_request(_name_form_origins)
    always = HEADERS | ({"Strict-Transport-Security": HSTS} if settings.is_secure else {})
    app.wsgi_app = Guarded(app.wsgi_app, always | {"Content-Security-Policy": _csp(())})  # type: ignore[method-assign]


class Guarded:
    """Adds what every answer bears, whatever of it the answer does not say itself. Not by Flask's hooks: its headers
    look at each name and value twice."""

    def __init__(self, served: "WSGIApplication", always: Mapping[str, str]) -> None:
        self._served = served
        self._missing = lru_cache(maxsize=256)(lambda said: _missing(always, said))

    def __call__(self, environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        def start(status: str, headers: list[tuple[str, str]], *error: Any) -> Callable[[bytes], object]:
            missing = self._missing(tuple(name for name, _ in headers))
            return start_response(status, [*headers, *missing], *error)

        return self._served(environ, start)


def _missing(always: Mapping[str, str], said: Collection[str]) -> list[tuple[str, str]]:
    names = {name.lower() for name in said}
    return [(name, value) for name, value in always.items() if name.lower() not in names]


def _name_form_origins(response: Response) -> Response:
    """A page whose form leads elsewhere says so itself."""
    if "form_origins" in g:
        response.headers.setdefault("Content-Security-Policy", _csp(g.form_origins))
    return response


@lru_cache(maxsize=64)
def _csp(form_origins: tuple[str, ...]) -> str:
    return CSP.format(form_action=" ".join(["'self'", *form_origins]))


def cookie_name(settings: Settings, name: str) -> str:
    """`__Host-` binds a cookie to this very host over https; plain http (the demo) cannot carry it."""
    return f"__Host-till-{name}" if settings.is_secure else f"till-{name}"


def bind_forms_to_link(blueprint: Blueprint) -> None:
    """Pages behind a link whose `token` is the whole permission: their forms carry a seal of that token instead of one
    of a session's, so that looking leaves no cookie with whoever looks (mail scanners and link previews do)."""
    csrf.exempt(blueprint)
    blueprint.before_request(_refuse_unsealed)
    _sealed.add(blueprint.name)


def _refuse_unsealed() -> None:
    token, seal = _link_token(), request.form.get("csrf_token", "")
    if request.method in CHANGING and not runtime().signer.is_seal(Purpose.FORM, token, seal):
        raise CSRFError


def _link_token() -> str:
    return str((request.view_args or {}).get("token", ""))


def csrf_field() -> Markup:
    sealed = request.blueprint in _sealed
    value = runtime().signer.seal(Purpose.FORM, _link_token()) if sealed else generate_csrf()
    return Markup('<input type="hidden" name="csrf_token" value="{}">').format(value)


def refuse_foreign_origin() -> None:
    """A second lock beside the token. `null` is what our own pages send, having no Referrer."""
    asked = this_request()
    if asked.method not in CHANGING or asked.path.startswith(("/webhooks/", "/api/")):
        return
    origin = asked.headers.get("Origin", "null")
    if origin != "null" and urlsplit(origin).netloc != asked.host:
        abort(403)
    if asked.headers.get("Sec-Fetch-Site", "same-origin") not in ("same-origin", "none"):
        abort(403)


def client_network() -> str:
    """What per-network limits count by: the peer's address, IPv6 as its /64. Forwarded headers are not believed here:
    behind a proxy, gunicorn's forwarded_allow_ips decides who may set them."""
    try:
        address = ipaddress.ip_address(request.remote_addr or "")
    except ValueError:
        return "unknown"
    if isinstance(address, ipaddress.IPv6Address):
        return str(ipaddress.ip_network((address, 64), strict=False))
    return str(address)


def _refuse_nul() -> None:
    """No text of PostgreSQL's holds one: whoever writes it into an address asks for nothing that there is."""
    asked = this_request()
    if "\0" in asked.path:
        abort(404)
    if b"%00" in asked.query_string:
        abort(422)
