"""`flask trigger`: one signed request to the running demo, as the outside world would send it. Needs no settings: the
demo's own files hold the secrets."""

import base64
import json
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlencode
from uuid import uuid4

import click
import requests
from rich.console import Console
from rich.table import Table
from twilio.request_validator import RequestValidator

from payments.gateways import signatures
from web.cli.chat import read_manifest
from web.cli.demo import ROOT

TIMEOUT_S = 40
NEWEST = 100


@dataclass(frozen=True, slots=True)
class Stage:
    """The demo that runs, and who plays: one customer of one merchant."""

    base_url: str
    merchant: Mapping[str, Any]
    customer: Mapping[str, Any]
    body: str
    bank_secret: str

    def api(self, path: str, **query: str | int) -> Any:
        headers = {"Authorization": f"Bearer {self.merchant['api_key']}"}
        answer = requests.get(f"{self.base_url}/api/v1{path}", params=query, headers=headers, timeout=TIMEOUT_S)
        answer.raise_for_status()
        return answer.json()

    def now(self) -> datetime:
        """By the demo's clock, which may have been moved."""
        told = requests.get(f"{self.base_url}/simulator/clock", timeout=TIMEOUT_S).json()["now"]
        return datetime.fromisoformat(str(told))


@dataclass(frozen=True, slots=True)
class Request:
    path: str
    headers: Mapping[str, str]
    body: bytes


def _texted(stage: Stage) -> list[Request]:
    sid = f"SM{uuid4().hex}"
    form = {"MessageSid": sid, "SmsSid": sid, "AccountSid": stage.merchant["twilio_account_sid"], "NumMedia": "0"}
    form |= {"From": stage.customer["phones"][0], "To": stage.merchant["number"], "Body": stage.body}
    return [_twilio(stage, "/webhooks/twilio/sms", form)]


def _texted_twice(stage: Stage) -> list[Request]:
    return _texted(stage) * 2


def _text_failed(stage: Stage) -> list[Request]:
    """About the newest text that was sent."""
    sent = [one for one in stage.api("/messages", direction="out", limit=NEWEST)["items"] if one["channel"] == "sms"]
    if not sent:
        raise click.ClickException("No text was sent yet: run `flask trigger sms.inbound` first.")
    form = {"MessageSid": f"SM{uuid4().hex}", "AccountSid": stage.merchant["twilio_account_sid"], "ErrorCode": "30003"}
    form |= {"MessageStatus": "undelivered", "To": sent[0]["their_address"], "From": stage.merchant["number"]}
    return [_twilio(stage, f"/webhooks/twilio/status?ref={sent[0]['id']}", form)]


def _twilio(stage: Stage, path: str, form: Mapping[str, str]) -> Request:
    signature = RequestValidator(stage.merchant["twilio_auth_token"]).compute_signature(stage.base_url + path, form)
    body = urlencode(form)
    headers = {"X-Twilio-Signature": signature, "Content-Type": "application/x-www-form-urlencoded"}
    return Request(path, headers, body.encode())


def _mailed(stage: Stage) -> list[Request]:
    sender, to = stage.customer["emails"][0], stage.merchant["inbound_email"]
    told = {
        "From": sender,
        "FromFull": {"Email": sender, "Name": stage.customer["name"], "MailboxHash": ""},
        "To": to,
        "ToFull": [{"Email": to, "Name": "", "MailboxHash": ""}],
        "Subject": "My invoices",
        "MessageID": str(uuid4()),
        "TextBody": stage.body,
        "Headers": [{"Name": "Message-ID", "Value": f"<{uuid4().hex}@{sender.rpartition('@')[2]}>"}],
        "Attachments": [],
    }
    secret = base64.b64encode(f"till:{stage.merchant['email_secrets']['postmark']}".encode()).decode()
    headers = {"Authorization": f"Basic {secret}", "Content-Type": "application/json"}
    return [Request(f"/webhooks/email/postmark/{stage.merchant['slug']}", headers, json.dumps(told).encode())]


def _paid(kind: str, wanted: tuple[str, ...]) -> Callable[[Stage], list[Request]]:
    def make(stage: Stage) -> list[Request]:
        """About the newest payment that this can happen to."""
        found = [one for status in wanted for one in stage.api("/payments", status=status, limit=1)["items"]]
        if not found:
            raise click.ClickException(f"No payment is {' or '.join(wanted)}: pay something in the simulator first.")
        payment = {"id": "", "reference": found[0]["id"], "amount": found[0]["amount_minor"]}
        payment |= {"currency": found[0]["currency"], "method_label": None}
        payment |= {"failure_code": None if kind == "succeeded" else "insufficient_funds"}
        event_id = f"evt_{uuid4().hex}"
        body = json.dumps({"id": event_id, "type": f"payment.{kind}", "payment": payment})
        headers = {
            **signatures.sign(stage.bank_secret, event_id, body, stage.now()),
            "Content-Type": "application/json",
        }
        return [Request("/webhooks/bank", headers, body.encode())]

    return make


EVENTS: dict[str, Callable[[Stage], list[Request]]] = {
    "sms.inbound": _texted,
    "sms.status.failed": _text_failed,
    "email.reply": _mailed,
    "payment.succeeded": _paid("succeeded", ("submitted", "processing", "unknown")),
    "payment.failed": _paid("failed", ("submitted", "processing", "unknown")),
    "payment.returned": _paid("returned", ("succeeded",)),
    "webhook.duplicate": _texted_twice,
}


@click.command("trigger")
@click.argument("event", type=click.Choice(list(EVENTS)))
@click.option("--merchant", "slug", help="By slug. Default: the first one.")
@click.option("--body", default="hi, what do I owe?", show_default=True, help="What a text or an email says.")
@click.option("--var", default=ROOT / "var", type=click.Path(path_type=Path), help="Where the demo keeps its files.")
def command(event: str, slug: str | None, body: str, var: Path) -> None:
    """Send the running demo a correctly signed EVENT, and print what it answered."""
    try:
        table = _fire(EVENTS[event], _stage(var, slug, body))
    except requests.RequestException as error:
        raise click.ClickException("The demo does not answer: is it running? (make demo)") from error
    Console().print(table)


def _stage(var: Path, slug: str | None, body: str) -> Stage:
    manifest = read_manifest(var / "demo.json")
    merchant = next((one for one in manifest["merchants"] if slug in (None, one["slug"])), None)
    if merchant is None:
        raise click.ClickException(f"There is no merchant {slug!r}.")
    customer = next(one for one in manifest["customers"] if one["merchant"] == merchant["slug"] and one["phones"])
    secret = var / "demo" / "bank.secret"
    return Stage(manifest["base_url"], merchant, customer, body, secret.read_text() if secret.exists() else "")


def _fire(make: Callable[[Stage], list[Request]], stage: Stage) -> Table:
    table = Table("Request", "Status", "ms", "Request id", "Answer")
    for request in make(stage):
        started = time.perf_counter()
        answer = requests.post(
            stage.base_url + request.path, data=request.body, headers=dict(request.headers), timeout=TIMEOUT_S
        )
        took_ms = round((time.perf_counter() - started) * 1000)
        told = (request.path, str(answer.status_code), str(took_ms), answer.headers.get("X-Request-Id", ""))
        table.add_row(*told, " ".join(answer.text.split())[:160])
    return table
