"""Everything that /api/v1 offers, and its document."""

from flask import Flask, Response, jsonify

from web.api import (
    cadences,
    customers,
    document,
    files,
    invoices,
    links,
    messages,
    money,
    payments,
    reminders,
    templates,
    webhooks,
)
from web.api.operations import blueprint
from web.context import runtime
from web.security import csrf

RESOURCES = (cadences, customers, files, invoices, links, messages, money, payments, reminders, templates, webhooks)


@blueprint.get("/openapi.json")
def openapi() -> Response:
    return jsonify(document.document(runtime().site.base_url))


def install(app: Flask) -> None:
    app.register_blueprint(blueprint)
    csrf.exempt(blueprint)  # a key in a header is sent by no browser on its own
