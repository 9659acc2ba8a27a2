"""The simulator for programs: JSON in and out, for scripts, the terminal phone and outside tests. No cookie, no token:
only this machine is answered."""

from collections.abc import Mapping
from typing import Any

from flask import Blueprint, Response, jsonify, redirect, request

from models.errors import DomainError
from web.context import runtime
from web.services import sandbox
from web.simulator import mishaps, outside, time_travel

blueprint = Blueprint("simulator_programs", __name__, url_prefix="/simulator")
blueprint.before_request(outside.refuse_strangers)


@blueprint.errorhandler(DomainError)
def _refuse(error: DomainError) -> tuple[Response, int]:
    return jsonify(error=error.code), 404 if error.code == "not_found" else 400


@blueprint.get("/messages.json")
def messages() -> Response:
    """What a phone or a mailbox received, oldest first; without `to`, what anyone did. Ids rise over all of them."""
    after = request.args.get("after", 0, type=int)
    found = sandbox().outside.messages(_asked_for(), after)
    return jsonify(
        [
            {
                "id": one.id,
                "channel": one.channel,
                "from": one.sender,
                "to": one.recipient,
                "subject": one.subject,
                "text": one.text,
                "html": one.html,
                "headers": one.headers,
                "at": one.at.isoformat(),
            }
            for one in found
        ]
    )


@blueprint.post("/texts")
def text() -> tuple[Response, int]:
    """{"from", "to", "body"}: send a text from a phone to a merchant's number, by WhatsApp when it begins with
    "whatsapp:". Answers what the webhook said."""
    fields = _fields()
    merchant = outside.merchant_at(str(fields.get("to", "")))
    sender, body = fields.get("from"), fields.get("body")
    if merchant is None or not isinstance(sender, str) or not isinstance(body, str):
        raise DomainError("not_found" if merchant is None else "malformed")
    status, replies = outside.text(merchant, sender, body)
    return jsonify(status=status, replies=replies), 200


@blueprint.get("/clock")
def read_clock() -> Response:
    return jsonify(now=runtime().clock.now().isoformat())


@blueprint.post("/clock")
def advance_clock() -> Response:
    """{"advance": "7d"}, or "90m", "36h", "1d12h": move the clock and do what falls due. Forms are sent back."""
    time_travel.advance(time_travel.read_span(str(_fields().get("advance", ""))))
    back = request.form.get("back", "")
    if back.startswith("/simulator"):
        return redirect(back, 303)  # type: ignore[return-value]
    return read_clock()


@blueprint.get("/trouble")
def read_trouble() -> Response:
    return jsonify(going_on=sorted(mishaps.going_on()), names=list(mishaps.SWITCHES))


@blueprint.post("/trouble")
def cause_trouble() -> Response:
    """{"name", "times"}: let that go wrong so often (0 ends it; without `times`: once, or until ended)."""
    fields = _fields()
    times = fields.get("times")
    if times is not None and (not isinstance(times, int) or not 0 <= times <= mishaps.UNTIL_ENDED):
        raise DomainError("malformed")
    mishaps.cause(str(fields.get("name", "")), times)
    return read_trouble()


def _asked_for() -> str | None:
    """A plus sign in an address is a space when whoever asks has not encoded it."""
    to = request.args.get("to")
    return to.replace(" ", "+") if to is not None else None


def _fields() -> Mapping[str, Any]:
    if not request.is_json:
        return request.form
    found = request.get_json(silent=True)
    if not isinstance(found, dict):
        raise DomainError("malformed")
    return found
