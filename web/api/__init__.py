"""/api/v1: the same rows for merchants' programs, by key, as JSON. Every operation is declared with `operations`."""

from flask import Flask, Response, current_app, jsonify

from web.api import customers, document, invoices, links, messages, payments, webhooks
from web.api.operations import blueprint
from web.context import runtime
from web.security import csrf

RESOURCES = (customers, invoices, links, messages, payments, webhooks)


@blueprint.get("/openapi.json")
def openapi() -> Response:
    return jsonify(document.document(current_app, runtime().site.base_url))


def install(app: Flask) -> None:
    app.register_blueprint(blueprint)
    csrf.exempt(blueprint)  # a key in a header is sent by no browser on its own
