"""The simulator for people: plain pages and forms that need no script; a script only keeps them up to date."""

from dataclasses import replace
from typing import cast

import requests
from flask import Blueprint, Response, abort, current_app, flash, get_flashed_messages, redirect, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from models.errors import DomainError
from web import formatting, framing, templating
from web.context import runtime
from web.pages import Banner, Frame
from web.services import directory, sandbox
from web.simulator import feed, mishaps, outside, people, restart, screen, writing
from web.simulator.people import Person
from web.simulator.screen import PeoplePage, SimulatorPage, Tab

blueprint = Blueprint("simulator", __name__, url_prefix="/simulator")
blueprint.before_request(outside.refuse_strangers)

PAGE_POLICY = (
    "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "frame-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
MAIL_POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; img-src data:; form-action 'none'; frame-ancestors 'self'; "
    "sandbox allow-popups allow-popups-to-escape-sandbox"
)
"""A mail's own styles are inline, as mail programs want them; nothing in it may run, load or send anything."""
SHOWN_SWITCHES = 5
WHATSAPP_PATH = "whatsapp-"
MAX_CHARS = 1600


@blueprint.after_request
def _guard(response: AnyResponse) -> AnyResponse:
    response.headers.setdefault("Content-Security-Policy", PAGE_POLICY)
    return response


@blueprint.get("")
def index() -> str:
    """Begins as the first customer of the first merchant; with nobody there, says how to get some."""
    with runtime().read() as ctx:
        first = people.first(ctx.session)
    return _phone(first) if first is not None else choose()


@blueprint.get("/people")
def choose() -> str:
    """Whose phone to pick up; any number can be typed as well."""
    typed = request.args.get("number", "").strip()
    with runtime().read() as ctx:
        shops = [(one.slug, one.name, people.entries(ctx.session, one.id)) for one in people.merchants(ctx.session)]
    page = PeoplePage(frame=_frame(None), shops=shops, typed=typed, bad_number=bool(typed))
    return templating.render(current_app.jinja_env, page)


@blueprint.get("/stranger")
def stranger() -> AnyResponse:
    """Someone unknown: a number that was typed."""
    typed, slug = request.args.get("number", ""), request.args.get("merchant", "")
    phone = people.read_phone(typed)
    if phone is None or directory().by_slug(slug) is None:
        return redirect(url_for(".choose", number=typed or "?"), 303)
    return redirect(url_for(".phone", slug=slug, digits=phone.removeprefix("+")), 303)


@blueprint.get("/<slug>/<digits>")
def phone(slug: str, digits: str) -> str:
    return _phone(_person(slug, digits))


@blueprint.post("/<slug>/<digits>/say")
def say(slug: str, digits: str) -> AnyResponse:
    """Send a text: what was typed, or a suggestion."""
    person = _person(slug, digits)
    body = request.form.get("suggestion", request.form.get("body", "")).strip()[:MAX_CHARS]
    if body:
        try:
            status, _ = outside.text(person.merchant, person.address, body)
        except (requests.RequestException, OSError):
            flash("", "unreachable")
        else:
            if status != 200:
                flash(str(status), "refused")
    return redirect(_url(person), 303)


@blueprint.post("/<slug>/<digits>/write")
def write(slug: str, digits: str) -> AnyResponse:
    """Send an email: an answer to the one in view, or a new one."""
    person = _person(slug, digits)
    body, sender = request.form.get("body", "").strip()[:MAX_CHARS], request.form.get("sender", "")
    if body and sender in person.emails:
        received = screen.mails(sandbox().outside, feed.stage(), person)
        answered = next((one for one in received if str(one.id) == request.form.get("mail")), None)
        try:
            status = writing.send(person.merchant, sender, body, answered, is_forged="is_forged" in request.form)
        except (requests.RequestException, OSError):
            flash("", "unreachable")
        else:
            flash(str(status), "mail_taken" if status == 200 else "mail_refused")
    return redirect(_url(person), 303)


