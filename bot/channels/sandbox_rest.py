"""Twilio's REST API for messages, as far as its library asks: behind it stands the sandbox's carrier."""

import json
import logging
import re
from collections.abc import Mapping
from email.utils import format_datetime
from typing import Any

import sqlalchemy as sa
from requests import ConnectTimeout, ReadTimeout
from twilio.http import HttpClient
from twilio.http.response import Response

from bot import gsm
from bot.channels import sandbox_content
from bot.channels.sandbox import carried
from bot.channels.sandbox_carrier import Carrier

REFUSALS = {"20003": 401, "20429": 429}
"""HTTP statuses of what the carrier refuses at once (switch `text_is_refused`); any other is 400."""
BODY_CHARS = 1600

_MESSAGES = re.compile(r"/Accounts/(\w+)/Messages(?:/(\w+))?\.json")
_NUMBER = re.compile(r"(whatsapp:)?\+[1-9]\d{6,14}")


class SandboxHttpClient(HttpClient):
    """Stands behind the Twilio library, where its requests would leave this machine."""

    def __init__(self, carrier: Carrier) -> None:
        super().__init__(logging.getLogger(__name__), is_async=False)
        self._carrier = carrier

    def request(
        self,
        method: str,
        url: str,
        params: Mapping[str, object] | None = None,
        data: Mapping[str, object] | None = None,
        headers: Mapping[str, str] | None = None,  # noqa: ARG002 - the library's signature, here and below
        auth: tuple[str, str] | None = None,
        timeout: float | None = None,  # noqa: ARG002
        allow_redirects: bool = False,  # noqa: ARG002
    ) -> Response:
        found = _MESSAGES.search(url)
        if found is None:
            return _error(404, 20404, "not found")
        account, sid = found.groups()
        if auth is None or not self._carrier.is_account(account, auth[1]):
            return _error(401, 20003, "authenticate")
        if method.upper() == "POST":
            return self._create(account, data or {})
        return self._list(account, params or {}) if sid is None else self._fetch(account, sid)

    def _create(self, account: str, data: Mapping[str, object]) -> Response:
        outside = self._carrier.outside
        if outside.strikes("carrier_is_down"):
            raise ConnectTimeout
        if outside.strikes("carrier_is_busy"):
            return _error(429, 20429, "too many requests")
        if outside.strikes("carrier_is_broken"):
            return _error(503, 20503, "service unavailable")
        sender, to, body = (str(data.get(name, "")) for name in ("From", "To", "Body"))
        content_sid = str(data.get("ContentSid", ""))
        if content_sid:
            filled = sandbox_content.render(content_sid, str(data.get("ContentVariables", "")))
            if filled is None:
                return _error(400, 21655, "the ContentSid is invalid, or its variables are")
            body = filled
        if (refusal := _refusal(sender, to, body)) is not None:
            return refusal
        if code := outside.strikes("text_is_refused"):
            return _error(REFUSALS.get(code, 400), int(code), "refused")
        if outside.strikes("number_opted_out"):
            return _error(400, 21610, "unsubscribed recipient")
        callback = data.get("StatusCallback")
        sid = self._carrier.accept(
            account,
            sender,
            to,
            body,
            str(callback) if callback else None,
            "outbound-api",
            is_free=not content_sid,
        )
        if outside.strikes("carrier_hangs_after_accepting"):
            raise ReadTimeout
        return self._fetch(account, sid, status=201)

    def _fetch(self, account: str, sid: str, status: int = 200) -> Response:
        rows = self._rows(carried.c.sid == sid, carried.c.account == account)
        return Response(status, json.dumps(rows[0])) if rows else _error(404, 20404, "not found")

    def _list(self, account: str, params: Mapping[str, object]) -> Response:
        where = [carried.c.account == account]
        if "To" in params:
            where.append(carried.c.recipient == params["To"])
        if "From" in params:
            where.append(carried.c.sender == params["From"])
        return Response(200, json.dumps({"messages": self._rows(*where), "next_page_uri": None}))

    def _rows(self, *where: sa.ColumnElement[bool]) -> list[dict[str, Any]]:
        with self._carrier.outside.database.read() as db:
            rows = db.execute(sa.select(carried).where(*where).order_by(carried.c.at.desc()).limit(50)).all()
        return [_resource(row) for row in rows]


def _refusal(sender: str, to: str, body: str) -> Response | None:
    """What Twilio refuses at once, with its codes."""
    if _NUMBER.fullmatch(to) is None:
        return _error(400, 21211, "invalid To number")
    if _NUMBER.fullmatch(sender) is None:
        return _error(400, 21212, "invalid From number")
    if not body:
        return _error(400, 21602, "a body is required")
    return _error(400, 21617, "the body is too long") if len(body) > BODY_CHARS else None


def _resource(row: Any) -> dict[str, Any]:
    """Twilio's message resource, as far as its library reads it."""
    at = format_datetime(row.at)
    return {
        "sid": row.sid,
        "account_sid": row.account,
        "from": row.sender,
        "to": row.recipient,
        "body": row.body,
        "status": row.status,
        "error_code": int(row.error_code) if row.error_code else None,
        "direction": row.direction,
        "date_created": at,
        "date_sent": at,
        "date_updated": at,
        "num_segments": str(gsm.segments(row.body).count),
        "num_media": "0",
        "uri": f"/2010-04-01/Accounts/{row.account}/Messages/{row.sid}.json",
    }


def _error(status: int, code: int, message: str) -> Response:
    return Response(status, json.dumps({"code": code, "message": message, "status": status, "more_info": ""}))
