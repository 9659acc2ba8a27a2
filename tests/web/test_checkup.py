"""The doctor's checks against servers that speak as the providers do, with good and with bad answers."""

import json
import threading
from base64 import b64encode
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from bot.channels.sandbox_mail import MailServer
from models.merchant import Merchant
from tests.support.members import enter
from tests.support.world import ACME, World
from web import checkup
from web.config import Settings
from web.findings import State
from web.slots import held_slot, only_worker

STRIPE_KEY = "sk_live_" + "a1B2c3D4" * 4
URL = "https://pay.example.com"
SMS_URL, STRIPE_URL = f"{URL}/webhooks/twilio/sms", f"{URL}/webhooks/stripe"


@dataclass
class Providers:
    """Twilio's list of numbers and Stripe's of webhooks, behind their passwords."""

    url: str = ""
    numbers: Mapping[str, str] = field(default_factory=lambda: {ACME: SMS_URL})
    endpoints: Mapping[str, str] = field(default_factory=lambda: {STRIPE_URL: "enabled"})
    passwords: tuple[str, ...] = ()
    ahead: timedelta = timedelta()

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

        def do_HEAD(self) -> None:
            self.send_response_only(200)
            self.send_header("Date", format_datetime(datetime.now(UTC) + served.ahead))  # noqa: TID251 - as a server's
            self.end_headers()

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


def settings(providers: Providers, **more: str) -> Settings:
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
            **more,
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


def test_it_says_that_a_test_key_moves_no_money(providers: Providers) -> None:
    key = STRIPE_KEY.replace("live", "test")
    providers.passwords = ("Basic " + b64encode(f"{key}:".encode()).decode(),)
    (found,) = checkup._payments(settings(providers, STRIPE_SECRET_KEY=key))
    assert found.state is State.MISSING
    assert "test key" in found.words


def test_it_finds_a_mail_server_that_lets_us_in(world: World, providers: Providers) -> None:
    server = MailServer(world.mailbox.outside)
    server.start()
    (found,) = checkup._email(settings(providers, SMTP_URL=server.url))
    server.close()
    assert found.state is State.GOOD


def test_it_sees_whether_anybody_works(world: World) -> None:
    database = world.runtime.database
    assert [found.state for found in checkup._worker(database)] == [State.MISSING]
    with only_worker(database, threading.Event()) if database.is_sqlite else held_slot(database):
        assert [found.state for found in checkup._worker(database)] == [State.GOOD]
    assert [found.state for found in checkup._worker(database)] == [State.MISSING]


@pytest.mark.parametrize(("ahead_s", "state"), [(0, State.GOOD), (-60, State.MISSING), (60, State.MISSING)])
def test_it_compares_the_clock_with_stripes(providers: Providers, ahead_s: int, state: State) -> None:
    providers.ahead = timedelta(seconds=ahead_s)
    (found,) = checkup._clock(settings(providers))
    assert found.state is state


def test_it_says_when_no_clock_could_be_asked(providers: Providers) -> None:
    (found,) = checkup._clock(settings(providers, STRIPE_API_BASE="http://127.0.0.1:9"))
    assert found.state is State.ADVICE


def test_the_console_runs_them_when_asked(world: World) -> None:
    owner = enter(world)
    owner.opens("/console/settings/connections")
    owner.sees("Run the checks")
    owner.sends("/console/settings/connections")
    owner.sees("nothing reaches a phone", "To do", "Run again")
    assert "globex" not in owner.page.text.lower()


def test_it_says_whose_invoices_nobody_has_confirmed(world: World) -> None:
    with world.runtime.write() as ctx:
        ctx.session.get_one(Merchant, world.merchants["acme"].id).withdraw_attestation()
    found = {one.name: one for one in checkup._attested(world.runtime.database)}
    assert found["Own invoices of acme"].state is State.MISSING
    assert "flask --app wsgi merchants attest acme" in found["Own invoices of acme"].words
    assert found["Own invoices of globex"].state is State.GOOD
