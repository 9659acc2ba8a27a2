"""A merchant's own server on a loopback port: keeps what is posted to it, answers as told."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from standardwebhooks import Webhook


@dataclass
class Receiver:
    url: str = ""
    answers: list[int] = field(default_factory=list)
    """One after the other; 204 when there is none left."""
    location: str | None = None
    posted: list[tuple[dict[str, str], bytes]] = field(default_factory=list)

    def verified(self, secret: str) -> list[dict[str, Any]]:
        """All that came, each verified as a receiver would. Raises WebhookVerificationError."""
        return [Webhook(secret).verify(body, headers) for headers, body in self.posted]

    @property
    def kinds(self) -> list[str]:
        return [json.loads(body)["type"] for _, body in self.posted]


@contextmanager
def receiving() -> Iterator[Receiver]:
    receiver = Receiver()

    class Server(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            receiver.posted.append((dict(self.headers.items()), body))
            self.send_response(receiver.answers.pop(0) if receiver.answers else 204)
            if receiver.location is not None:
                self.send_header("Location", receiver.location)
            self.end_headers()

        do_GET = do_POST  # noqa: N815

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Server)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    receiver.url = f"http://127.0.0.1:{server.server_port}/hooks"
    try:
        yield receiver
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
