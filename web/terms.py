"""A merchant's terms: shown to anyone, and recorded when they are accepted: which words, by whom, when, from where."""

import re

import sqlalchemy as sa
from flask import Blueprint, Response, abort, request

from models.context import Context
from models.inserting import insert
from models.merchant import Merchant
from models.terms import ADDRESS_CHARS, TermsAcceptance, TermsText
from web import framing
from web.checkout_pages import TermsPage
from web.portal_visits import merchant_of

blueprint = Blueprint("terms", __name__, url_prefix="/m/<slug>/terms")


@blueprint.get("")
def show(slug: str) -> Response:
    merchant = merchant_of(slug)
    if not merchant.terms:
        abort(404)
    paragraphs = [part.strip() for part in re.split(r"\n\s*\n", merchant.terms) if part.strip()]
    page = TermsPage(frame=framing.frame(merchant), version=merchant.terms_version, paragraphs=paragraphs)
    return framing.show(page)


def record(ctx: Context, merchant: Merchant, customer_id: int, *, pay_link_id: int | None = None) -> None:
    """The visitor has ticked the merchant's present terms."""
    _keep_text(ctx, merchant)
    ctx.session.add(
        TermsAcceptance(
            merchant_id=merchant.id,
            version=merchant.terms_version,
            customer_id=customer_id,
            pay_link_id=pay_link_id,
            ip_address=(request.remote_addr or "")[:ADDRESS_CHARS],
            accepted_at=ctx.clock.now(),
        )
    )


def _keep_text(ctx: Context, merchant: Merchant) -> None:
    """Once for each version: merchants rewrite their terms, and what was accepted must stay readable."""
    version = {"merchant_id": merchant.id, "version": merchant.terms_version}
    kept = insert(ctx.session, TermsText).values(**version, text=merchant.terms, created_at=ctx.clock.now())
    ctx.session.execute(kept.on_conflict_do_nothing())


def accepted_text(ctx: Context, acceptance: TermsAcceptance) -> str:
    """The very words, whatever the terms say today."""
    mine = (TermsText.merchant_id == acceptance.merchant_id) & (TermsText.version == acceptance.version)
    return ctx.session.scalars(sa.select(TermsText.text).where(mine)).one()
