"""Who stands at a merchant's portal: the merchant by its slug, the customer by the session. Everything that only its
owner may see asks here first, and whoever is nobody goes to the door."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from typing import Concatenate, ParamSpec

from flask import abort, redirect, url_for
from werkzeug.wrappers import Response as BaseResponse

from models.context import Context
from models.customer import Customer
from models.merchant import Merchant
from models.session import WebSession
from web import auth, framing
from web.pages import Frame
from web.services import directory

P = ParamSpec("P")


@dataclass(frozen=True, slots=True)
class Guest:
    """A customer who has proven an address at this merchant."""

    merchant: Merchant
    session: WebSession

    @property
    def home_url(self) -> str:
        return url_for("portal.home", slug=self.merchant.slug)

    def customer(self, ctx: Context) -> Customer:
        return ctx.session.get_one(Customer, self.session.customer_id)

    def frame(self, customer: Customer) -> Frame:
        sign_out = url_for("portal.sign_out", slug=self.merchant.slug)
        return framing.frame(self.merchant, prefers=customer.locale, sign_out_action=sign_out)


def merchant_of(slug: str) -> Merchant:
    found = directory().by_slug(slug)
    if found is None:
        abort(404)
    return found


def to_door(slug: str) -> BaseResponse:
    return redirect(url_for("portal.home", slug=slug), 303)


def for_guests(view: Callable[Concatenate[Guest, P], BaseResponse]) -> Callable[..., BaseResponse]:
    """Give the view the Guest instead of the slug; anyone else is sent to sign in."""

    @wraps(view)
    def run(slug: str, *args: P.args, **kwargs: P.kwargs) -> BaseResponse:
        merchant = merchant_of(slug)
        session = auth.visitor(merchant)
        return view(Guest(merchant, session), *args, **kwargs) if session is not None else to_door(slug)

    return run
