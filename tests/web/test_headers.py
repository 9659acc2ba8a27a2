"""What every answer carries, whatever its status; what forged requests, hosts and redirects get."""

from pathlib import Path

import pytest
from flask import Flask
from werkzeug.test import TestResponse

from models.merchant import Merchant
from tests.support import records
from tests.support.members import enter
from tests.support.program import program
from tests.support.visitor import Visitor
from tests.support.world import ALICE_EMAIL, World
from web import security, templating
from web.app import create_app
from web.assembly import Assembly
from web.config import Settings
from web.sandbox import Sandbox

EVIL = ("//evil.example", "/\\evil.example", "https:evil.example", "%2f%2fevil.example", "javascript:alert(1)")


@pytest.fixture
def secure(world: World, tmp_path: Path) -> Flask:
    """The same Till, served as it is in production: over https."""
    settings = Settings.model_validate(
        {
            "TILL_ENV": "development",
            "TILL_BASE_URL": "https://till.test",
            "SECRET_KEY": "0123456789abcdefghijklmnopqrstuv",
            "TILL_SMS": "sandbox",
            "TILL_EMAIL": "sandbox",
            "TILL_PAYMENTS": "sandbox",
            "TILL_VAR": str(tmp_path),
        }
    )
    outside, carrier, bank = world.outside, world.carrier, world.bank
    sandbox = Sandbox(outside, carrier, None, bank, world.bank_post, lambda *_: 204)  # type: ignore[arg-type]
    return create_app(settings, Assembly(world.runtime, world.directory, sandbox))


@pytest.fixture
def answers(alice: Visitor, world: World) -> dict[int, TestResponse]:
    """One answer of each status."""
    url = records.link(world, "INV-1042")
    found = {200: alice.opens(url), 303: alice.presses_pay(url), 404: alice.opens("/p/nothing")}
    found[403] = world.client.post("/m/acme", data={"email": ALICE_EMAIL})
    with world.runtime.write() as ctx:
        ctx.session.get_one(Merchant, world.merchants["acme"].id).colour = "red"  # no page can be drawn in that
    found[500] = alice.opens(url)
    return found


@pytest.mark.parametrize("status", [200, 303, 403, 404, 500])
def test_it_guards_every_answer(answers: dict[int, TestResponse], status: int) -> None:
    headers = answers[status].headers
    assert answers[status].status_code == status
    assert {name: headers[name] for name in security.HEADERS} == security.HEADERS
    assert "default-src 'none'" in headers["Content-Security-Policy"]
    assert "frame-ancestors 'none'" in headers["Content-Security-Policy"]


def test_it_lets_the_pay_page_lead_to_the_provider_only(answers: dict[int, TestResponse]) -> None:
    assert "form-action 'self' http://till.test;" in answers[200].headers["Content-Security-Policy"]
    assert "form-action 'self';" in answers[404].headers["Content-Security-Policy"]


def test_it_says_kindly_that_a_form_was_too_old(answers: dict[int, TestResponse]) -> None:
    assert "This page was open too long" in answers[403].text


# --- cookies ---------------------------------------------------------------------------------------------------------
def is_locked(cookie: str) -> bool:
    wanted = ("Secure", "HttpOnly", "SameSite=Lax", "Path=/")
    return cookie.startswith("__Host-till-") and all(part in cookie for part in wanted) and "Domain" not in cookie


def set_by(answer: TestResponse) -> list[str]:
    return answer.headers.getlist("Set-Cookie")


@pytest.mark.parametrize("path", ["/m/acme", "/m/acme?lang=es", "/p/nothing", "/nowhere"])
def test_it_locks_every_cookie_to_this_host(secure: Flask, world: World, path: str) -> None:
    for cookie in set_by(Visitor(world, secure, "https://till.test").opens(path)):
        assert is_locked(cookie)


def test_it_locks_the_session_cookie_to_this_host(secure: Flask, world: World) -> None:
    alice = Visitor(world, secure, "https://till.test")
    alice.asks_for_code("acme", ALICE_EMAIL)
    cookies = set_by(alice.enters_code("acme", world.code_for(ALICE_EMAIL)))
    assert any(cookie.startswith("__Host-till-portal=") for cookie in cookies)
    assert all(is_locked(cookie) for cookie in cookies)


def test_it_asks_browsers_to_stay_on_https(secure: Flask) -> None:
    answer = secure.test_client().get("/m/acme", base_url="https://till.test")
    assert answer.headers["Strict-Transport-Security"] == security.HSTS


# --- forged requests -------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "https://evil.example"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Origin": "http://till.test.evil.example"},
    ],
)
def test_it_refuses_a_form_from_elsewhere(alice: Visitor, headers: dict[str, str]) -> None:
    alice.opens("/m/acme")
    assert alice.sends("/m/acme", headers, email=ALICE_EMAIL).status_code == 403


