"""Traces by OpenTelemetry, where OTEL_EXPORTER_OTLP_ENDPOINT is set: a span for each request, turn, job and call of a
vendor. Only words of ours become attributes: the libraries' own instruments would tell numbers, bodies and links."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from typing import Any, cast

from flask import Flask, Response, g, request
from opentelemetry import context, trace
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import SERVICE_NAME, Resource
from opentelemetry.sdk.trace import SpanProcessor, TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.trace import SpanKind, Status, StatusCode

from models.context import Ports, Runtime
from web import spans

METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
"""Any other is a word of whoever asks: "_OTHER", as the conventions have it."""
SMS_CALLS = frozenset({"send", "find"})
EMAIL_CALLS = frozenset({"send"})
GATEWAY_CALLS = frozenset({"start", "fetch", "cancel", "refund", "find_refund", "refunds_of", "forget"})
SERVER_ERROR = 500


class _Traced:
    """A port whose calls of a vendor are spans."""

    def __init__(self, port: object, name: str, calls: frozenset[str]) -> None:
        self._port, self._name, self._calls = port, name, calls

    def __getattr__(self, name: str) -> Any:
        member = getattr(self._port, name)
        return partial(self._call, name, member) if name in self._calls else member

    def _call(self, name: str, member: Any, *args: Any) -> Any:
        with spans.span(f"{self._name} {name}", vendor=self._name):
            return member(*args)


def to_collector() -> SpanProcessor:
    """Where the standard's own variables say, in the background."""
    return BatchSpanProcessor(OTLPSpanExporter())


def install(app: Flask, runtime: Runtime, processor: SpanProcessor) -> Runtime:
    """The same runtime, its vendors' calls seen."""
    provider = TracerProvider(resource=Resource.create({SERVICE_NAME: "till"}))
    provider.add_span_processor(processor)
    tracer = provider.get_tracer("till")
    spans.collect_by(partial(_opened, tracer))
    _trace_requests(app, tracer)
    return replace(runtime, ports=_traced(runtime.ports))


def _traced(ports: Ports) -> Ports:
    gateways = {name: _Traced(gateway, name, GATEWAY_CALLS) for name, gateway in ports.gateways.items()}
    sms, email = _Traced(ports.sms, "sms", SMS_CALLS), _Traced(ports.email, "email", EMAIL_CALLS)
    gateway = gateways.get(ports.gateway.name) or _Traced(ports.gateway, ports.gateway.name, GATEWAY_CALLS)
    return replace(ports, sms=cast(Any, sms), email=cast(Any, email), gateways=gateways, gateway=cast(Any, gateway))


@contextmanager
def _opened(tracer: trace.Tracer, name: str, attributes: Mapping[str, str]) -> Iterator[None]:
    """An error is told by its type: its words may quote an address or a body."""
    named = {f"till.{key}": value for key, value in attributes.items()}
    with tracer.start_as_current_span(
        name, attributes=named, record_exception=False, set_status_on_exception=False
    ) as one:
        try:
            yield
        except Exception as error:
            one.set_status(Status(StatusCode.ERROR, type(error).__name__))
            raise


def _trace_requests(app: Flask, tracer: trace.Tracer) -> None:
    """Named by the route's pattern, never by its path, since paths carry tokens."""

    @app.before_request
    def _begin() -> None:
        method = request.method if request.method in METHODS else "_OTHER"
        rule = request.url_rule.rule if request.url_rule else "-"
        attributes = {"http.request.method": method, "http.route": rule}
        one = tracer.start_span(f"{method} {rule}", kind=SpanKind.SERVER, attributes=attributes)
        g.span, g.outer_span = one, context.attach(trace.set_span_in_context(one))

    @app.after_request
    def _tell(response: Response) -> Response:
        if "span" in g:
            g.span.set_attribute("http.response.status_code", response.status_code)
            if response.status_code >= SERVER_ERROR:
                g.span.set_status(Status(StatusCode.ERROR))
        return response

    @app.teardown_request
    def _end(_error: BaseException | None) -> None:
        if "span" in g:
            context.detach(g.outer_span)
            g.span.end()
