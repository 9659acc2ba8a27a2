"""`/metrics` for Prometheus: how requests go in this process, how the service does by its database, and which alarms
ring. In production only for a scraper that bears TILL_METRICS_TOKEN; without that setting there is no such page."""

import hmac
import os
from collections.abc import Iterator
from functools import lru_cache

from flask import Blueprint, Flask, Response, abort, g, request
from prometheus_client import CONTENT_TYPE_LATEST, REGISTRY, CollectorRegistry, Histogram, generate_latest
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.registry import Collector

from bot import vitals
from bot.vitals import Vitals
from models.context import Environment, Runtime
from web.context import runtime, this_request
from web.services import settings

blueprint = Blueprint("metrics", __name__)

MULTIPROCESS_FOLDER = "PROMETHEUS_MULTIPROC_DIR"
"""The library's own setting: where several web processes of one machine keep their counts together."""
WEBHOOK_SECONDS = (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2, 5, 15)  # Twilio: 2 s is late, 15 s is lost

REQUESTS = Histogram(
    "till_request_seconds", "Answers by route and status", ("method", "rule", "status"), buckets=WEBHOOK_SECONDS
)


class VitalsCollector(Collector):
    """Reads the database at each scrape."""

    def __init__(self, runtime: Runtime) -> None:
        self._runtime = runtime

    def collect(self) -> Iterator[Metric]:
        with self._runtime.read() as ctx:
            found = vitals.read(ctx)
        yield from _gauges(found)
        ringing = vitals.ringing(found)
        alarms = GaugeMetricFamily("till_alarm", "1 while it rings", labels=["name"])
        for name in vitals.ALARMS:
            alarms.add_metric([name], float(name in ringing))
        yield alarms


def install(app: Flask) -> None:
    """Before web/logs.py, which then says first how long it took."""
    app.register_blueprint(blueprint)
    series = lru_cache(maxsize=4096)(REQUESTS.labels)

    @app.after_request
    def _observe(response: Response) -> Response:
        asked = this_request()
        series(asked.method, asked.url_rule.rule if asked.url_rule else "-", response.status_code).observe(g.took_s)
        return response


@blueprint.get("/metrics")
def metrics() -> Response:
    if not _may_scrape():
        abort(404)
    own = generate_latest(_process_registry())
    shared = CollectorRegistry()
    shared.register(VitalsCollector(runtime()))
    return Response(own + generate_latest(shared), content_type=CONTENT_TYPE_LATEST)


def _may_scrape() -> bool:
    token = settings().metrics_token
    if not token:
        return settings().environment is not Environment.PRODUCTION
    borne = request.headers.get("Authorization", "").removeprefix("Bearer ")
    return hmac.compare_digest(borne.encode(), token.get_secret_value().encode())


def _process_registry() -> CollectorRegistry:
    if MULTIPROCESS_FOLDER not in os.environ:
        return REGISTRY
    together = CollectorRegistry()
    MultiProcessCollector(together)  # type: ignore[no-untyped-call]
    return together


def _gauges(found: Vitals) -> Iterator[Metric]:
    numbers = {
        "messages_waiting": (found.waiting, "Messages that are due and not sent"),
        "messages_oldest_waiting_seconds": (found.oldest_waiting_s, "How long the oldest of them waits"),
        "messages_unconfirmed": (found.unconfirmed, "Messages that a vendor may or may not have"),
        "messages_failed_day": (found.failed_day, "Messages that failed within a day"),
        "texts_put_off": (found.texts_put_off, "Texts taken that wait for their turn"),
        "texts_put_off_oldest_seconds": (found.oldest_put_off_s, "How long the oldest of them waits"),
        "texts_put_aside": (found.texts_put_aside, "Texts that nobody could answer, for a person to look at"),
        "texts_day": (found.texts_day, "Texts made within a day"),
        "strangers_left_alone_day": (found.strangers_left_alone, "Texts of strangers beyond the limits, within a day"),
        "opt_outs_day": (found.opt_outs_day, "Opt-outs within a day"),
        "codes_hour": (found.codes_hour, "Codes asked for within an hour"),
        "codes_approved_hour": (found.codes_approved_hour, "Those of them that were typed in"),
        "jobs_failed": (found.jobs_failed, "Jobs given up, for a person to look at"),
        "payments_unknown_long": (found.payments_unknown_long, "Payments unknown for more than a day"),
    }
    for name, (value, words) in numbers.items():
        yield GaugeMetricFamily(f"till_{name}", words, value=value)
    payments = GaugeMetricFamily("till_payments_open", "Open payments by status", labels=["status"])
    for status, number in found.payments.items():
        payments.add_metric([status.value], number)
    yield payments
