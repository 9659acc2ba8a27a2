"""`/r/<token>`, which reminders carry: whose door it is, and a button that emails a code to the address on file. It
shows no name, no invoice and no amount; a look at it changes nothing."""

import sqlalchemy as sa
from flask import Blueprint, redirect, url_for
from werkzeug.wrappers import Response as BaseResponse

from bot import reminder_links, verifying
from models import limits
from models.context import Context
from models.customer import Channel, ContactPoint
from models.merchant import Merchant
from web import auth, framing, security
from web.context import reads, writes
from web.pages import GatePage
from web.security import client_network

blueprint = Blueprint("reminder_links", __name__, url_prefix="/r")
security.bind_forms_to_link(blueprint)


@blueprint.get("/<token>")
@reads
def show(ctx: Context, token: str) -> BaseResponse:
    link = reminder_links.find(ctx, token)
    merchant = ctx.session.get_one(Merchant, link.merchant_id)
    if auth.visitor(merchant) is not None:
        return redirect(url_for("portal.home", slug=merchant.slug), 303)
    if not reminder_links.is_alive(ctx, link):
        return redirect(url_for("portal.home", slug=merchant.slug, over=1), 303)
    page = GatePage(frame=framing.frame(merchant), action=url_for("reminder_links.ask", token=token))
    return framing.show(page)


@blueprint.post("/<token>")
@writes
def ask(ctx: Context, token: str) -> BaseResponse:
    """A code to the email on file, wherever that is: the page that follows does not say."""
    link = reminder_links.find(ctx, token)
    merchant = ctx.session.get_one(Merchant, link.merchant_id)
    if not reminder_links.is_alive(ctx, link):
        return redirect(url_for("portal.home", slug=merchant.slug, over=1), 303)
    browser = auth.browser_id() or auth.new_browser_id()
    if limits.hit(ctx.session, limits.CODES_PER_BROWSER_NETWORK, client_network(), ctx.clock.now()):
        email = _email_of(ctx, link.customer_id)
        verifying.start(ctx, merchant, auth.asker(merchant, browser), email, is_hidden=True)
    response = redirect(url_for("portal.code", slug=merchant.slug), 303)
    auth.keep(response, auth.BROWSER_COOKIE, browser)
    return response


def _email_of(ctx: Context, customer_id: int) -> str:
    """Empty, and so nobody's, where none is on file: the visitor learns nothing from that."""
    on_file = (
        sa.select(ContactPoint.address)
        .where(
            ContactPoint.customer_id == customer_id,
            ContactPoint.channel == Channel.EMAIL,
            ContactPoint.bad_since_at.is_(None),
        )
        .order_by(ContactPoint.is_primary.desc(), ContactPoint.id)
    )
    return ctx.session.scalars(on_file.limit(1)).first() or ""
