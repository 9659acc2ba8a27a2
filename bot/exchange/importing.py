"""Carries a plan out: everything in the caller's one transaction, or, with a single line in trouble, nothing."""

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa

from bot import optouts
from bot.exchange import planning
from bot.exchange.planning import Grown, Parsed, Plan
from bot.exchange.whom import Wanted
from models import customer_word
from models.base import new_public_id
from models.consent import GIVEN_BY_CHARS, Consent, ConsentAct
from models.context import Context
from models.customer import Channel, ContactPoint, Customer
from models.errors import DomainError
from models.invoice import Invoice, InvoiceStatus
from models.merchant import Merchant, Mode
from payments import drafting, ledger

SOURCE = "import"
CHUNK = 500
WORDINGS = {Channel.SMS: "text_consent: yes", Channel.EMAIL: "email_consent: yes"}
"""All that a file shows of what its customers agreed to: that column, with that word."""


class Refused(DomainError):
    """`plan.troubles` says which lines."""

    def __init__(self, plan: Plan) -> None:
        super().__init__("file_has_errors")
        self.plan = plan


def run(
    ctx: Context, merchant: Merchant, mode: Mode, parsed: Parsed, grown: Grown = lambda _: None, given_by: str = SOURCE
) -> Plan:
    """Raises Refused."""
    planned = planning.plan(ctx, merchant, mode, parsed)
    if planned.troubles:
        raise Refused(planned)
    carry_out(ctx, merchant, mode, planned, grown, given_by)
    return planned


def carry_out(
    ctx: Context, merchant: Merchant, mode: Mode, planned: Plan, grown: Grown = lambda _: None, given_by: str = SOURCE
) -> None:
    """A plan without troubles, made in this same transaction. Tells no webhook: a file is not fifty thousand events.
    `given_by`: who states the consents, and in which file."""
    ids = _customers(ctx, merchant, mode, planned.customers)
    _consents(ctx, merchant, mode, planned, given_by)
    _new_invoices(ctx, merchant, mode, planned, ids, grown)
    for line, invoice in planned.changed_invoices:
        total = line.total if line.total != invoice.total else None
        drafting.edit(ctx, invoice, due_on=line.due_on, description=line.description, total=total)


def _customers(ctx: Context, merchant: Merchant, mode: Mode, wanted: Sequence[Wanted]) -> dict[Wanted, int]:
    """The customers' keys."""
    fresh = [one for one in wanted if one.customer_id is None]
    rows = [_customer_row(ctx, merchant, mode, one) for one in fresh]
    inserted = sa.insert(Customer).returning(Customer.id, sort_by_parameter_order=True)
    made = list(ctx.session.scalars(inserted, rows)) if rows else []
    ids = dict(zip(fresh, made, strict=True))
    customer_word.enter(ctx.session, ((merchant.id, key, row["name"]) for key, row in zip(made, rows, strict=True)))
    for one in wanted:
        if one.customer_id is not None:
            ids[one] = one.customer_id
            _update(ctx, one)
    points = [point for one in wanted for point in _points(ctx, merchant, mode, one, ids[one])]
    if points:
        ctx.session.execute(sa.insert(ContactPoint), points)
    return ids


def _customer_row(ctx: Context, merchant: Merchant, mode: Mode, one: Wanted) -> dict[str, Any]:
    return {
        "public_id": new_public_id(),
        "merchant_id": merchant.id,
        "mode": mode,
        "reference": one.line.reference,
        "name": one.line.name or one.line.reference,
        "locale": one.line.locale or merchant.locale,
        "postal_code": one.line.postal_code,
        "created_at": ctx.clock.now(),
    }


def _update(ctx: Context, one: Wanted) -> None:
    customer = ctx.session.get_one(Customer, one.customer_id)
    for name in ("name", "locale", "reference", "postal_code"):
        if told := getattr(one.line, name):
            setattr(customer, name, told)


def _points(ctx: Context, merchant: Merchant, mode: Mode, one: Wanted, customer_id: int) -> list[dict[str, Any]]:
    of_channels = sa.select(ContactPoint.channel).where(ContactPoint.customer_id == customer_id)
    has_primary = set(ctx.session.scalars(of_channels)) if one.customer_id is not None else set()
    points = []
    for channel, address in one.new_addresses:
        points.append(
            {
                "public_id": new_public_id(),
                "merchant_id": merchant.id,
                "customer_id": customer_id,
                "mode": mode,
                "channel": channel,
                "address": address,
                "is_primary": channel not in has_primary,
                "created_at": ctx.clock.now(),
            }
        )
        has_primary.add(channel)
    return points


def _consents(ctx: Context, merchant: Merchant, mode: Mode, planned: Plan, given_by: str) -> None:
    if mode is not Mode.LIVE:
        return
    for (channel, address), act in planned.consents.items():
        if act is ConsentAct.REVOKED:
            optouts.opt_out(ctx, merchant.id, channel, address, SOURCE, given_by=given_by)
    granted = [
        {"merchant_id": merchant.id, "channel": channel, "address": address, "act": act, "source": SOURCE}
        | {"created_at": ctx.clock.now(), "wording": WORDINGS[channel], "given_by": given_by[:GIVEN_BY_CHARS]}
        for (channel, address), act in planned.consents.items()
        if act is ConsentAct.GRANTED
    ]
    if granted:
        ctx.session.execute(sa.insert(Consent), granted)


def _new_invoices(
    ctx: Context, merchant: Merchant, mode: Mode, planned: Plan, ids: dict[Wanted, int], grown: Grown
) -> None:
    for start in range(0, len(planned.new_invoices), CHUNK):
        some = planned.new_invoices[start : start + CHUNK]
        rows = []
        for line, wanted in some:
            customer_id = wanted.customer_id if wanted.customer_id is not None else ids[wanted]
            rows.append(
                {
                    "public_id": new_public_id(),
                    "merchant_id": merchant.id,
                    "customer_id": customer_id,
                    "mode": mode,
                    "number": line.number,
                    "description": line.description,
                    "status": InvoiceStatus.OPEN,
                    "currency": line.total.currency,
                    "total_minor": line.total.minor,
                    "balance_minor": line.total.minor,
                    "issued_on": line.issued_on,
                    "due_on": line.due_on,
                    "created_at": ctx.clock.now(),
                }
            )
        inserted = sa.insert(Invoice).returning(Invoice.id, sort_by_parameter_order=True)
        ledger.issue_many(ctx, list(zip(ctx.session.scalars(inserted, rows), rows, strict=True)))
        grown(len(some))
