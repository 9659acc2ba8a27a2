"""The web application, put together. `wsgi.py` calls this; tests call it with their own assembly."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import jinja2
from flask import Blueprint, Flask
from werkzeug.utils import import_string

from bot import put_off
from models.gathering import Gathering
from web import (
    brand,
    cli,
    custom,
    doors,
    errors,
    health,
    logs,
    metrics,
    office,
    pay,
    portal,
    portal_papers,
    portal_saved,
    portal_share,
    receipts,
    reminder_links,
    security,
    templating,
    terms,
    unsubscribe,
)
from web.assembly import Assembly, assemble
from web.config import Settings, load
from web.crowd import Crowd, nobody
from web.routes import LateRule
from web.warming import Warming
from web.webhooks import email, payments, sms

WEBHOOKS: tuple[Blueprint, ...] = (sms.blueprint, email.blueprint, payments.blueprint)
PAGES: tuple[Blueprint, ...] = (
    *(health.blueprint, brand.blueprint, unsubscribe.blueprint, reminder_links.blueprint),
    *(portal.blueprint, portal_papers.blueprint, portal_share.blueprint, terms.blueprint, custom.blueprint),
    *(portal_saved.blueprint, pay.blueprint, receipts.blueprint),
)


class Till(Flask):
    """Flask, which asks at each call of each view and hook whether it is a coroutine: none of ours is."""

    def ensure_sync(self, func: Callable[..., Any]) -> Callable[..., Any]:
        return func


def create_app(
    settings: Settings | None = None, assembly: Assembly | None = None, *, late_office: bool = False
) -> Flask:
    """`late_office`: web/office.py joins when it is first asked for, unless the sandbox or a collector of traces wants
    to see all from the start. Raises SettingsError when a setting is missing or unsafe."""
    logs.configure()
    settings = settings or load()
    assembly = assembly or assemble(settings)
    app = Till("till", static_folder=None)
    app.url_rule_class = LateRule
    app.jinja_loader = jinja2.FileSystemLoader(templating.TEMPLATE_FOLDER)
    if settings.traces_endpoint is not None:
        tracing = import_string("web.tracing")  # a second of start-up, for those who collect traces
        assembly = replace(assembly, runtime=tracing.install(app, assembly.runtime, tracing.to_collector()))
    app.extensions["till"] = assembly.runtime
    app.extensions["till.settings"] = settings
    app.extensions["till.assembly"] = assembly
    app.extensions["till.crowd"] = Crowd(nobody)
    app.extensions["till.keeping"] = Gathering(lambda texts: put_off.keep_together(app.extensions["till"], texts))
    templating.configure(app.jinja_env)
    metrics.install(app)
    logs.install(app)
    security.install(app, settings)
    errors.install(app)
    doors.install(app)
    for blueprint in WEBHOOKS:
        app.register_blueprint(blueprint)
        security.csrf.exempt(blueprint)  # their senders sign; they hold no cookie of ours
    for blueprint in PAGES:
        app.register_blueprint(blueprint)
    security.csrf.exempt(unsubscribe.blueprint)  # mail programs press it, and the token is the permission
    if settings.payments == "sandbox":
        app.register_blueprint(import_string("web.bank:blueprint"))
    app.wsgi_app = health.Probed(app.wsgi_app, settings.host)  # type: ignore[method-assign]
    if late_office and not settings.sandboxes and settings.traces_endpoint is None:
        app.wsgi_app = office.LateOffice(app.wsgi_app, lambda: create_app(settings, assembly).wsgi_app)  # type: ignore[method-assign]
    else:
        office.install(app)
    if settings.sandboxes:
        import_string("web.simulator:install")(app, settings)
    cli.install(app)
    return app


def start(app: Flask, waiting: Callable[[], int] = nobody, once_warm: Callable[[], None] = lambda: None) -> None:
    """Begin the work that goes on beside requests: for a process that serves, after it has forked. `waiting`: how many
    requests wait for a thread of it; `once_warm`: called when nothing is left to be loaded beside them."""
    assembly: Assembly = app.extensions["till.assembly"]
    settings: Settings = app.extensions["till.settings"]
    if settings.put_off and not assembly.runtime.database.is_sqlite:
        app.extensions["till.crowd"] = Crowd(waiting)
    if assembly.sandbox is not None:
        assembly.sandbox.start()
    beside = Warming(app, assembly.runtime, settings, once_warm)
    app.extensions["till.warming"] = beside
    beside.start()


def stop(app: Flask) -> None:
    """Let running jobs finish."""
    beside: Warming | None = app.extensions.get("till.warming")
    if beside is not None:
        beside.stop()
