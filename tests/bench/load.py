"""A load generator in a process of its own: so many connections that ask as fast as they are answered, or, with a rate,
at the times that the rate gives, late or not. An answer's time counts from when its request was due."""

import http.client
import json
import sys
import threading
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from itertools import count
from subprocess import run

from tests.bench.stage import HOST

TIMEOUT_S = 30


@dataclass(frozen=True, slots=True)
class Shot:
    """One prepared request; an answer of status 200 that holds `holds` is right."""

    method: str
    path: str
    body: str = ""
    headers: dict[str, str] = field(default_factory=dict)
    holds: str = ""


@dataclass(frozen=True, slots=True)
class Figures:
    """Times in milliseconds, throughput in requests a second."""

    requests: int
    errors: int
    per_second: float
    p50: float
    p99: float
    worst: float


def fire(port: int, shots: Sequence[Shot], connections: int, per_second: float = 0) -> Figures:
    """`per_second` 0: each connection asks again once it is answered."""
    command = [sys.executable, "-m", "tests.bench.load", str(port), str(connections), str(per_second)]
    lines = "\n".join(json.dumps(asdict(shot)) for shot in shots)
    done = run(command, input=lines, capture_output=True, text=True, check=True)
    return Figures(*json.loads(done.stdout))


class _Range:
    def __init__(self, port: int, shots: Sequence[Shot], per_second: float) -> None:
        self._port, self._shots, self._per_second = port, shots, per_second
        self._next, self._began = count(), time.perf_counter()
        self.took: list[float] = []
        self.errors: list[int] = []

    def shoot(self) -> None:
        connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=TIMEOUT_S)
        for n in iter(self._next.__next__, None):
            if n >= len(self._shots):
                return
            due = self._began + n / self._per_second if self._per_second else time.perf_counter()
            time.sleep(max(0.0, due - time.perf_counter()))
            try:
                self._one(connection, self._shots[n])
            except (OSError, http.client.HTTPException):
                self.errors.append(0)
                connection.close()
            self.took.append((time.perf_counter() - due) * 1000)

    def _one(self, connection: http.client.HTTPConnection, shot: Shot) -> None:
        connection.request(shot.method, shot.path, shot.body or None, {"Host": HOST, **shot.headers})
        answer = connection.getresponse()
        text = answer.read()
        if answer.status != 200 or shot.holds.encode() not in text:
            self.errors.append(answer.status)


def main() -> None:
    """`python -m tests.bench.load PORT CONNECTIONS RATE`, requests as JSON lines on stdin."""
    shots = [Shot(**json.loads(line)) for line in sys.stdin]
    target = _Range(int(sys.argv[1]), shots, float(sys.argv[3]))
    threads = [threading.Thread(target=target.shoot) for _ in range(int(sys.argv[2]))]
    began = time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    elapsed, took = time.perf_counter() - began, sorted(target.took)
    middle, high = took[len(took) // 2], took[int(len(took) * 0.99)]
    print(json.dumps([len(took), len(target.errors), len(took) / elapsed, middle, high, took[-1]]))


if __name__ == "__main__":
    main()
