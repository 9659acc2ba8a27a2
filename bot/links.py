"""Puts the real link where a stored text says `{link}`. Rows keep the placeholder, so a dump of them opens nothing."""

from models.context import Context
from models.paylink import PayLink
from models.payment import Payment
from payments.links import receipt_url, url


def fill(ctx: Context, body: str, pay_link_id: int | None, payment_id: int | None) -> str:
    """`body` with its link in place. The same rows give the same link every time."""
    if pay_link_id is not None:
        return body.replace("{link}", url(ctx, ctx.session.get_one(PayLink, pay_link_id)))
    if payment_id is not None:
        return body.replace("{link}", receipt_url(ctx, ctx.session.get_one(Payment, payment_id)))
    return body
