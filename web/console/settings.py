"""Settings of the business: its name and look, what customers may do when they pay, when reminders go by themselves.
Only an owner's; each change is in the trail, with what was there before."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import time
from decimal import Decimal, InvalidOperation
from typing import Any, ClassVar

from flask import Blueprint, Response, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from bot import reminders
from bot.reminders import cadences, countries
from bot.reminders.numbers import allowed_countries
from models.cadence import FURTHEST_STEP, MOST_STEPS, Cadence, Ways
from models.colour import contrast
from models.context import Context
from models.customer import Channel
from models.errors import DomainError
from models.merchant import CustomLanding, FeePayer, Merchant
from web import branding
from web.branding import Mode, Palette
from web.console import audit, frame, typed
from web.console.frame import ConsolePage, done, parts
from web.console.visitor import visitor
from web.context import reads, writes
from web.services import directory
from web.typed import address as read_address

blueprint = Blueprint("console_settings", __name__, url_prefix="/console/settings")

MOST_FEE_BASIS_POINTS = 400  # card networks' own ceiling on surcharges in the US
TERMS_CHARS = 8_000
FIELD_CHARS = 1_200  # forty countries by name
LENGTHS = {"name": 40, "legal_name": 120, "phone": 20, "address": 200, "hours": 40}


@dataclass(frozen=True, slots=True, kw_only=True)
class SettingsPage(ConsolePage):
    template: ClassVar[str] = "web/console/settings.html"
    section: ClassVar[str] = "settings"
    merchant: Merchant


@dataclass(frozen=True, slots=True)
class Shade:
    """How a colour looks and reads in one mode."""

    mode: Mode
    palette: Palette
    ground: str
    ink: str
    ratio: str
    moved: bool
    """The button is not quite that colour: nobody could have read the words on it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BrandPage(ConsolePage):
    template: ClassVar[str] = "web/console/settings_brand.html"
    section: ClassVar[str] = "settings"
    merchant: Merchant
    fields: Mapping[str, str]
    colour: str
    shades: tuple[Shade, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class PaymentsPage(ConsolePage):
    template: ClassVar[str] = "web/console/settings_payments.html"
    section: ClassVar[str] = "settings"
    merchant: Merchant
    fields: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class CadencePage(ConsolePage):
    template: ClassVar[str] = "web/console/settings_reminders.html"
    section: ClassVar[str] = "settings"
    cadence: Cadence
    fields: Mapping[str, str]
    home: str
    """The countries that are texted anyway."""


@blueprint.get("")
@reads
def index(ctx: Context) -> Response:
    return frame.show(SettingsPage(**parts(), merchant=_merchant(ctx)))


# --- the business ----------------------------------------------------------------------------------------------------
@blueprint.get("/brand")
@reads
def brand(ctx: Context) -> Response:
    """`?colour=` shows how another one would look; it changes nothing."""
    merchant = _merchant(ctx)
    fields = {name: getattr(merchant, name) for name in LENGTHS}
    return _brand_page(merchant, fields, request.args.get("colour", merchant.colour))


@blueprint.post("/brand")
@writes
def save_brand(ctx: Context) -> AnyResponse:
    merchant = _merchant(ctx, lock=True)
    fields = {name: typed.line(request.form.get(name, ""), longest) for name, longest in LENGTHS.items()}
    problems = {name: "field_missing" for name, value in fields.items() if not value}
    colour = request.form.get("colour", "")
    try:
        colour = branding.parse_hex(colour)
        if "phone" not in problems:
            fields["phone"] = read_address(Channel.SMS, fields["phone"], merchant.country)
    except DomainError as error:
        problems["colour" if error.code == "bad_colour" else "phone"] = error.code
    if problems:
        return _brand_page(merchant, fields, request.form.get("colour", ""), problems)
    _change(ctx, merchant, {**fields, "colour": colour}, "settings.brand_changed")
    return done("saved", url_for("console_settings.brand"))


def _brand_page(
    merchant: Merchant, fields: Mapping[str, str], colour: str, problems: Mapping[str, str] | None = None
) -> Response:
    try:
        shown = branding.parse_hex(colour)
    except DomainError:
        shown = merchant.colour
        problems = {"colour": "bad_colour", **(problems or {})}
    page = BrandPage(
        **parts(), problems=problems or {}, merchant=merchant, fields=fields, colour=shown, shades=shades(shown)
    )
    return frame.show(page, 422 if problems else 200)


def shades(colour: str) -> tuple[Shade, ...]:
    grounds = {Mode.LIGHT: ("#ffffff", "#10151c"), Mode.DARK: ("#171b22", "#eef1f6")}
    made = []
    for mode, (ground, ink) in grounds.items():
        palette = branding.palette(colour, mode)
        ratio = contrast(palette.fill, palette.on_fill)
        made.append(Shade(mode, palette, ground, ink, f"{ratio:.1f}", palette.fill != colour))
    return tuple(made)


# --- paying ----------------------------------------------------------------------------------------------------------
@blueprint.get("/payments")
@reads
def payments(ctx: Context) -> Response:
    merchant = _merchant(ctx)
    return frame.show(PaymentsPage(**parts(), merchant=merchant, fields=_payment_fields(merchant)))


@blueprint.post("/payments")
@writes
def save_payments(ctx: Context) -> AnyResponse:
    merchant, form = _merchant(ctx, lock=True), request.form
    problems: dict[str, str] = {}
    wanted: dict[str, Any] = {
        "allows_partial": "allows_partial" in form,
        "allows_custom": "allows_custom" in form,
        "custom_landing": _choice(CustomLanding, form.get("custom_landing", ""), merchant.custom_landing),
        "fee_payer": _choice(FeePayer, form.get("fee_payer", ""), merchant.fee_payer),
        "terms": form.get("terms", "").replace("\r\n", "\n").strip()[:TERMS_CHARS],
    }
    try:
        wanted["partial_minimum_minor"] = typed.money(form.get("minimum", ""), merchant.currency).minor
        if wanted["partial_minimum_minor"] < 1:
            problems["minimum"] = "amount_malformed"
    except DomainError as error:
        problems["minimum"] = error.code
    fee = _percent(form.get("fee", ""))
    if fee is None:
        problems["fee"] = "fee_malformed"
    if problems:
        kept = {name: form.get(name, "")[:TERMS_CHARS] for name in ("minimum", "fee", "terms")}
        page = PaymentsPage(**parts(), merchant=merchant, fields=kept, problems=problems)
        return frame.show(page, 422)
    wanted["fee_basis_points"] = fee
    if wanted["terms"] != merchant.terms:
        wanted["terms_version"] = merchant.terms_version + 1
    _change(ctx, merchant, wanted, "settings.payments_changed")
    return done("saved", url_for("console_settings.payments"))


def _payment_fields(merchant: Merchant) -> dict[str, str]:
    return {
        "minimum": f"{typed.of_minor(merchant.partial_minimum_minor, merchant.currency):f}",
        "fee": f"{Decimal(merchant.fee_basis_points) / 100:f}",
        "terms": merchant.terms,
    }


def _percent(text: str) -> int | None:
    """`2.9` as 290."""
    try:
        points = Decimal(text.strip().removesuffix("%").strip() or "0") * 100
    except InvalidOperation:
        return None
    fits = points.is_finite() and points == points.to_integral_value() and 0 <= points <= MOST_FEE_BASIS_POINTS
    return int(points) if fits else None


# --- reminders by themselves -----------------------------------------------------------------------------------------
@blueprint.get("/reminders")
@reads
def cadence(ctx: Context) -> Response:
    merchant = _merchant(ctx)
    own = reminders.cadence_of(ctx, merchant)
    return frame.show(CadencePage(**parts(), cadence=own, fields=_cadence_fields(own), home=_home(merchant)))


@blueprint.post("/reminders")
@writes
def save_cadence(ctx: Context) -> AnyResponse:
    merchant, form = _merchant(ctx, lock=True), request.form
    own = reminders.cadence_of(ctx, merchant)
    fields = {name: form.get(name, "")[:FIELD_CHARS] for name in _cadence_fields(own)}
    wanted, problems = _read_cadence(fields)
    if problems:
        page = CadencePage(**parts(), cadence=own, fields=fields, home=_home(merchant), problems=problems)
        return frame.show(page, 422)
    wanted |= {
        "is_on": "is_on" in form,
        "on_sundays": "on_sundays" in form,
        "shows_amounts": "shows_amounts" in form,
        "ways": _choice(Ways, form.get("ways", ""), own.ways),
    }
    was, now = cadences.change(ctx, merchant, wanted)
    audit.record(ctx, "settings.reminders_changed", merchant, label=merchant.name, before=was, after=now)
    return done("saved", url_for("console_settings.cadence"))


def _home(merchant: Merchant) -> str:
    return countries.names(allowed_countries(merchant, None))


def _cadence_fields(own: Cadence) -> dict[str, str]:
    return {
        "steps": ", ".join(str(step) for step in own.steps),
        "repeat_every": str(own.repeat_every or ""),
        "repeat_times": str(own.repeat_times or ""),
        "at": own.at.strftime("%H:%M"),
        "opens": own.opens.strftime("%H:%M"),
        "closes": own.closes.strftime("%H:%M"),
        "countries": countries.names(own.countries),
    }


def _read_cadence(fields: Mapping[str, str]) -> tuple[dict[str, Any], dict[str, str]]:
    wanted: dict[str, Any] = {}
    problems: dict[str, str] = {}
    try:
        steps = sorted({int(part) for part in fields["steps"].replace(";", ",").split(",") if part.strip()})
        wanted["steps"] = steps
        if not 0 < len(steps) <= MOST_STEPS or any(abs(step) > FURTHEST_STEP for step in steps):
            problems["steps"] = "steps_malformed"
    except ValueError:
        problems["steps"] = "steps_malformed"
    for name in ("repeat_every", "repeat_times"):
        text = fields[name].strip() or "0"
        if text.isascii() and text.isdigit() and int(text) <= FURTHEST_STEP:
            wanted[name] = int(text)
        else:
            problems[name] = "count_malformed"
    try:
        wanted["countries"] = countries.read(fields["countries"])
    except DomainError as error:
        problems["countries"] = error.code
    wanted["repeat_every"] = wanted.get("repeat_every") or None
    for name in ("at", "opens", "closes"):
        try:
            wanted[name] = time.fromisoformat(fields[name])
        except ValueError:
            problems[name] = "time_malformed"
    if not problems and not wanted["opens"] <= wanted["at"] < wanted["closes"]:
        problems["at"] = "time_outside_hours"
    return wanted, problems


# --- pieces ----------------------------------------------------------------------------------------------------------
def _merchant(ctx: Context, *, lock: bool = False) -> Merchant:
    """The member's own, fresh."""
    return ctx.session.get_one(Merchant, visitor().merchant.id, with_for_update=lock or None)


def _change(ctx: Context, merchant: Merchant, wanted: Mapping[str, Any], action: str) -> None:
    before = {name: getattr(merchant, name) for name in wanted}
    for name, value in wanted.items():
        setattr(merchant, name, value)
    was, now = audit.changes(before, dict(wanted))
    audit.record(ctx, action, merchant, label=merchant.name, before=was, after=now)
    directory().forget()


def _choice(kind: Any, asked: str, otherwise: Any) -> Any:
    return kind(asked) if asked in list(kind) else otherwise
