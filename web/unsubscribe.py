"""The way out of a merchant's emails: GET asks, POST acts. A mail program posts by itself (RFC 8058), without a cookie:
the token in the address is the whole permission, so nothing else is asked for."""

from flask import Blueprint, Response, redirect, request, url_for
from werkzeug.wrappers import Response as BaseResponse

from bot import unsubscribing
from models.context import Context
from models.customer import ContactPoint, Customer
from models.merchant import Merchant
from web import framing
from web.context import reads, writes
from web.outcome_pages import UnsubscribePage

blueprint = Blueprint("unsubscribe", __name__, url_prefix="/u")

ONE_CLICK = "One-Click"  # RFC 8058 3.1


@blueprint.get("/<token>")
@reads
def show(ctx: Context, token: str) -> Response:
    point = unsubscribing.find(ctx, token)
    return framing.show(
        UnsubscribePage(
            frame=framing.frame(ctx.session.get_one(Merchant, point.merchant_id), prefers=_language(ctx, point)),
            action=url_for("unsubscribe.act", token=token),
            done=unsubscribing.is_done(ctx, point),
        )
    )


@blueprint.post("/<token>")
@writes
def act(ctx: Context, token: str) -> BaseResponse:
    unsubscribing.unsubscribe(ctx, token)
    if request.form.get("List-Unsubscribe") == ONE_CLICK:
        return Response("", 200, content_type="text/plain")
    return redirect(url_for("unsubscribe.show", token=token), 303)


def _language(ctx: Context, point: ContactPoint) -> str:
    return ctx.session.get_one(Customer, point.customer_id).locale
