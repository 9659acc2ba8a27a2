"""Traces: what a turn and its jobs leave for a collector, and that none of it is anybody's."""

import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from flask.testing import FlaskClient
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import StatusCode

from models.context import Runtime
from models.errors import ProviderError
from tests.support.world import ACME, ALICE, ALICE_EMAIL, World
from web import spans, tracing
from web.app import create_app
from web.jobs import JOBS
from web.work import JobFailed, run_job

PATH = "/webhooks/twilio/sms"


@dataclass
class Traced:
    world: World
    client: FlaskClient
    runtime: Runtime
    exporter: InMemorySpanExporter

    def text(self, body: str) -> None:
        carrier, sid = self.world.carrier, self.world.merchants["acme"].twilio_account_sid or ""
        form = carrier.form(sid, ALICE, ACME, body)
        assert self.client.post(PATH, data=form, headers=carrier.signed(sid, PATH, form)).status_code == 200

    def run_jobs(self) -> None:
        while self.world.jobs.waiting:
            job = self.world.jobs.waiting.pop(0)
            run_job(self.runtime, job.name, JOBS[job.name], job.args)

    def spans(self) -> list[ReadableSpan]:
        return list(self.exporter.get_finished_spans())

    def tree(self) -> list[tuple[str, str | None]]:
        """Each span's name and that of the one it is part of."""
        names = {one.context.span_id: one.name for one in self.spans()}
        return [(one.name, names[one.parent.span_id] if one.parent else None) for one in self.spans()]


@pytest.fixture
def traced(peopled_world: World) -> Iterator[Traced]:
    extensions, exporter = peopled_world.client.application.extensions, InMemorySpanExporter()
    app = create_app(extensions["till.settings"], extensions["till.assembly"])
    runtime = tracing.install(app, peopled_world.runtime, SimpleSpanProcessor(exporter))
    app.extensions["till"] = runtime
    yield Traced(peopled_world, app.test_client(), runtime, exporter)
    spans.collect_by(None)


def test_it_tells_turns_jobs_and_vendors_and_nothing_personal(traced: Traced) -> None:
    traced.text("hi")
    traced.text(ALICE_EMAIL)
    traced.run_jobs()
    code = traced.world.code_for(ALICE_EMAIL)
    traced.text(code)
    traced.client.get("/p/not-a-token-of-ours")
    traced.client.open("/healthz", method="BOB-AT-5550143")

    assert traced.tree() == [
        *[("turn", f"POST {PATH}"), (f"POST {PATH}", None)] * 2,
        ("email send", "job issue_code"),
        ("job issue_code", None),
        *[("turn", f"POST {PATH}"), (f"POST {PATH}", None)],
        ("GET /p/<token>", None),
        ("_OTHER -", None),
    ]
    told = " ".join(one.to_json() for one in traced.spans())
    personal = (ALICE, ALICE.lstrip("+"), ALICE_EMAIL, code, "not-a-token", "Alice", "5550143")
    assert [one for one in personal if one in told] == []


def test_it_tells_an_error_by_its_type_alone(traced: Traced) -> None:
    def refuse(_runtime: Runtime) -> None:
        raise ProviderError(f"no such mailbox: {ALICE_EMAIL}")

    with pytest.raises(JobFailed):
        run_job(traced.runtime, "refuse", refuse, ())

    [one] = traced.spans()
    assert (one.status.status_code, one.status.description, one.events) == (StatusCode.ERROR, "ProviderError", ())


def test_it_costs_nothing_while_nobody_collects() -> None:
    loaded = "import sys, web.app; print([name for name in sys.modules if 'opentelemetry' in name])"
    told = subprocess.run([sys.executable, "-c", loaded], capture_output=True, text=True, check=True)

    assert told.stdout.strip() == "[]"
