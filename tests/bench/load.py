"""A load generator in a process of its own: so many connections that ask as fast as they are answered, or, with a rate,
at the times that the rate gives, late or not. An answer's time counts from when its request was due."""

import json
import re
import socket
import sys
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass, field
from functools import partial
from itertools import count, cycle, islice
from subprocess import run

from tests.bench.stage import HOST

TIMEOUT_S = 30
LOCAL = ("127.0.0.1",)

_LENGTH = re.compile(rb"(?i)\ncontent-length: (\d+)")


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


def fire(
    port: int, shots: Sequence[Shot], connections: int, per_second: float = 0, hosts: Sequence[str] = LOCAL
) -> Figures:
    """`per_second` 0: each connection asks again once it is answered. `hosts` share the connections."""
    command = [sys.executable, "-m", "tests.bench.load", str(port), str(connections), str(per_second), *hosts]
    lines = "\n".join(json.dumps(asdict(shot)) for shot in shots)
    done = run(command, input=lines, capture_output=True, text=True, check=True)
    return Figures(*json.loads(done.stdout))


class Timetable:
    """Deals out so many numbers to threads, each with the time at which it is due, which it waits for. `per_second` 0:
    now."""

    def __init__(self, wanted: int, per_second: float) -> None:
        self._wanted, self._per_second = wanted, per_second
        self._next, self._began = count(), time.perf_counter()

    def __iter__(self) -> Iterator[tuple[int, float]]:
        while (n := next(self._next)) < self._wanted:
            due = self._began + n / self._per_second if self._per_second else time.perf_counter()
            time.sleep(max(0.0, due - time.perf_counter()))
            yield n, due


def side_by_side(works: Iterable[Callable[[], None]]) -> None:
    threads = [threading.Thread(target=work) for work in works]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def percentile(in_order: Sequence[float], percent: int) -> float:
    return in_order[len(in_order) * percent // 100]


class _Range:
    def __init__(self, port: int, shots: Sequence[Shot], per_second: float) -> None:
        self._port, self._shots = port, shots
        self._times = Timetable(len(shots), per_second)
        self.took: list[float] = []
        self.errors: list[int] = []

    def shoot(self, host: str) -> None:
        gun = Gun((host, self._port))
        for n, due in self._times:
            try:
                status, text = gun.fire(self._shots[n])
            except OSError:
                status, text = 0, b""
            if status != 200 or self._shots[n].holds.encode() not in text:
                self.errors.append(status)
            self.took.append((time.perf_counter() - due) * 1000)


class Gun:
    """One connection, kept. No more HTTP than the servers speak that are measured: it shares their cores."""

    def __init__(self, address: tuple[str, int]) -> None:
        self._address = address
        self._socket: socket.socket | None = None

    def fire(self, shot: Shot) -> tuple[int, bytes]:
        """Once more, where a connection that rested had been closed meanwhile."""
        body = shot.body.encode()
        headers = {"Host": HOST, "Content-Length": len(body), **shot.headers}
        lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
        asked = f"{shot.method} {shot.path} HTTP/1.1\r\n{lines}\r\n".encode() + body
        had_rested = self._socket is not None
        try:
            return self._ask(asked)
        except ConnectionError:
            if not had_rested:
                raise
            return self._ask(asked)

    def _ask(self, asked: bytes) -> tuple[int, bytes]:
        if self._socket is None:
            self._socket = socket.create_connection(self._address, timeout=TIMEOUT_S)
        try:
            self._socket.sendall(asked)
            return self._read(self._socket)
        except OSError:
            self._socket.close()
            self._socket = None
            raise

    def _read(self, connection: socket.socket) -> tuple[int, bytes]:
        received = b""
        while b"\r\n\r\n" not in received:
            received += self._more(connection)
        head, _, text = received.partition(b"\r\n\r\n")
        status, length = int(head[9:12]), _LENGTH.search(head)
        if status == 204:
            return status, b""
        if length is None:
            raise ConnectionError("no length")
        while len(text) < int(length[1]):
            text += self._more(connection)
        return status, text

    def _more(self, connection: socket.socket) -> bytes:
        received = connection.recv(65536)
        if not received:
            raise ConnectionError("closed")
        return received


def main() -> None:
    """`python -m tests.bench.load PORT CONNECTIONS RATE HOST...`, requests as JSON lines on stdin."""
    shots = [Shot(**json.loads(line)) for line in sys.stdin]
    target = _Range(int(sys.argv[1]), shots, float(sys.argv[3]))
    hosts = islice(cycle(sys.argv[4:]), int(sys.argv[2]))
    began = time.perf_counter()
    side_by_side(partial(target.shoot, host) for host in hosts)
    elapsed, took = time.perf_counter() - began, sorted(target.took)
    middle, high = percentile(took, 50), percentile(took, 99)
    print(json.dumps([len(took), len(target.errors), len(took) / elapsed, middle, high, took[-1]]))


if __name__ == "__main__":
    main()
