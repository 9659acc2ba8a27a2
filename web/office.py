"""The part of Till that no customer meets: the console and the API, a third of all code. A process that has served
neither has not loaded them, so its first answer comes sooner, and it is smaller (docs/decisions/0024)."""

import threading
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

from flask import Flask
from werkzeug.utils import import_string

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

PATHS = ("/console", "/api")
PARTS = ("web.api.surface", "web.console")
"""Modules, by their `install`."""


def install(app: Flask) -> None:
    for part in PARTS:
        import_string(f"{part}:install")(app)


class LateOffice:
    """Serves with `front` until somebody asks for the office; from then on with what `whole` makes, which holds both.
    Whoever asked first waits for it; others are served meanwhile."""

    def __init__(self, front: "WSGIApplication", whole: "Callable[[], WSGIApplication]") -> None:
        self._front, self._make = front, whole
        self._opening = threading.Lock()
        self._whole: WSGIApplication | None = None

    def __call__(self, environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        if not self.is_open and environ["PATH_INFO"].startswith(PATHS):
            self._open()
        return (self._whole or self._front)(environ, start_response)

    @property
    def is_open(self) -> bool:
        return self._whole is not None

    def _open(self) -> None:
        with self._opening:
            if not self.is_open:
                self._whole = self._make()
