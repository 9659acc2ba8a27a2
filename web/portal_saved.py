"""The bank accounts and cards that a customer has kept for next time: what people know them by, and a way to be rid of
them. Nothing that anybody could pay with is shown, or known here."""

from flask import Blueprint, redirect, url_for
from werkzeug.wrappers import Response as BaseResponse

from payments import accounts
from web import framing
from web.context import runtime
from web.pages import MethodKind, MethodUsed
from web.paper_pages import SavedLine, SavedPage
from web.portal_visits import Guest, for_guests

blueprint = Blueprint("saved", __name__, url_prefix="/m/<slug>/saved")


@blueprint.get("")
@for_guests
def show(guest: Guest) -> BaseResponse:
    with runtime().read() as ctx:
        customer = guest.customer(ctx)
        kept = [
            SavedLine(
                method=MethodUsed(kind=MethodKind(one.method.value), name=one.name, ending=one.last4),
                remove_action=url_for("saved.remove", slug=guest.merchant.slug, public_id=one.public_id),
            )
            for one in accounts.of(ctx, customer.id)
        ]
        return framing.show(SavedPage(frame=guest.frame(customer), lines=kept, back_url=guest.home_url))


@blueprint.post("/<public_id>/remove")
@for_guests
def remove(guest: Guest, public_id: str) -> BaseResponse:
    accounts.remove(runtime(), guest.session.customer_id, public_id)
    return redirect(url_for("saved.show", slug=guest.merchant.slug), 303)
