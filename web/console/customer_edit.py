"""Changing a customer's file: name, language, addresses, what an address's owner said. An address that goes takes every
proof and portal session that rested on it with it; a refusal stays until its owner lifts it."""

import re
from dataclasses import dataclass
from typing import ClassVar

import sqlalchemy as sa
from flask import Blueprint, Response, request, url_for
from werkzeug.exceptions import NotFound
from werkzeug.wrappers import Response as AnyResponse

from bot import addresses
from bot.reminders import cadences
from models.cadence import Ways
from models.case import NOTE_CHARS, Case
from models.consent import ConsentAct
from models.context import Context
from models.customer import Channel, ContactPoint, Customer
from models.errors import DomainError
from web.console import audit, customers, frame, typed
from web.console.access import mine
from web.console.frame import ConsolePage, done, parts, unchanged
from web.console.visitor import visitor
from web.context import writes
from web.security import client_network
from web.typed import address as read_address

blueprint = Blueprint("console_customer_edit", __name__, url_prefix="/console/customers")

NAME_CHARS = 120
LOCALES = ("en", "es")
SOURCE = "merchant"
WORDING_CHARS = 1_000
_POSTAL = re.compile(r"[A-Za-z0-9 -]{0,12}", re.ASCII)


@dataclass(frozen=True, slots=True, kw_only=True)
class NewCustomerPage(ConsolePage):
    template: ClassVar[str] = "web/console/customer_new.html"
    section: ClassVar[str] = "customers"
    name: str = ""
    email: str = ""
    phone: str = ""
    locale: str = "en"


@blueprint.get("/new")
def new() -> Response:
    return frame.show(NewCustomerPage(**parts()))


@blueprint.post("/new")
@writes
def create(ctx: Context) -> AnyResponse:
    form, problems = request.form, {}
    name, merchant = typed.line(form.get("name", ""), NAME_CHARS), visitor().merchant
    wanted: list[tuple[Channel, str]] = []
    for field, channel in (("email", Channel.EMAIL), ("phone", Channel.SMS)):
        if form.get(field, "").strip():
            try:
                wanted.append((channel, read_address(channel, form[field], merchant.country)))
            except DomainError as error:
                problems[field] = error.code
    if not name:
        problems["name"] = "name_missing"
    if not wanted and not problems:
        problems["email"] = "address_missing"
    if problems:
        kept = {field: form.get(field, "")[:254] for field in ("name", "email", "phone")}
        return frame.show(NewCustomerPage(**parts(), **kept, problems=problems, locale=_locale()), 422)  # type: ignore[arg-type]
    customer = Customer(merchant_id=merchant.id, name=name, locale=_locale(), created_at=ctx.clock.now())
    ctx.session.add(customer)
    ctx.session.flush()
    for channel, address in wanted:
        addresses.add(ctx, customer, channel, address)
    audit.record(ctx, "customer.added", customer, label=name, after={"name": name, "language": customer.locale})
    return done("customer_added", _here(customer), name)


@blueprint.post("/<public_id>/file")
@writes
def save(ctx: Context, public_id: str) -> AnyResponse:
    customer = _file(ctx, public_id)
    name = typed.line(request.form.get("name", ""), NAME_CHARS)
    postal = request.form.get("postal_code", "").strip()
    if not name or not _POSTAL.fullmatch(postal):
        problem = {"name": "name_missing"} if not name else {"postal_code": "postal_malformed"}
        return customers.page(ctx, customer, problem)
    before = {"name": customer.name, "language": customer.locale, "postal code": customer.postal_code}
    customer.name, customer.locale, customer.postal_code = name, _locale(), postal or None
    was, now = audit.changes(before, {"name": name, "language": customer.locale, "postal code": customer.postal_code})
    audit.record(ctx, "customer.edited", customer, label=name, before=was, after=now)
    return done("saved", _here(customer))


@blueprint.post("/<public_id>/addresses")
@writes
def add_address(ctx: Context, public_id: str) -> AnyResponse:
    customer = _file(ctx, public_id)
    channel = Channel.EMAIL if "@" in request.form.get("address", "") else Channel.SMS
    try:
        address = read_address(channel, request.form.get("address", ""), visitor().merchant.country)
        addresses.add(ctx, customer, channel, address)
    except DomainError as error:
        return customers.page(ctx, customer, {"address": error.code})
    audit.record(ctx, "customer.address_added", customer, label=customer.name, after={channel.value: address})
    return done("address_added", _here(customer), address)


