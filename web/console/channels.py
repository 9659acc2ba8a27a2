"""Where a merchant sets up how it is reached: number, texting account, WhatsApp, the doors of its mail. Secrets are set
here and shown nowhere; the one that we draw for a door is shown once."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from flask import Blueprint, Response, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from models.context import Context
from models.merchant import Merchant
from models.walls import ALL_MERCHANTS
from web import connecting
from web.console import audit, frame
from web.console.frame import ConsolePage, done, parts
from web.console.visitor import visitor
from web.context import reads, runtime, writes
from web.services import directory

blueprint = Blueprint("console_channels", __name__, url_prefix="/console/settings/connections/set-up")

TYPED = tuple(name for name in connecting.READERS if name not in connecting.DRAWN.values())
SECRETS = tuple(name for name in TYPED if name in connecting.HIDDEN)
LONGEST = 4_000


@dataclass(frozen=True, slots=True, kw_only=True)
class ChannelsPage(ConsolePage):
    """`fresh`: the address of a door that was just drawn, and whose. It is on no other page."""

    template: ClassVar[str] = "web/console/channels.html"
    section: ClassVar[str] = "settings"
    kept: Mapping[str, str]
    fields: Mapping[str, str]
    merchant: Merchant
    base_url: str
    fresh: tuple[str, str, str] | None = None
    """The door, its address, and its secret where that travels in a header."""


@blueprint.get("")
@reads
def show(ctx: Context) -> Response:
    return _page(ctx, _merchant(ctx))


@blueprint.post("")
@writes
def save(ctx: Context) -> AnyResponse:
    merchant, form = _merchant(ctx, lock=True), request.form
    typed: dict[str, str | None] = {}
    for name in TYPED:
        text = form.get(name, "")[:LONGEST]
        if text.strip() or f"remove_{name}" in form or (name in form and name not in SECRETS):
            typed[name] = text if text.strip() else None
    before = connecting.told(merchant)
    with runtime().of(ALL_MERCHANTS).read() as everybody:
        problems = connecting.change(everybody, merchant, typed, of_its_own=True)
    if problems:
        return _page(ctx, merchant, problems, {name: text or "" for name, text in typed.items()})
    _record(ctx, merchant, before, [name for name in SECRETS if typed.get(name)])
    return done("saved", url_for("console_channels.show"))


@blueprint.post("/door")
@writes
def draw(ctx: Context) -> Response:
    """A new secret for one provider of mail. What it had before is refused from now on."""
    merchant, vendor = _merchant(ctx, lock=True), request.form.get("vendor", "")
    before = connecting.told(merchant)
    secret = connecting.draw(merchant, vendor)
    _record(ctx, merchant, before, [connecting.DRAWN[vendor]])
    url = connecting.door_url(ctx.site.base_url, merchant, vendor, secret)
    return _page(ctx, merchant, fresh=(vendor, url, secret if vendor == "mime" else ""))


@blueprint.get("/door")
@reads
def ask_draw(ctx: Context) -> Response:
    """Where the second factor leads back to."""
    return _page(ctx, _merchant(ctx))


def _page(
    ctx: Context,
    merchant: Merchant,
    problems: Mapping[str, str] | None = None,
    typed: Mapping[str, str] | None = None,
    fresh: tuple[str, str, str] | None = None,
) -> Response:
    kept = connecting.told(merchant)
    fields = {**kept, **(typed or {})} | dict.fromkeys(SECRETS, "")
    page = ChannelsPage(
        **parts(),
        problems=problems or {},
        kept=kept,
        fields=fields,
        merchant=merchant,
        base_url=ctx.site.base_url,
        fresh=fresh,
    )
    return frame.show(page, 422 if problems else 200)


def _record(ctx: Context, merchant: Merchant, before: Mapping[str, str], renewed: list[str]) -> None:
    after = connecting.told(merchant) | dict.fromkeys(renewed, "new")
    was, now = audit.changes(dict(before), after)
    audit.record(ctx, "settings.channels_changed", merchant, label=merchant.name, before=was, after=now)
    directory().forget()


def _merchant(ctx: Context, *, lock: bool = False) -> Merchant:
    return ctx.session.get_one(Merchant, visitor().merchant.id, with_for_update=lock or None)
