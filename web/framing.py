"""What surrounds every page: the merchant's brand, the language and its switch, the banner. Makes pages responses."""

import re
from functools import lru_cache
from urllib.parse import urlencode

import phonenumbers
from flask import Response, current_app, request

from models.context import Environment
from models.merchant import Merchant, Mode
from web import branding, i18n, templating
from web.context import runtime
from web.pages import Banner, Brand, Frame, Page
from web.security import cookie_name
from web.services import settings

LANGUAGE_COOKIE_S = 365 * 24 * 3600


def frame(
    merchant: Merchant | None,
    *,
    prefers: str | None = None,
    mode: Mode = Mode.LIVE,
    sign_out_action: str | None = None,
) -> Frame:
    """`prefers` is a known customer's language: never before they have shown who they are."""
    chosen = language(prefers)
    return Frame(
        language=chosen,
        time_zone=merchant.timezone if merchant else "UTC",
        now=runtime().clock.now(),
        brand=brand(merchant) if merchant else None,
        banner=_banner(mode),
        switch_url=_switch_url(chosen),
        sign_out_action=sign_out_action,
    )


def show(page: Page, status: int = 200) -> Response:
    html = templating.render(current_app.jinja_env, page)
    response = Response(html, status, content_type="text/html; charset=utf-8")
    if request.args.get("lang") in i18n.LANGUAGES:
        _remember_language(response, page.frame.language)
    return response


def language(prefers: str | None = None) -> str:
    cookie = request.cookies.get(cookie_name(settings(), i18n.LANGUAGE_COOKIE))
    return i18n.choose_language(request.args.get("lang"), cookie, prefers, request.accept_languages)


def brand(merchant: Merchant) -> Brand:
    phone, phone_uri = _phone(merchant.phone, merchant.country)
    return Brand(
        name=merchant.name,
        initials=initials(merchant.name),
        legal_name=merchant.legal_name,
        address=merchant.address,
        phone=phone,
        phone_uri=phone_uri,
        email=merchant.email,
        css_url=branding.stylesheet_url(merchant.public_id, merchant.colour),
        logo_url=branding.logo_url(merchant.public_id, merchant.logo_version),
    )


def initials(name: str) -> str:
    """Of the first two words: `HF` for Harbor & Finch."""
    return "".join(word[0] for word in re.findall(r"[^\W_]+", name)[:2]).upper()


@lru_cache(maxsize=1024)
def _phone(number: str, country: str) -> tuple[str, str]:
    """As its neighbours write it, and as a phone dials it."""
    try:
        parsed = phonenumbers.parse(number, country)
    except phonenumbers.NumberParseException:
        return number, number
    shape = phonenumbers.PhoneNumberFormat
    at_home = phonenumbers.region_code_for_country_code(parsed.country_code or 0) == country
    shown = phonenumbers.format_number(parsed, shape.NATIONAL if at_home else shape.INTERNATIONAL)
    return shown, phonenumbers.format_number(parsed, shape.E164)


def _banner(mode: Mode) -> Banner | None:
    if runtime().site.environment is not Environment.PRODUCTION:
        return Banner.DEMO
    return Banner.TEST if mode is Mode.TEST else None


def _switch_url(chosen: str) -> str | None:
    """Only a query, so that no made-up path can lead elsewhere. An answer to a form has no address to switch."""
    if request.method == "POST":
        return None
    kept = {name: value for name, value in request.args.items() if name != "lang"}
    return f"?{urlencode({**kept, 'lang': i18n.other_language(chosen)})}"


def _remember_language(response: Response, chosen: str) -> None:
    name, is_secure = cookie_name(settings(), i18n.LANGUAGE_COOKIE), settings().is_secure
    response.set_cookie(
        name, chosen, max_age=LANGUAGE_COOKIE_S, secure=is_secure, httponly=True, samesite="Lax", path="/"
    )
