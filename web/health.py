"""For operators and load balancers: alive, and able to serve."""

from collections.abc import Iterable
from typing import TYPE_CHECKING

import sqlalchemy as sa
from flask import Blueprint

from web.context import runtime

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

blueprint = Blueprint("health", __name__)

PROBES = frozenset({"/healthz", "/readyz", "/metrics"})


class Probed:
    """Balancers, containers and scrapers know a process by its address: what they ask for is served as if they named
    the site. No other page is served under another name."""

    def __init__(self, served: "WSGIApplication", host: str) -> None:
        self._served, self._host = served, host

    def __call__(self, environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        if environ["PATH_INFO"] in PROBES:
            environ["HTTP_HOST"] = self._host
        return self._served(environ, start_response)


@blueprint.get("/healthz")
def alive() -> dict[str, str]:
    return {"status": "ok"}


@blueprint.get("/readyz")
def ready() -> dict[str, str]:
    """503 through the error table when the database does not answer."""
    with runtime().read() as ctx:
        ctx.session.execute(sa.text("SELECT 1"))
    return {"status": "ok"}
