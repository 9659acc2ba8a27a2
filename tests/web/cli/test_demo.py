"""The demo as a newcomer starts it, on a port and in a folder of its own: what it leaves for scripts, the first
customer's whole road over real HTTP, and a quiet end."""

import json
import os
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import requests

from tests.support.workers import eventually

ROOT = Path(__file__).parents[3]
TIMEOUT_S = 30
START_S = 240
"""A machine with ten other things to do seeds a demo in a minute or two."""
MERCHANT_KEYS = {"slug", "name", "number", "twilio_account_sid", "twilio_auth_token", "api_key"}
MERCHANT_KEYS |= {"inbound_email", "email_secrets"}


@dataclass
class Demo:
    var: Path
    port: int
    process: subprocess.Popen[str]

    @property
    def manifest(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads((self.var / "demo.json").read_text())
        return found

    def url(self, path: str) -> str:
        return f"http://127.0.0.1:{self.port}{path}"

    def answers(self) -> bool:
        try:
            return requests.get(self.url("/readyz"), timeout=TIMEOUT_S).ok
        except requests.RequestException:  # not there yet, or too busy to answer in time
            return False

    def texts(self, sender: str, to: str, body: str) -> str:
        told = {"from": sender, "to": to, "body": body}
        answer = requests.post(self.url("/simulator/texts"), json=told, timeout=TIMEOUT_S).json()
        assert answer["status"] == 200
        return "\n".join(answer["replies"])

    def received(self, address: str) -> list[dict[str, Any]]:
        answer = requests.get(self.url("/simulator/messages.json"), params={"to": address}, timeout=TIMEOUT_S)
        found: list[dict[str, Any]] = answer.json()
        return found

    def code_for(self, email: str, phone: str, number: str) -> str:
        """Which comes because of the email that this phone names."""
        sent = len(self.received(email))
        self.texts(phone, number, email)
        assert eventually(lambda: len(self.received(email)) > sent)
        found = re.search(r"\b\d{6}\b", self.received(email)[-1]["text"])
        assert found
        return found.group()


def flask(*words: str, **options: Any) -> subprocess.Popen[str]:
    """Without any setting of ours in its environment."""
    kept = {name: value for name, value in os.environ.items() if name in ("PATH", "HOME", "LANG", "TMPDIR")}
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT, "text": True}
    command = [sys.executable, "-m", "flask", "--app", "wsgi", *words]
    return subprocess.Popen(command, cwd=ROOT, **{"env": kept, **pipes, **options})


def free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


def start(var: Path) -> Demo:
    port = free_port()
    demo = Demo(var, port, flask("demo", "--port", str(port), "--var", str(var)))
    if not eventually(demo.answers, within_s=START_S):
        demo.process.kill()
        pytest.fail(demo.process.communicate()[0])
    return demo


def end(demo: Demo, how: signal.Signals) -> tuple[int, str]:
    """Its status, and all that it ever printed."""
    demo.process.send_signal(how)
    output, _ = demo.process.communicate(timeout=TIMEOUT_S)
    return demo.process.returncode, output


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demo]:
    running = start(tmp_path_factory.mktemp("var"))
    yield running
    if running.process.poll() is None:
        end(running, signal.SIGTERM)


def test_it_tells_scripts_where_everything_is(demo: Demo) -> None:
    manifest = demo.manifest
    assert manifest["base_url"] == demo.url("")
    assert [set(merchant) for merchant in manifest["merchants"]] == [MERCHANT_KEYS] * 2
    assert {frozenset(customer) for customer in manifest["customers"]} == {
        frozenset({"name", "emails", "phones", "merchant"})
    }


def test_it_knows_twenty_customers_of_two_merchants(demo: Demo) -> None:
    slugs = {merchant["slug"] for merchant in demo.manifest["merchants"]}
    assert len(demo.manifest["customers"]) == 20
    assert {customer["merchant"] for customer in demo.manifest["customers"]} == slugs


@pytest.mark.parametrize("position", [0, 1])
def test_it_takes_the_first_customers_from_hello_to_a_pay_link(demo: Demo, position: int) -> None:
    merchant = demo.manifest["merchants"][position]
    first = next(one for one in demo.manifest["customers"] if one["merchant"] == merchant["slug"])
    phone, email, number = first["phones"][0], first["emails"][0], merchant["number"]
    assert f"/m/{merchant['slug']}" in demo.texts(phone, number, "hi")
    assert "Reply" in demo.texts(phone, number, demo.code_for(email, phone, number))
    link = re.search(r"https?://\S+/p/\S+", demo.texts(phone, number, "ALL"))
    assert link
    assert requests.get(link.group(), timeout=TIMEOUT_S).status_code == 200


