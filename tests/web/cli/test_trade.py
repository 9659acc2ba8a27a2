"""The commands for those who run and build on Till: trigger and listen against a demo, doctor, jobs, import, export."""

import os
import re
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import Result

from models.message import Message, MessageStatus
from tests.support import records
from tests.support.world import ALICE, World
from tests.web.cli.test_demo import Demo, end, flask, start
from web import engine


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demo]:
    running = start(tmp_path_factory.mktemp("var"))
    yield running
    end(running, signal.SIGTERM)


def said(*words: str, demo: Demo) -> tuple[int, str]:
    process = flask(*words, "--var", str(demo.var), env={**os.environ, "COLUMNS": "200"})
    output, _ = process.communicate(timeout=90)
    return process.returncode, output


def run(world: World, *words: str) -> Result:
    return world.client.application.test_cli_runner().invoke(args=list(words), env={"COLUMNS": "200"})


@pytest.mark.parametrize(
    "event", ["sms.inbound", "sms.status.failed", "email.reply", "payment.succeeded", "payment.returned"]
)
def test_it_sends_the_demo_what_the_outside_would(demo: Demo, event: str) -> None:
    if event == "sms.status.failed":  # which is about the text that was sent last
        said("trigger", "sms.inbound", demo=demo)
    status, output = said("trigger", event, demo=demo)
    assert (status, len(re.findall(r"│ 20\d +│", output))) == (0, 1), output


def test_it_gets_the_same_answer_to_a_webhook_that_comes_twice(demo: Demo) -> None:
    _, output = said("trigger", "webhook.duplicate", "--body", "STOP", demo=demo)
    assert output.count("/webhooks/twilio/sms") == 2


def test_it_listens(demo: Demo) -> None:
    ear = flask("listen", "--seconds", "8", "--var", str(demo.var), stdin=subprocess.DEVNULL)
    said("trigger", "payment.returned", demo=demo)
    output, _ = ear.communicate(timeout=60)
    assert (ear.returncode, "Events" in output) == (0, True), output


def test_it_says_what_real_use_lacks() -> None:
    doctor = flask("doctor")
    output, _ = doctor.communicate(timeout=60)
    assert doctor.returncode == 1
    assert "SECRET_KEY is missing" in output
    assert "SMTP_URL is missing" in output


def test_it_examines_every_part(tmp_path: Path) -> None:
    settings = {"TILL_ENV": "development", "TILL_SMS": "sandbox", "TILL_EMAIL": "sandbox", "TILL_PAYMENTS": "sandbox"}
    settings |= {"SECRET_KEY": "0123456789abcdefghijklmnopqrstuv", "DATABASE_URL": f"sqlite:///{tmp_path}/till.db"}
    doctor = flask("doctor", env={**os.environ, **settings, "COLUMNS": "200"})
    output, _ = doctor.communicate(timeout=60)
    for part in ("TILL_BASE_URL", "Schema", "Texts", "Email", "Payments", "Worker", "Clock"):
        assert part in output
    assert "flask --app wsgi db upgrade" in output


def test_it_lists_and_repeats_failed_messages(world: World) -> None:
    engine.migrate(world.runtime.database)
    world.phone(ALICE).says("hi")
    with world.runtime.write() as ctx:
        failed = ctx.session.get_one(Message, 1)
        for message in ctx.session.query(Message).filter(Message.direction == "out"):
            message.status, failed = MessageStatus.FAILED, message
    assert failed.public_id in run(world, "jobs", "list").output
    assert ALICE not in run(world, "jobs", "list").output
    assert "Tried again as" in run(world, "jobs", "retry", failed.public_id).output


def test_it_imports_and_exports(world: World, tmp_path: Path) -> None:
    file = tmp_path / "invoices.csv"
    file.write_text("invoice_number,customer_name,amount,due_on\nA-1,Carol,19.99,2026-07-01\n")
    dry = run(world, "import", str(file), "--merchant", "acme", "--dry-run")
    assert (dry.exit_code, "nothing was changed" in dry.output) == (0, True), dry.output
    assert run(world, "import", str(file), "--merchant", "acme").exit_code == 0
    assert records.invoice(world, "A-1").balance_minor == 1_999
    assert "A-1,,Carol" in run(world, "export", "invoices", "--merchant", "acme").output


def test_it_tells_the_lines_in_trouble(world: World, tmp_path: Path) -> None:
    file = tmp_path / "invoices.csv"
    file.write_text("invoice_number,customer_name,amount,due_on\nA-1,Carol,much,2026-07-01\n")
    refused = run(world, "import", str(file), "--merchant", "acme")
    assert refused.exit_code == 1
    assert "is no amount" in refused.output
    assert "Nothing was imported" in refused.output


def test_it_knows_no_such_merchant(world: World, tmp_path: Path) -> None:
    file = tmp_path / "invoices.csv"
    file.write_text("customer_name\nCarol\n")
    assert "There is no merchant" in run(world, "import", str(file), "--merchant", "nobody").output
