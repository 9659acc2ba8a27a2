"""For operators and load balancers: alive, and able to serve."""

import sqlalchemy as sa
from flask import Blueprint

from web.context import runtime

blueprint = Blueprint("health", __name__)


@blueprint.get("/healthz")
def alive() -> dict[str, str]:
    return {"status": "ok"}


@blueprint.get("/readyz")
def ready() -> dict[str, str]:
    """503 through the error table when the database does not answer."""
    with runtime().read() as ctx:
        ctx.session.execute(sa.text("SELECT 1"))
    return {"status": "ok"}
