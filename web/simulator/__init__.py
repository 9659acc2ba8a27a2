"""The simulator: a customer's phone and mailbox, a clock and a few mishaps, in the browser. It exists only in the demo
and in development, only when every provider is the sandbox, and only for this machine."""

from flask import Flask

from models.context import Environment
from web import security
from web.config import Settings
from web.simulator import feed, members, pages, programs, wording

ENVIRONMENTS = frozenset({Environment.DEMO, Environment.DEVELOPMENT})
PROVIDERS = 3


def install(app: Flask, settings: Settings) -> None:
    """Call last: what it adds to `app` is nothing at all where it must not exist."""
    if settings.environment not in ENVIRONMENTS or len(settings.sandboxes) < PROVIDERS:
        return
    app.extensions["till.simulator"] = feed.Stage()
    app.jinja_env.filters.update(wording.FILTERS)
    app.after_request(feed.record)
    app.register_blueprint(members.blueprint)
    app.register_blueprint(pages.blueprint)
    app.register_blueprint(programs.blueprint)
    # Scripts and terminals hold no cookie whose authority a token could protect. Browsers are kept out by their Origin
    # (security.refuse_foreign_origin), others by the loopback check, and all there is to win is the sandbox.
    security.csrf.exempt(programs.blueprint)
