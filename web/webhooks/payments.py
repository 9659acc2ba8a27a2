"""What the payment providers tell us, in any order and any number of times. Each event is settled and announced in one
transaction before it is acknowledged."""

from flask import Blueprint, abort, g, request

from models.gateway import GatewayEvent
from payments import settle
from web.announcing import announce
from web.context import retrying, runtime
from web.webhooks import webhook_request

blueprint = Blueprint("payment_webhooks", __name__, url_prefix="/webhooks")

MAX_BODY = 256 * 1024  # a Stripe event with its object is 20 kB at most


@blueprint.post("/bank")
def bank() -> tuple[str, int]:
    return _take("sandbox")


@blueprint.post("/stripe")
def stripe() -> tuple[str, int]:
    return _take("stripe")


def _take(provider: str) -> tuple[str, int]:
    gateway = runtime().ports.gateways.get(provider)
    if gateway is None:
        abort(404)
    request.max_content_length = MAX_BODY
    event = gateway.parse_event(webhook_request())
    g.outcome = event.kind.value if event is not None else "ignored"
    if event is not None:
        retrying(lambda: _settle(provider, event))
    return "", 204


def _settle(provider: str, event: GatewayEvent) -> None:
    """An event about no payment of ours is taken, too: sent again, it would still be about none."""
    if settle.record(runtime(), provider, event, announce) is None:
        g.outcome = "not ours"
