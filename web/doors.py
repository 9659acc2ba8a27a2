"""Whose rows a request may see on PostgreSQL (models/walls.py), by the door that it comes through. What no line here
lets in sees nobody's."""

from flask import Flask, g

from models.walls import ALL_MERCHANTS
from web.context import this_request
from web.services import directory

ACROSS = frozenset(
    {
        *("api", "brand", "pay", "receipts", "reminder_links", "unsubscribe"),
        *("payment_webhooks", "metrics"),
        *("bank", "simulator", "simulator_members", "simulator_programs"),
    }
)
"""Doors where a key, a token, an event or an email tells whose it is; from there on most turn to that merchant."""


def install(app: Flask) -> None:
    app.before_request(_say_whose)


def _say_whose() -> None:
    asked = this_request()
    slug = (asked.view_args or {}).get("slug")
    if asked.blueprint in ACROSS:
        g.whose = ALL_MERCHANTS
    elif slug is not None and (merchant := directory().by_slug(slug)) is not None:
        g.whose = merchant.id
