"""Whose invoices these are: an owner answers for it once, and nothing is texted to customers first before that."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from flask import Blueprint, Response, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from models.context import Context
from models.merchant import ATTESTATION, Merchant
from web import attesting
from web.console import audit, frame
from web.console.frame import ConsolePage, Problems, done, parts
from web.console.visitor import visitor
from web.context import reads, writes

blueprint = Blueprint("console_attesting", __name__, url_prefix="/console/settings/own-invoices")


@dataclass(frozen=True, slots=True, kw_only=True)
class AttestingPage(ConsolePage):
    template: ClassVar[str] = "web/console/settings_own_invoices.html"
    section: ClassVar[str] = "settings"
    merchant: Merchant
    sentences: Sequence[str]
    """As they were agreed to, or are now."""
    version: int = ATTESTATION


@blueprint.get("")
@reads
def show(ctx: Context) -> Response:
    return _page(ctx.session.get_one(Merchant, visitor().merchant.id))


@blueprint.post("")
@writes
def save(ctx: Context) -> AnyResponse:
    """Who and when stay those of the first press."""
    merchant = ctx.session.get_one(Merchant, visitor().merchant.id, with_for_update=True)
    if merchant.is_attested:
        return _page(merchant, 409)
    if "confirm" not in request.form:
        return _page(merchant, 422, {"confirm": "confirm_missing"})
    if request.form.get("version") != str(ATTESTATION):
        return _page(merchant, 422, {"confirm": "words_changed"})
    who = visitor().member
    merchant.attest(f"{who.name} <{who.email}>"[:120], ctx.clock.now())
    audit.record(ctx, "merchant.attested", merchant, label=merchant.name, after=attesting.facts(merchant))
    return done("saved", url_for("console_attesting.show"))


def _page(merchant: Merchant, status: int = 200, problems: Problems | None = None) -> Response:
    sentences = attesting.words(merchant.attested_version or ATTESTATION)
    page = AttestingPage(**parts(), merchant=merchant, sentences=sentences, problems=problems or {})
    return frame.show(page, status)
