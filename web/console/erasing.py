"""Erasing a customer for good: says first what goes, what stays and what is still open. Only an owner's, with a fresh
code."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from flask import Blueprint, Response, url_for
from werkzeug.wrappers import Response as AnyResponse

from bot import erasing
from bot.erasing import Erased, ErasureRefused, Obstacle
from models.context import Context
from models.customer import Customer
from web.console import audit, frame
from web.console.access import mine
from web.console.frame import ConsolePage, done, parts, unchanged
from web.context import reads, retrying, runtime

blueprint = Blueprint("console_erasing", __name__, url_prefix="/console/customers")


@dataclass(frozen=True, slots=True, kw_only=True)
class ErasePage(ConsolePage):
    template: ClassVar[str] = "web/console/customer_erase.html"
    section: ClassVar[str] = "customers"
    customer: Customer
    obstacles: Sequence[Obstacle]


@blueprint.get("/<public_id>/erase")
@reads
def ask(ctx: Context, public_id: str) -> AnyResponse:
    customer = mine(ctx, Customer, public_id)
    if customer.erased_at is not None:
        return unchanged("erased_before", _here(public_id), customer.name)
    return _page(ctx, customer)


@blueprint.post("/<public_id>/erase")
def erase(public_id: str) -> AnyResponse:
    """No transaction is open while the providers of saved accounts are asked."""
    customer_id = _find(public_id)
    try:
        erased = retrying(lambda: erasing.erase(runtime(), customer_id, _record))
    except ErasureRefused:
        return _refused(public_id)
    if erased.before:
        return unchanged("erased_before", _here(public_id), erased.pseudonym)
    return done("erased", _here(public_id), erased.pseudonym)


def _record(ctx: Context, customer: Customer, erased: Erased) -> None:
    audit.record(ctx, "customer.erased", customer, label=erased.pseudonym, after={"messages": erased.messages})


@reads
def _find(ctx: Context, public_id: str) -> int:
    return mine(ctx, Customer, public_id).id


@reads
def _refused(ctx: Context, public_id: str) -> Response:
    return _page(ctx, mine(ctx, Customer, public_id), 409)


def _page(ctx: Context, customer: Customer, status: int = 200) -> Response:
    shown = ErasePage(**parts(), customer=customer, obstacles=erasing.obstacles(ctx, customer))
    return frame.show(shown, status)


def _here(public_id: str) -> str:
    return url_for("console_customers.show", public_id=public_id)
