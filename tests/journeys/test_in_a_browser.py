"""From the first text to the receipt, in a real Chromium against a running demo, at a desk and on a phone."""

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

import pytest
import requests
from playwright.sync_api import Page, ViewportSize, expect

from tests.support.browser import DESKTOP, PHONE, ColorScheme, OpenPage, accessibility_faults, keep_screenshot
from tests.support.workers import eventually

pytestmark = pytest.mark.browser
ROOT = Path(__file__).parents[2]


@dataclass(frozen=True)
class Demo:
    base_url: str
    email: str


@pytest.fixture
def demo(tmp_path: Path) -> Iterator[Demo]:
    """`flask demo` as a newcomer starts it: no settings at all, a server of its own."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("TILL_", "SECRET_"))}
    command = [sys.executable, "-m", "flask", "--app", "wsgi", "demo", "--port", str(port), "--var", str(tmp_path)]
    with subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.DEVNULL) as server:
        base_url = f"http://127.0.0.1:{port}"
        assert eventually(lambda: _answers(base_url), within_s=60)
        manifest = json.loads((tmp_path / "demo.json").read_text())
        yield Demo(base_url, manifest["customers"][0]["emails"][0])
        server.send_signal(signal.SIGTERM)


def _answers(base_url: str) -> bool:
    try:
        return requests.get(f"{base_url}/healthz", timeout=2).ok
    except requests.RequestException:
        return False


@pytest.mark.parametrize(
    ("name", "viewport", "scheme"), [("desk", DESKTOP, "light"), ("phone", PHONE, "dark")], ids=["desk", "phone"]
)
def test_it_goes_from_the_first_text_to_the_receipt(
    demo: Demo, open_page: OpenPage, name: str, viewport: ViewportSize, scheme: ColorScheme
) -> None:
    simulator = open_page(viewport=viewport, color_scheme=scheme)
    complaints: list[str] = []
    simulator.context.on("console", lambda message: complaints.append(message.text))
    simulator.goto(f"{demo.base_url}/simulator")

    _text(simulator, "hi, what do I owe?")
    _hear(simulator, "reply with the email")
    _text(simulator, demo.email)
    _hear(simulator, "a 6-digit code is on its way")
    mail = simulator.get_by_text(re.compile(r"Your code is \d{6}")).first
    expect(mail).to_be_visible()
    code = re.search(r"\d{6}", mail.inner_text())
    assert code is not None
    _text(simulator, code.group())
    _hear(simulator, "3 invoices, $2,310.00")
    _text(simulator, "ALL")
    _hear(simulator, "Good for 30 min")
    _look(simulator, f"{name}-simulator")

    with simulator.context.expect_page() as opened:
        simulator.locator("a[href*='/p/']").last.click()
    page = opened.value
    expect(page.get_by_role("heading", level=1)).to_contain_text("$2,310.00")
    _look(page, f"{name}-pay")
    page.get_by_role("button", name=re.compile("Continue to pay")).click()
    _look(page, f"{name}-bank")
    page.get_by_role("button", name=re.compile("Approve|Confirm|Pay")).first.click()
    expect(page.get_by_role("heading", name="Payment received")).to_be_visible(timeout=20_000)
    _look(page, f"{name}-receipt")

    simulator.bring_to_front()
    _hear(simulator, "thank you. We received $2,310.00")
    assert complaints == []


def _text(simulator: Page, words: str) -> None:
    simulator.get_by_label("Text message").fill(words)
    simulator.get_by_role("button", name="Send", exact=True).click()


def _hear(simulator: Page, words: str) -> None:
    expect(simulator.get_by_role("log").get_by_text(words).last).to_be_visible(timeout=15_000)


def _look(page: Page, name: str) -> None:
    """Kept for eyes; axe looks at the rest."""
    page.wait_for_load_state()
    keep_screenshot(page, f"road-{name}")
    assert accessibility_faults(page) == []
