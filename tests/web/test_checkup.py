"""The doctor's checks against servers that speak as the providers do, with good and with bad answers."""

import json
import threading
from base64 import b64encode
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from tests.support.members import enter
from tests.support.world import ACME, World
from web import checkup
from web.checkup import State
from web.config import Settings

STRIPE_KEY = "sk_test_" + "a1B2c3D4" * 4
URL = "https://pay.example.com"
SMS_URL, STRIPE_URL = f"{URL}/webhooks/twilio/sms", f"{URL}/webhooks/stripe"


@dataclass
class Providers:
    """Twilio's list of numbers and Stripe's of webhooks, behind their passwords."""

    url: str = ""
    numbers: Mapping[str, str] = field(default_factory=lambda: {ACME: SMS_URL})
    endpoints: Mapping[str, str] = field(default_factory=lambda: {STRIPE_URL: "enabled"})
    passwords: tuple[str, ...] = ()

    def answer(self, path: str, authorization: str) -> tuple[int, dict[str, Any]]:
        if authorization not in self.passwords:
            return 401, {}
        if path.startswith("/v1/webhook_endpoints"):
            return 200, {"data": [{"url": url, "status": status} for url, status in self.endpoints.items()]}
        found = [{"phone_number": number, "sms_url": url} for number, url in self.numbers.items()]
        return 200, {"incoming_phone_numbers": found}


@pytest.fixture
def providers(world: World) -> Iterator[Providers]:
    merchant = world.merchants["acme"]
    accounts = ((merchant.twilio_account_sid, merchant.twilio_auth_token), (STRIPE_KEY, ""))
    passwords = tuple("Basic " + b64encode(f"{user}:{word}".encode()).decode() for user, word in accounts)
    served = Providers(passwords=passwords)

    class Api(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            status, body = served.answer(self.path, self.headers.get("Authorization", ""))
            self.send_response(status)
            self.end_headers()
            self.wfile.write(json.dumps(body).encode())

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Api)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    served.url = f"http://127.0.0.1:{server.server_port}"
    yield served
    server.shutdown()
    server.server_close()
    thread.join()


def settings(providers: Providers) -> Settings:
    return Settings.model_validate(
        {
            "TILL_ENV": "development",
            "TILL_BASE_URL": URL,
            "SECRET_KEY": "k" * 8 + "0123456789abcdefghijklmn",
            "TILL_SMS": "twilio",
            "TWILIO_API_BASE": providers.url,
            "TILL_EMAIL": "smtp",
            "SMTP_URL": "smtp://127.0.0.1:9",
            "TILL_PAYMENTS": "stripe",
            "STRIPE_SECRET_KEY": STRIPE_KEY,
            "STRIPE_WEBHOOK_SECRET": "whsec_" + "e5F6g7H8" * 4,
            "STRIPE_API_BASE": providers.url,
        }
    )


def findings(world: World, providers: Providers, slug: str = "acme") -> dict[str, tuple[State, str]]:
    found = [
        *checkup._texts_of(settings(providers), world.merchants[slug]),
        *checkup._payments(settings(providers)),
        *checkup._email(settings(providers)),
    ]
    return {one.name: (one.state, one.words) for one in found}


def test_it_finds_what_posts_to_us(world: World, providers: Providers) -> None:
    found = findings(world, providers)
    assert found["Texts"] == (State.GOOD, "the number posts to us")
    assert found["Payments"] == (State.GOOD, "Stripe posts to us")


def test_it_says_what_to_set(world: World, providers: Providers) -> None:
    providers.numbers, providers.endpoints = {ACME: "https://elsewhere.example"}, {STRIPE_URL: "disabled"}
    found = findings(world, providers)
    assert found["Texts"] == (State.MISSING, f"in Twilio set 'A message comes in' to {SMS_URL}")
    assert found["Payments"] == (State.MISSING, f"in Stripe add the webhook {STRIPE_URL}")
    providers.numbers = {}
    assert findings(world, providers)["Texts"][1] == "the number is not in that Twilio account"


def test_it_says_who_does_not_let_us_in(world: World, providers: Providers) -> None:
    providers.passwords = ()
    found = findings(world, providers)
    assert found["Texts"] == (State.MISSING, "Twilio does not let us in: 401")
    assert found["Payments"] == (State.MISSING, "Stripe does not let us in: 401")
    assert found["Email"][0] is State.MISSING


def test_it_asks_with_each_merchants_own_account(world: World, providers: Providers) -> None:
    assert findings(world, providers, "globex")["Texts"] == (State.MISSING, "Twilio does not let us in: 401")


def test_the_console_runs_them_when_asked(world: World) -> None:
    owner = enter(world)
    owner.opens("/console/settings/connections")
    owner.sees("Run the checks")
    owner.sends("/console/settings/connections")
    owner.sees("nothing reaches a phone", "To do", "Run again")
    assert "globex" not in owner.page.text.lower()
