"""A load generator: C connections that post prepared requests as fast as they are answered, in a process of its own."""

import http.client
import json
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Figures:
    """Times in milliseconds, throughput in requests a second."""

    requests: int
    errors: int
    per_second: float
    p50: float
    p99: float


def run(port: int, path: str, requests: Iterator[tuple[str, str]], connections: int) -> Figures:
    """Post every (body, signature) once and time each answer."""
    took: list[float] = []
    errors: list[int] = []
    lock = threading.Lock()

    def one_connection() -> None:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
        while True:
            with lock:
                prepared = next(requests, None)
            if prepared is None:
                break
            body, signature = prepared
            headers = {"Content-Type": "application/x-www-form-urlencoded", "X-Twilio-Signature": signature}
            started = time.perf_counter()
            connection.request("POST", path, body, headers)
            answer = connection.getresponse()
            text = answer.read()
            took.append((time.perf_counter() - started) * 1000)
            if answer.status != 200 or b"<Message" not in text:
                errors.append(answer.status)

    threads = [threading.Thread(target=one_connection) for _ in range(connections)]
    began = time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    elapsed = time.perf_counter() - began
    took.sort()
    return Figures(len(took), len(errors), len(took) / elapsed, took[len(took) // 2], took[int(len(took) * 0.99)])


def main() -> None:
    """`python -m tests.bench.load PORT PATH CONNECTIONS`, prepared requests as JSON lines on stdin."""
    prepared = [tuple(json.loads(line)) for line in sys.stdin]
    figures = run(int(sys.argv[1]), sys.argv[2], iter(prepared), int(sys.argv[3]))
    print(json.dumps([figures.requests, figures.errors, figures.per_second, figures.p50, figures.p99]))


if __name__ == "__main__":
    main()