@blueprint.post("/<slug>/<digits>/mishap")
def mishap(slug: str, digits: str) -> AnyResponse:
    person = _person(slug, digits)
    if request.form.get("name") == "bank_returns":
        _send_back(person)
    else:
        mishaps.flip(request.form.get("name", ""))
    return redirect(_url(person), 303)


@blueprint.post("/<slug>/<digits>/start-over")
def start_over(slug: str, digits: str) -> AnyResponse:
    person = _person(slug, digits)
    newest = max((one.id for one in sandbox().outside.messages()), default=0)
    with runtime().write() as ctx:
        restart.start_over(ctx, feed.stage(), person, newest)
    return redirect(_url(person), 303)


@blueprint.get("/mail/<int:mail_id>")
def mail(mail_id: int) -> Response:
    """One mail's HTML, for a frame: its links open beside the simulator, never in it."""
    found = next(iter(sandbox().outside.messages(after=mail_id - 1)), None)
    if found is None or found.id != mail_id or found.html is None:
        abort(404)
    response = Response('<base target="_blank">' + found.html, content_type="text/html; charset=utf-8")
    response.headers["Content-Security-Policy"] = MAIL_POLICY
    response.headers["X-Frame-Options"] = "SAMEORIGIN"
    return response


def _send_back(person: Person) -> None:
    try:
        returned = mishaps.send_back_latest(person.merchant)
    except DomainError:
        flash("", "nothing_to_return")
    else:
        flash(f"{formatting.money(returned.amount)} ({returned.short_reference})", "returned")


def _phone(person: Person) -> str:
    world, stage = sandbox().outside, feed.stage()
    bubbles, mails = screen.bubbles(world, stage, person), screen.mails(world, stage, person)
    picked = request.args.get("mail", type=int)
    shown = next((one for one in mails if one.id == picked), None)
    going_on = mishaps.going_on()
    switches = [(name, name in going_on) for name in mishaps.SWITCHES]
    page = SimulatorPage(
        frame=_frame(person),
        person=person,
        bubbles=bubbles,
        suggestions=screen.suggestions(person, bubbles, mails, runtime().clock),
        mails=mails,
        mail=shown or next(iter(mails), None),
        tab=_tab(request.args.get("tab", "")),
        feed=screen.feed(stage),
        switches=switches[:SHOWN_SWITCHES],
        more_switches=switches[SHOWN_SWITCHES:],
        base=_url(person),
        other_app=_url(replace(person, by_whatsapp=not person.by_whatsapp)),
        window_ends_at=screen.window_ends_at(world, person),
        portal_url=f"/m/{person.merchant.slug}",
        following=shown is None,
        notices=_notices(),
    )
    return templating.render(current_app.jinja_env, page)


def _notices() -> list[tuple[str, str]]:
    return cast("list[tuple[str, str]]", get_flashed_messages(with_categories=True))


def _tab(value: str) -> Tab:
    return Tab(value) if value in list(Tab) else Tab.HTML


def _person(slug: str, digits: str) -> Person:
    """`digits` of a phone number; with the app's name before them where it is not texts."""
    by_whatsapp = digits.startswith(WHATSAPP_PATH)
    merchant, number = directory().by_slug(slug), people.read_phone(f"+{digits.removeprefix(WHATSAPP_PATH)}")
    if merchant is None or merchant.number is None or number is None:
        abort(404)
    with runtime().read() as ctx:
        return people.person(ctx.session, merchant, number, by_whatsapp=by_whatsapp)


def _url(person: Person) -> str:
    app = WHATSAPP_PATH if person.by_whatsapp else ""
    return url_for("simulator.phone", slug=person.merchant.slug, digits=app + person.phone.removeprefix("+"))


def _frame(person: Person | None) -> Frame:
    return Frame(
        language="en",
        time_zone=person.merchant.timezone if person else "UTC",
        now=runtime().clock.now(),
        brand=framing.brand(person.merchant) if person else None,
        banner=Banner.DEMO,
    )