@blueprint.post("/<public_id>/addresses/<point_id>/remove")
@writes
def remove_address(ctx: Context, public_id: str, point_id: str) -> AnyResponse:
    customer, point = _point(ctx, public_id, point_id)
    gone = {point.channel.value: point.address}
    addresses.remove(ctx, point)
    audit.record(
        ctx, "customer.address_removed", customer, label=customer.name, before=gone, after={"removed": point.address}
    )
    return done("address_removed", _here(customer), next(iter(gone.values())))


@blueprint.post("/<public_id>/addresses/<point_id>/will")
@writes
def record_will(ctx: Context, public_id: str, point_id: str) -> AnyResponse:
    """What the owner said to the merchant: no more, or yes. A yes lifts no refusal."""
    customer, point = _point(ctx, public_id, point_id)
    act = ConsentAct.GRANTED if request.form.get("act") == ConsentAct.GRANTED else ConsentAct.REVOKED
    how = typed.line(request.form.get("how", ""), 80)
    wording = typed.line(request.form.get("wording", ""), WORDING_CHARS) or None
    by = f"{visitor().member.name}, {client_network()}" + (f", {how}" if how else "")
    try:
        addresses.record_consent(ctx, point, act, SOURCE, given_by=by, wording=wording)
    except DomainError as error:
        return customers.page(ctx, customer, {"will": error.code})
    noted = {"address": point.address, "said": act, "how": how, "wording": wording}
    audit.record(ctx, "customer.will_recorded", customer, label=customer.name, after=noted)
    return done("will_granted" if act is ConsentAct.GRANTED else "will_revoked", _here(customer), point.address)


@blueprint.post("/<public_id>/reminders")
@writes
def switch_reminders(ctx: Context, public_id: str) -> AnyResponse:
    """On or off; other steps, another way, or both empty: as the plan of all says."""
    customer, form = _file(ctx, public_id), request.form
    wanted: dict[str, object] = {"is_on": form.get("on") == "1"}
    try:
        if "steps" in form:
            told = [int(part) for part in form["steps"][:120].replace(";", ",").split(",") if part.strip()]
            wanted["steps"] = told or None
        if "ways" in form:
            wanted["ways"] = Ways(form["ways"]) if form["ways"] in list(Ways) else None
        before, after = cadences.change_of(ctx, customer, wanted)
    except ValueError:
        return customers.page(ctx, customer, {"steps": "steps_malformed"})
    except DomainError as error:
        return customers.page(ctx, customer, {"steps": error.code})
    audit.record(ctx, "customer.reminders_switched", customer, label=customer.name, before=before, after=after)
    return done("saved", _here(customer))


@blueprint.post("/<public_id>/cases/<case_id>/resolve")
@writes
def resolve(ctx: Context, public_id: str, case_id: str) -> AnyResponse:
    customer = mine(ctx, Customer, public_id)
    own = (Case.public_id == case_id) & (Case.customer_id == customer.id)
    case = ctx.session.scalars(sa.select(Case).where(own)).one_or_none()
    if case is None:
        raise DomainError("not_found")
    note = typed.line(request.form.get("note", ""), NOTE_CHARS)
    if not case.resolve(ctx.clock.now(), visitor().member.name, note or None):
        return unchanged("case_resolved_before", _here(customer))
    audit.record(ctx, "case.resolved", customer, label=customer.name, after={"case": case.kind, "note": note})
    return done("case_resolved", _here(customer))


def _file(ctx: Context, public_id: str) -> Customer:
    """Locked. Whoever was erased has none: a page left open in another tab brings nothing back."""
    customer = mine(ctx, Customer, public_id, lock=True)
    if customer.erased_at is not None:
        raise NotFound
    return customer


def _point(ctx: Context, public_id: str, point_id: str) -> tuple[Customer, ContactPoint]:
    customer, point = _file(ctx, public_id), mine(ctx, ContactPoint, point_id)
    if point.customer_id != customer.id:
        raise DomainError("not_found")
    return customer, point


def _locale() -> str:
    asked = request.form.get("locale", "")
    return asked if asked in LOCALES else LOCALES[0]


def _here(customer: Customer) -> str:
    return url_for("console_customers.show", public_id=customer.public_id)