def test_it_takes_a_form_of_a_page_without_referrer(alice: Visitor) -> None:
    alice.opens("/m/acme")
    assert alice.sends("/m/acme", {"Origin": "null"}, email=ALICE_EMAIL).status_code == 303


def test_it_takes_a_nul_for_no_fault_of_its_own(world: World) -> None:
    """PostgreSQL has none in any text: whatever looks one up there would fail."""
    owner, acme, visitor = enter(world), program(world), Visitor(world)
    for path in ("/console/customers/a%00b", "/console/customers?q=a%00b", "/m/ac%00me", "/m/acme?lang=%00"):
        assert owner.opens(path).status_code in (404, 422), path
    for path in ("/customers/a%00b", "/customers?reference=a%00b", "/customers?address=%00"):
        assert acme.call("GET", path).json["code"] in ("not_found", "invalid"), path
    visitor.opens("/console/sign-in")
    assert visitor.sends("/console/sign-in", email="a\0b@x.example").status_code < 500
    visitor.opens("/m/acme")
    assert visitor.sends("/m/acme", email="a\0b@x.example").status_code < 500


def test_it_leaves_no_cookie_with_whoever_only_looks_at_a_link(alice: Visitor, world: World) -> None:
    """Mail scanners and link previews do, with GET and with HEAD."""
    url = records.link(world, "INV-1042")
    assert set_by(alice.opens(url)) == []
    assert set_by(alice.client.head(url, base_url=alice.base_url)) == []


def test_it_takes_the_token_of_no_other_link(alice: Visitor, world: World) -> None:
    alice.opens(records.link(world, "INV-1042"))
    other = records.link(world, "INV-1051")
    assert alice.sends(f"{other}/renew").status_code == 403


def test_it_wants_a_token_on_every_change(alice: Visitor, world: World) -> None:
    token = records.link(world, "INV-1042")
    changing = ["/m/acme", "/m/acme/code", "/m/acme/code/again", "/m/acme/accounts", "/m/acme/pay", "/m/acme/sign-out"]
    changing += [token, f"{token}/renew", "/bank/any"]
    assert {alice.client.post(path, base_url=alice.base_url).status_code for path in changing} == {403}


# --- hosts and redirects ---------------------------------------------------------------------------------------------
@pytest.mark.parametrize("host", ["evil.example", "till.test.evil.example", "evil.example:80", ""])
def test_it_answers_to_its_own_name_only(alice: Visitor, host: str) -> None:
    answer = alice.client.get("/m/acme", headers={"Host": host})
    assert answer.status_code == 400
    assert "evil" not in answer.text


def test_it_believes_no_forwarded_host(alice: Visitor) -> None:
    alice.opens("/m/acme", **{"X-Forwarded-Host": "evil.example", "X-Forwarded-Proto": "https"})
    assert "evil" not in alice.page.text
    assert "evil" not in str(alice.page.headers)


def test_it_mails_links_of_the_configured_address(alice: Visitor, world: World) -> None:
    alice.opens("/m/acme")
    alice.sends("/m/acme", {"X-Forwarded-Host": "evil.example"}, email=ALICE_EMAIL)
    world.settle_down()
    assert "evil" not in str(world.mails_to(ALICE_EMAIL))


@pytest.mark.parametrize("evil", EVIL)
def test_it_redirects_to_no_address_from_outside(alice: Visitor, evil: str) -> None:
    for name in ("next", "return", "return_url", "success_url", "url"):
        alice.opens(f"/m/acme?{name}={evil}")
        alice.sends(f"/m/acme?{name}={evil}", email=ALICE_EMAIL, **{name: evil})
        assert alice.page.location == "/m/acme/code"


def test_it_switches_languages_without_leaving_the_page(alice: Visitor) -> None:
    alice.opens("//evil.example/m/acme")
    assert not [link for link in alice.links() if "evil" in link]


# --- files -----------------------------------------------------------------------------------------------------------
def test_it_lets_browsers_keep_files_for_ever(alice: Visitor) -> None:
    alice.opens(templating.asset("app.css"), **{"Accept-Encoding": "gzip"})
    assert "immutable" in alice.page.headers["Cache-Control"]
    assert alice.page.headers["Content-Encoding"] == "gzip"
    assert alice.page.headers["X-Content-Type-Options"] == "nosniff"
    assert set_by(alice.page) == []


def test_it_lets_browsers_keep_the_merchants_colours_for_ever(alice: Visitor) -> None:
    css = alice.opens("/m/acme").text.split('href="/brand/')[1].split('"')[0]
    alice.opens(f"/brand/{css}")
    assert "immutable" in alice.page.headers["Cache-Control"]
    assert "--fill" in alice.page.text
    assert set_by(alice.page) == []


@pytest.mark.parametrize("path", ["/static/..%2fapp.py", "/static/no.css", "/static/", "/brand/1.css", "/static/%00"])
def test_it_serves_no_other_file(alice: Visitor, path: str) -> None:
    assert alice.opens(path).status_code == 404
