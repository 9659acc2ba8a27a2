"""What a production process starts with, and what it refuses to start with: one line per setting that is wrong."""

from pathlib import Path

import pytest
from flask import Flask

from payments.gateways.stripe import StripeGateway
from payments.gateways.stripe_facts import LateStripe
from web.app import create_app
from web.assembly import Assembly
from web.config import SettingsError

KEY = "0f1e2d3c4b5a69788796a5b4c3d2e1f0" * 2
PRODUCTION = {
    "TILL_ENV": "production",
    "TILL_BASE_URL": "https://pay.example.com",
    "SECRET_KEY": KEY,
    "SMTP_URL": "smtp://till:sesame-7781@127.0.0.1:2525",
    "TWILIO_ACCOUNT_SID": "AC" + "a" * 32,
    "TWILIO_AUTH_TOKEN": "b" * 32,
    "STRIPE_SECRET_KEY": "sk_live_" + "c1D2" * 6,
    "STRIPE_WEBHOOK_SECRET": "whsec_older, whsec_newer",
}
DEMO = {
    "TILL_ENV": "demo",
    "TILL_BASE_URL": "http://127.0.0.1:8000",
    "SECRET_KEY": KEY,
    "TILL_SMS": "sandbox",
    "TILL_EMAIL": "sandbox",
    "TILL_PAYMENTS": "sandbox",
}


@pytest.fixture
def environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> pytest.MonkeyPatch:
    """The production one; a test that wants another changes it."""
    for name in {*PRODUCTION, *DEMO, "TILL_METRICS_TOKEN", "TILL_WORKER"}:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("DATABASE_URL", f"sqlite:///{tmp_path / 'till.sqlite3'}")
    monkeypatch.setenv("TILL_VAR", str(tmp_path))
    for name, value in PRODUCTION.items():
        monkeypatch.setenv(name, value)
    return monkeypatch


@pytest.fixture
def app(environment: pytest.MonkeyPatch, socket_disabled: None) -> Flask:  # noqa: ARG001 - they come before
    """Started without a single socket."""
    return create_app()


def refusal() -> list[str]:
    with pytest.raises(SettingsError) as raised:
        create_app()
    return str(raised.value).splitlines()


def test_production_starts_with_real_vendors_only(app: Flask) -> None:
    assembly: Assembly = app.extensions["till.assembly"]

    assert assembly.sandbox is None
    assert list(assembly.runtime.ports.gateways) == ["stripe"]
    assert isinstance(assembly.runtime.ports.gateway, LateStripe)
    assert isinstance(assembly.runtime.ports.gateway.whole, StripeGateway)


def test_production_serves_stripes_webhook_and_no_bank(app: Flask) -> None:
    rules = {rule.rule for rule in app.url_map.iter_rules()}

    assert "/webhooks/stripe" in rules
    assert not [rule for rule in rules if rule.startswith(("/bank", "/simulator"))]


@pytest.mark.parametrize(
    ("name", "value", "reason"),
    [
        ("SECRET_KEY", "", "SECRET_KEY is missing"),
        ("SECRET_KEY", "short", "SECRET_KEY is weak"),
        ("SECRET_KEY", "a" * 64, "SECRET_KEY is weak"),
        ("SECRET_KEY", "please-change-me-0123456789abcdefgh", "SECRET_KEY is weak"),
        ("SECRET_KEY", f"{KEY},short", "SECRET_KEY is weak"),
        ("TILL_BASE_URL", "http://pay.example.com", "TILL_BASE_URL must be https in production"),
        ("TILL_BASE_URL", "https://", "TILL_BASE_URL must be the public"),
        ("TILL_ENV", "prod", "TILL_ENV: Input should be"),
        ("TILL_PAYMENTS", "paypal", "TILL_PAYMENTS: Input should be"),
        ("SMTP_URL", None, "SMTP_URL is missing"),
        ("STRIPE_SECRET_KEY", None, "STRIPE_SECRET_KEY and STRIPE_WEBHOOK_SECRET are missing"),
        ("STRIPE_WEBHOOK_SECRET", None, "STRIPE_SECRET_KEY and STRIPE_WEBHOOK_SECRET are missing"),
        ("STRIPE_WEBHOOK_SECRET", " , ", "STRIPE_SECRET_KEY and STRIPE_WEBHOOK_SECRET are missing"),
        ("TWILIO_AUTH_TOKEN", None, "TWILIO_ACCOUNT_SID and TWILIO_AUTH_TOKEN go together"),
    ],
)
def test_it_refuses_a_bad_setting_in_one_line(
    environment: pytest.MonkeyPatch, name: str, value: str | None, reason: str
) -> None:
    if value is None:
        environment.delenv(name)
    else:
        environment.setenv(name, value)
    told = refusal()

    assert len(told) == 1
    assert told[0].startswith(reason)


@pytest.mark.parametrize("token", [None, "", "scrape-1f9c"])
def test_production_shows_its_figures_to_nobody_without_the_token(
    environment: pytest.MonkeyPatch, token: str | None
) -> None:
    if token is not None:
        environment.setenv("TILL_METRICS_TOKEN", token)
    client = create_app().test_client()

    for borne in ({}, {"Authorization": "Bearer "}, {"Authorization": "Bearer scrape"}):
        assert client.get("/metrics", base_url="https://pay.example.com", headers=borne).status_code == 404


def test_whoever_asks_by_address_learns_only_how_it_does(app: Flask) -> None:
    asked = ("/healthz", "/readyz", "/metrics", "/terms", "/m/acme")  # figures are for whoever bears the token
    by_address = [app.test_client().get(path, base_url="http://10.0.0.7:8000").status_code for path in asked]
    assert by_address == [200, 200, 404, 400, 400]


@pytest.mark.parametrize("port", ["TILL_SMS", "TILL_EMAIL", "TILL_PAYMENTS"])
def test_production_refuses_the_sandbox(environment: pytest.MonkeyPatch, port: str) -> None:
    environment.setenv(port, "sandbox")

    assert refusal()[0].startswith("TILL_ENV=production refuses the sandbox")


def test_the_demo_refuses_live_credentials(environment: pytest.MonkeyPatch) -> None:
    for name, value in DEMO.items():
        environment.setenv(name, value)
    told = refusal()

    assert told[0].startswith("the demo refuses to start while live credentials are set")
    assert "STRIPE_SECRET_KEY" in told[0]


def test_it_tells_every_problem_at_once(environment: pytest.MonkeyPatch) -> None:
    for name in PRODUCTION:
        environment.delenv(name)

    assert len(refusal()) == 4


def test_it_repeats_no_secret(environment: pytest.MonkeyPatch) -> None:
    """Starting goes to a log that many can read."""
    environment.setenv("TILL_BASE_URL", "http://pay.example.com")
    with pytest.raises(SettingsError) as raised:
        create_app()

    assert "sesame" not in str(raised.getrepr(chain=True))
    assert "sk_live" not in str(raised.getrepr(chain=True))


def test_its_settings_show_no_secret(app: Flask) -> None:
    shown = repr(app.extensions["till.settings"])

    assert "https://pay.example.com" in shown
    assert not [secret for secret in ("sesame", "sk_live", "whsec", KEY, "b" * 32, "sqlite") if secret in shown]
