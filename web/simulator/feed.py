"""What just happened: the last requests that the outside sent to our webhooks, in memory, each with a curl line that
says it again with a valid signature. Holds bodies, and so must never exist in production."""

import json
import shlex
import time
from collections import deque
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import count
from urllib.parse import parse_qsl

from flask import Response, current_app, g, request

from bot.channels.sandbox_carrier import WHATSAPP
from payments.gateways import signatures
from web.context import runtime
from web.sandbox import BANK_SECRETS
from web.services import directory, sandbox

KEPT = 50
SHOWN = 6
_PREFIX = "/webhooks/"
_FORM = "application/x-www-form-urlencoded"


@dataclass(frozen=True, slots=True)
class Happening:
    """One request as it came. `outcome` is the view's own word for what it did, where it has one."""

    id: int
    at: datetime
    method: str
    path: str
    query: str
    content_type: str
    body: bytes = field(repr=False)
    status: int
    outcome: str | None
    took_ms: float

    @property
    def reference(self) -> str | None:
        """The first letters of the text's id: enough to tell two apart."""
        sid = dict(self.form).get("MessageSid", "")
        return sid[:6] or None

    @property
    def form(self) -> list[tuple[str, str]]:
        is_form = self.content_type.startswith(_FORM)
        return parse_qsl(self.body.decode("utf-8", "replace"), keep_blank_values=True) if is_form else []


@dataclass
class Stage:
    """What the simulator remembers besides the outside world. `floors`: texts and mails up to this id are out of sight,
    per thread and per mailbox, since their owner started over."""

    happenings: deque[Happening] = field(default_factory=lambda: deque(maxlen=KEPT))
    floors: dict[str, int] = field(default_factory=dict)
    ids: "count[int]" = field(default_factory=lambda: count(1))

    def latest(self) -> list[Happening]:
        """The newest first. Of several reports about one text only the last one: they come in threes."""
        shown: dict[str, Happening] = {}
        for one in reversed(self.happenings):
            shown.setdefault(f"{one.path} {one.reference}" if one.path.endswith("/status") else str(one.id), one)
        return list(shown.values())[:SHOWN]


def stage() -> Stage:
    return current_app.extensions["till.simulator"]  # type: ignore[no-any-return]


def record(response: Response) -> Response:
    _note_window(response)
    is_too_large = response.status_code == 413  # whose body nobody reads, here neither
    if request.path.startswith(_PREFIX) and not is_too_large:
        stage().happenings.append(
            Happening(
                id=next(stage().ids),
                at=runtime().clock.now(),
                method=request.method,
                path=request.path,
                query=request.query_string.decode("latin-1"),
                content_type=request.headers.get("Content-Type", ""),
                body=request.get_data(cache=True),
                status=response.status_code,
                outcome=g.get("outcome"),
                took_ms=(time.perf_counter() - g.started) * 1000,
            )
        )
    return response


def _note_window(response: Response) -> None:
    """Whoever posts to the webhook by hand has written to us all the same: WhatsApp's day begins."""
    if request.path != f"{_PREFIX}twilio/sms" or response.status_code != 200:
        return
    sender, to = request.form.get("From", ""), request.form.get("To", "")
    if sender.startswith(WHATSAPP):
        sandbox().outside.open_window(sender, to)


def curl(happening: Happening) -> str:
    """The command that sends this request again, signed as its sender would sign it now."""
    query = f"?{happening.query}" if happening.query else ""
    url = f"{runtime().site.base_url}{happening.path}{query}"
    body = happening.body.decode("utf-8", "replace")
    headers = {"Content-Type": happening.content_type} | _signed(happening, url, body)
    words = ["curl", "-i", "-X", happening.method, url]
    for name, value in headers.items():
        words += ["-H", f"{name}: {value}"]
    return shlex.join([*words, "--data-raw", body])


def _signed(happening: Happening, url: str, body: str) -> dict[str, str]:
    if happening.path.startswith(f"{_PREFIX}twilio/"):
        form = dict(happening.form)
        return {"X-Twilio-Signature": sandbox().carrier.signature(form.get("AccountSid", ""), url, form)}
    if happening.path.startswith(f"{_PREFIX}email/mime/"):
        merchant = directory().by_slug(happening.path.rpartition("/")[2])
        return {"X-Webhook-Secret": merchant.email_secrets.get("mime", "")} if merchant is not None else {}
    if happening.path == f"{_PREFIX}bank":
        return dict(signatures.sign(BANK_SECRETS[-1], _event_id(body), body, _this_minute()))
    return {}


def _event_id(body: str) -> str:
    try:
        return str(json.loads(body)["id"])
    except (ValueError, KeyError, TypeError):
        return "unreadable"


def _this_minute() -> datetime:
    """Signatures last five minutes; one per minute keeps a page that is looked at from changing under the eye."""
    now = runtime().clock.now()
    return now - timedelta(seconds=now.second, microseconds=now.microsecond)
