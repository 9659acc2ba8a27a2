"""Both ends of the wire for tests of channels: a carrier that nobody's views answer, signed requests, and a server that
speaks the carrier's REST API over real HTTP."""

import json
import threading
from base64 import b64decode
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qsl, urlsplit

from requests import RequestException
from twilio.request_validator import RequestValidator

from bot.channels.sandbox import Outside
from bot.channels.sandbox_carrier import Carrier
from bot.channels.sandbox_rest import SandboxHttpClient
from models.clock import FrozenClock
from models.ports import OutboundSms, SmsAccount, WebhookRequest

NOW = datetime(2026, 6, 19, 21, 30, tzinfo=UTC)
BASE_URL = "https://pay.example.com"
SMS_URL = f"{BASE_URL}/webhooks/twilio/sms"
STATUS_URL = f"{BASE_URL}/webhooks/twilio/status"
ACCOUNT = SmsAccount("AC" + "a" * 32, "acme-token")
GLOBEX_ACCOUNT = SmsAccount("AC" + "b" * 32, "globex-token")
ACME, ALICE = "+15550100142", "+15550100199"
REFERENCE = "c0ffee" + "0" * 26
FORM_TYPE = "application/x-www-form-urlencoded"

Form = Sequence[tuple[str, str]]


@dataclass
class Wire:
    """A carrier with phones. What it posts is kept in `posted`, and answered with `answer`."""

    folder: Path
    clock: FrozenClock = field(default_factory=lambda: FrozenClock(NOW))
    posted: list[tuple[str, Mapping[str, str], Mapping[str, str]]] = field(default_factory=list)
    answer: tuple[int, str] = (200, "<Response />")

    def __post_init__(self) -> None:
        self.outside = Outside(f"sqlite:///{self.folder / 'outside.sqlite3'}", self.clock)
        tokens = {account.sid: account.auth_token for account in (ACCOUNT, GLOBEX_ACCOUNT)}
        self.carrier = Carrier(self.outside, BASE_URL, self._post, tokens.get)

    def _post(self, url: str, form: Mapping[str, str], headers: Mapping[str, str]) -> tuple[int, str]:
        self.posted.append((url, form, headers))
        return self.answer

    def heard(self, phone: str) -> list[str]:
        return [message.text for message in self.outside.messages(phone)]

    def statuses(self) -> list[str]:
        self.carrier.flush()
        return [form["MessageStatus"] for _, form, _ in self.posted]


def outbound(body: str = "Acme: hello", **fields: object) -> OutboundSms:
    usual: dict[str, object] = {
        "account": ACCOUNT,
        "reference": REFERENCE,
        "sender": ACME,
        "to": ALICE,
        "status_callback": f"{STATUS_URL}?ref={REFERENCE}",
        "claimed_at": NOW,
    }
    return OutboundSms(body=body, **(usual | fields))  # type: ignore[arg-type]


def inbound_form(**fields: str) -> list[tuple[str, str]]:
    """What Twilio posts for a text: all the fields of a real one, blanks included."""
    usual = {
        "ToCountry": "US",
        "ToState": "",
        "SmsMessageSid": "SM" + "1" * 32,
        "NumMedia": "0",
        "FromZip": "94105",
        "SmsSid": "SM" + "1" * 32,
        "SmsStatus": "received",
        "FromCity": "SAN FRANCISCO",
        "Body": "  What do I owe?  ",
        "FromCountry": "US",
        "To": ACME,
        "NumSegments": "1",
        "MessageSid": "SM" + "1" * 32,
        "AccountSid": ACCOUNT.sid,
        "From": ALICE,
        "ApiVersion": "2010-04-01",
    }
    return list((usual | fields).items())


def receipt_form(status: str = "delivered", **fields: str) -> list[tuple[str, str]]:
    usual = {"MessageSid": "SM" + "2" * 32, "AccountSid": ACCOUNT.sid, "From": ACME, "To": ALICE}
    return list((usual | {"MessageStatus": status} | fields).items())


def signed(
    form: Form, *, url: str = SMS_URL, signed_url: str | None = None, token: str = ACCOUNT.auth_token
) -> WebhookRequest:
    signature = RequestValidator(token).compute_signature(signed_url or url, dict(form))
    return request(form, url=url, signature=signature)


def request(form: Form, *, url: str = SMS_URL, signature: str | None = None) -> WebhookRequest:
    headers = {"Content-Type": FORM_TYPE} | ({"X-Twilio-Signature": signature} if signature is not None else {})
    return WebhookRequest(url, headers, tuple(form), b"")


@contextmanager
def served(carrier: Carrier) -> Iterator[str]:
    """The carrier's REST API on a loopback port: its address, for TWILIO_API_BASE."""
    sandbox = SandboxHttpClient(carrier)

    class Api(BaseHTTPRequestHandler):
        def _answer(self) -> None:
            url = urlsplit(self.path)
            body = self.rfile.read(int(self.headers.get("Content-Length", 0))).decode()
            kind, _, credentials = self.headers.get("Authorization", "").partition(" ")
            user, _, password = b64decode(credentials).decode().partition(":")
            try:
                answer = sandbox.request(
                    self.command,
                    url.path,
                    params=dict(parse_qsl(url.query)),
                    data=dict(parse_qsl(body, keep_blank_values=True)),
                    auth=(user, password) if kind == "Basic" else None,
                )
            except RequestException:
                return  # hang up without a word
            self.send_response(answer.status_code)
            self.end_headers()
            self.wfile.write(str(answer.text).encode())

        do_GET = do_POST = _answer  # noqa: N815 - http.server's names

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Api)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def as_json(value: object) -> bytes:
    return json.dumps(value).encode()
