"""One worker sends from many numbers to a carrier that takes a tenth of a second for each call, against a plain loop
over Twilio's own client. The carrier counts, so the rate that each number keeps to is what it saw."""

import json
import secrets
import tempfile
import threading
import time
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import pairwise
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import sqlalchemy as sa
from twilio.rest import Client

from bot import messenger
from bot.channels.twilio_rest import RebasedHttpClient
from models.clock import SystemClock
from models.context import Context, Ports
from models.customer import Channel
from models.database import Database
from models.merchant import Merchant
from models.message import Message
from models.signing import Signer
from tests.bench.serving import processor_s, production, working
from tests.bench.stage import PHONES, SID, TOKEN
from tests.support.workers import SITE, eventually
from web import engine

CALL_S = 0.1
NUMBERS = 64
EACH = 12
NAIVE = 40
PATIENCE_S = 120

Row = dict[str, Any]


class _Carrier(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Call)
        self.times: dict[str, list[float]] = defaultdict(list)

    @property
    def base(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"

    @property
    def all_times(self) -> list[float]:
        return sorted(at for times in self.times.values() for at in times)


class _Call(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: _Carrier

    def do_POST(self) -> None:
        form = parse_qs(self.rfile.read(int(self.headers["Content-Length"])).decode())
        self.server.times[form["From"][0]].append(time.perf_counter())
        time.sleep(CALL_S)
        self._answer({"sid": f"SM{secrets.token_hex(16)}", "status": "queued"})

    def do_GET(self) -> None:
        self._answer({"messages": []})

    def _answer(self, told: dict[str, Any]) -> None:
        body = json.dumps(told).encode()
        self.send_response(201 if self.command == "POST" else 200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_told: object) -> None:
        pass


def against_a_loop(database_url: str) -> list[Row]:
    with _carrier() as carrier:
        naive = _loop(carrier)
        carrier.times.clear()
        with tempfile.TemporaryDirectory() as folder:
            _queue(database_url)
            with working(production(database_url, Path(folder), TWILIO_API_BASE=carrier.base)) as worker:
                eventually(lambda: carrier.all_times)
                before = processor_s(worker)
                done = eventually(lambda: len(carrier.all_times) >= NUMBERS * EACH, PATIENCE_S)
                busy = processor_s(worker) - before
        times = carrier.all_times
        # Without the first and the last tenth, when not all numbers send.
        steady = times[len(times) // 10 : -len(times) // 10]
        per_second = len(steady) / (steady[-1] - steady[0])
        return [
            {
                "carrier's call s": CALL_S,
                "loop texts/s": round(naive, 1),
                "worker texts/s": round(per_second, 1),
                "ratio": round(per_second / naive, 1),
                "processor ms a text": round(1000 * busy / len(times), 1),
                "numbers": NUMBERS,
                "shortest gap of a number s": round(min(_gaps(carrier)), 3),
                "most from one number in a second": max(_most_in_a_second(sorted(at)) for at in carrier.times.values()),
                "texts": len(times),
                "errors": 0 if done and len(times) == NUMBERS * EACH else 1,
            }
        ]


def _gaps(carrier: _Carrier) -> list[float]:
    return [later - sooner for times in carrier.times.values() for sooner, later in pairwise(sorted(times))]


def _most_in_a_second(times: list[float]) -> int:
    return max(sum(1 for at in times if start <= at < start + 1) for start in times)


def _loop(carrier: _Carrier) -> float:
    client, began = Client(SID, TOKEN, http_client=RebasedHttpClient(carrier.base)), time.perf_counter()
    for n in range(NAIVE):
        client.messages.create(from_=_number(0), to=PHONES[n], body="Reminder")
    return NAIVE / (time.perf_counter() - began)


def _queue(database_url: str) -> None:
    database = Database(database_url)
    ports = Ports(sms=None, email=None, gateways={}, gateway=None, jobs=engine.DatabaseJobs(database))  # type: ignore[arg-type]
    with database.write() as session:
        ctx = Context(session, SystemClock(), Signer([secrets.token_hex(32)]), SITE, ports)
        merchant_id = session.scalars(sa.select(Merchant.id)).one()
        for n in range(NUMBERS * EACH):
            ours, theirs = _number(n % NUMBERS), PHONES[n % len(PHONES)]
            text = Message(merchant_id=merchant_id, channel=Channel.SMS, kind="bench", locale="en")
            text.our_address, text.their_address, text.body = ours, theirs, f"Reminder {n}"
            messenger.queue(ctx, text)
    database.dispose()


def _number(n: int) -> str:
    return f"+1206555{n + 100:04}"


@contextmanager
def _carrier() -> Iterator[_Carrier]:
    carrier = _Carrier()
    threading.Thread(target=carrier.serve_forever, daemon=True).start()
    try:
        yield carrier
    finally:
        carrier.shutdown()
        carrier.server_close()
