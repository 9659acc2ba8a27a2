"""`make bench`: a full verified "what do I owe" turn against a bare view that only checks the signature, under the same
server with the same processes and threads, in alternating rounds of one run. Prints ratios: machines are noisy."""

import json
import os
import secrets
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.parse
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median

from rich.console import Console
from rich.table import Table
from twilio.request_validator import RequestValidator

from tests.bench.load import Figures
from tests.bench.stage import NUMBER, PHONES, SID, TOKEN, build
from tests.support.databases import postgres_url
from tests.support.postgres import running_server

CONNECTIONS = 16
REQUESTS = 1500
ROUNDS = 3
THREADS = 8
PATH = "/webhooks/twilio/sms"


def main() -> None:
    console = Console()
    table = Table(title=f"what do I owe: {CONNECTIONS} connections, {ROUNDS} x {REQUESTS} requests, medians")
    for column in (
        "database",
        "processes",
        "bare req/s",
        "till req/s",
        "ratio",
        "bare p99 ms",
        "till p50 ms",
        "till p99 ms",
    ):
        table.add_column(column, justify="right")
    errors = 0
    with tempfile.TemporaryDirectory() as folder:
        errors += _measure(table, "sqlite", f"sqlite:///{folder}/bench.sqlite3", 1, Path(folder))
    with running_server() as server, postgres_url(server, "bench") as url, tempfile.TemporaryDirectory() as folder:
        errors += _measure(table, "postgresql", url, 2, Path(folder))
    console.print(table)
    console.print(f"errors: {errors}")
    sys.exit(1 if errors else 0)


def _measure(table: Table, name: str, database_url: str, processes: int, folder: Path) -> int:
    build(database_url)
    bare: list[Figures] = []
    till: list[Figures] = []
    environment = _environment(database_url, folder)
    for _ in range(ROUNDS):
        for app, figures in (("tests.bench.bare:app", bare), ("wsgi:app", till)):
            with _serving(app, processes, environment) as port:
                _load(port, 200)
                figures.append(_load(port, REQUESTS))
    ratio = median(t.per_second / b.per_second for t, b in zip(till, bare, strict=True))
    table.add_row(
        name,
        str(processes),
        f"{median(f.per_second for f in bare):.0f}",
        f"{median(f.per_second for f in till):.0f}",
        f"{ratio:.2f}",
        f"{median(f.p99 for f in bare):.0f}",
        f"{median(f.p50 for f in till):.0f}",
        f"{median(f.p99 for f in till):.0f}",
    )
    return sum(f.errors for f in (*bare, *till))


def _environment(database_url: str, folder: Path) -> dict[str, str]:
    return {
        **{name: value for name, value in os.environ.items() if not name.startswith(("TILL_", "TWILIO_"))},
        "TILL_ENV": "development",
        "TILL_BASE_URL": "http://bench.test",
        "DATABASE_URL": database_url,
        "SECRET_KEY": secrets.token_hex(32),
        "TILL_SMS": "sandbox",
        "TILL_EMAIL": "sandbox",
        "TILL_PAYMENTS": "sandbox",
        "TILL_VAR": str(folder),
        "BENCH_TOKEN": TOKEN,
        "WEB_CONCURRENCY": "1",
    }


@contextmanager
def _serving(app: str, processes: int, environment: dict[str, str]) -> Iterator[int]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    hooks = ["-c", "gunicorn.conf.py"] if app.startswith("wsgi") else ["-c", "/dev/null"]
    command = [sys.executable, "-m", "gunicorn", *hooks, "-k", "gthread", "-w", str(processes)]
    command += ["--threads", str(THREADS), "-b", f"127.0.0.1:{port}", "--log-level", "error", app]
    server = subprocess.Popen(command, env=environment, stderr=subprocess.DEVNULL)
    try:
        _wait_for(port)
        yield port
    finally:
        server.send_signal(signal.SIGTERM)
        server.wait(30)


def _wait_for(port: int) -> None:
    for _ in range(300):
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.1)
    raise RuntimeError("the server did not start")


def _load(port: int, count: int) -> Figures:
    """Fresh signed requests, posted by a process of its own."""
    validator = RequestValidator(TOKEN)
    lines = []
    for n in range(count):
        sid = f"SM{secrets.token_hex(16)}"
        form = {"MessageSid": sid, "SmsSid": sid, "AccountSid": SID, "From": PHONES[n % len(PHONES)], "To": NUMBER}
        form |= {"Body": "what do I owe?", "NumMedia": "0", "NumSegments": "1", "ApiVersion": "2010-04-01"}
        signature = validator.compute_signature(f"http://bench.test{PATH}", form)
        lines.append(json.dumps([urllib.parse.urlencode(form), signature]))
    command = [sys.executable, "-m", "tests.bench.load", str(port), PATH, str(CONNECTIONS)]
    done = subprocess.run(command, input="\n".join(lines), capture_output=True, text=True, check=True)
    return Figures(*json.loads(done.stdout))


if __name__ == "__main__":
    main()