def test_it_keeps_all_that_is_secret_or_personal_out_of_its_log(demo: Demo) -> None:
    merchant = demo.manifest["merchants"][0]
    first = next(one for one in demo.manifest["customers"] if one["merchant"] == merchant["slug"])
    email, number = first["emails"][0], merchant["number"]
    phone = "+12065550188"  # another of that customer's: the one on file is for the test before
    spoken = "my neighbour took the blue bicycle"
    for body in ("hi", spoken):
        demo.texts(phone, number, body)
    code = demo.code_for(email, phone, number)
    demo.texts(phone, number, code)
    link = re.search(r"https?://\S+/p/(\S+)", demo.texts(phone, number, "ALL"))
    assert link
    browser = requests.Session()
    browser.get(link.group(), timeout=TIMEOUT_S)
    browser.post(link.group(), data={"csrf_token": "of another page"}, timeout=TIMEOUT_S)
    browser.post(demo.url(f"/m/{merchant['slug']}"), data={"email": email}, timeout=TIMEOUT_S)
    for key in (merchant["api_key"], f"{merchant['api_key']}x"):
        bearer = {"Authorization": f"Bearer {key}"}
        requests.get(demo.url("/api/v1/invoices"), params={"q": email}, headers=bearer, timeout=TIMEOUT_S)
    log = re.sub(r'"timestamp": "[^"]*"', "", (demo.var / "demo.log").read_text())  # whose digits might be the code's
    assert '"rule": "/p/<token>"' in log  # the pattern, never the path
    secret = {code, link[1], spoken, merchant["api_key"], merchant["twilio_auth_token"], *browser.cookies.values()}
    personal = {phone, phone.removeprefix("+1"), email, first["name"], number}
    assert {found for found in secret | personal | _leaves(merchant["email_secrets"]) if found in log} == set()


def _leaves(secrets: dict[str, str]) -> set[str]:
    return {part for secret in secrets.values() for part in (secret, *secret.split(":")) if len(part) > 8}


def test_it_moves_its_clock(demo: Demo) -> None:
    before = requests.get(demo.url("/simulator/clock"), timeout=TIMEOUT_S).json()["now"]
    after = requests.post(demo.url("/simulator/clock"), json={"advance": "2h"}, timeout=TIMEOUT_S).json()["now"]
    assert after > before


def test_it_answers_a_script_in_the_terminal(demo: Demo) -> None:
    chat = flask("chat", "--customer", "Dana", "--var", str(demo.var), stdin=subprocess.PIPE)
    output, _ = chat.communicate("hi\ndana@whitlock.example\n:code\n", timeout=60)
    assert chat.returncode == 0
    assert "You are Dana Whitlock" in output
    assert "[mail to dana@whitlock.example] Your code is" in output
    assert "all paid up" in output


def test_it_says_when_nobody_is_called_that(demo: Demo) -> None:
    chat = flask("chat", "--customer", "Nobody At All", "--var", str(demo.var), stdin=subprocess.DEVNULL)
    assert "Nobody in the demo is called 'Nobody At All'" in chat.communicate(timeout=TIMEOUT_S)[0]


def test_it_refuses_a_second_demo_on_the_same_files(demo: Demo) -> None:
    second = flask("demo", "--port", str(demo.port), "--var", str(demo.var))
    assert "Another demo is running" in second.communicate(timeout=TIMEOUT_S)[0]
    assert second.returncode == 1


def test_it_says_when_its_port_is_taken(demo: Demo, tmp_path: Path) -> None:
    second = flask("demo", "--port", str(demo.port), "--var", str(tmp_path))
    assert f"Port {demo.port} is in use" in second.communicate(timeout=TIMEOUT_S)[0]


def test_it_says_where_no_demo_was_ever_started(tmp_path: Path) -> None:
    chat = flask("chat", "--var", str(tmp_path), stdin=subprocess.DEVNULL)
    assert "No demo has been started here" in chat.communicate(timeout=TIMEOUT_S)[0]


def test_it_refuses_to_start_beside_live_credentials(tmp_path: Path) -> None:
    live = {"PATH": os.environ["PATH"], "TWILIO_ACCOUNT_SID": "AC1", "TWILIO_AUTH_TOKEN": "secret-of-the-test"}
    refused = flask("demo", "--var", str(tmp_path), "--port", str(free_port()), env=live)
    output, _ = refused.communicate(timeout=TIMEOUT_S)
    assert "live credentials" in output
    assert "secret-of-the-test" not in output


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where one demo follows another."""
    return tmp_path_factory.mktemp("one after another")


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM])
def test_it_starts_afresh_and_ends_without_a_word(folder: Path, how: signal.Signals) -> None:
    status, output = end(start(folder), how)
    assert status == 0
    told = output + (folder / "demo.log").read_text()
    assert "Traceback" not in told, told[told.find("Traceback") - 500 :][:4000]
    assert output.count("Till is running") == 1
