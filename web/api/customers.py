"""Customers by program: read, added, changed; their addresses and what they agreed to. Opts nobody in again."""

from collections import defaultdict
from collections.abc import Iterable, Sequence

import sqlalchemy as sa

from bot import addresses, erasing
from bot.erasing import Erased, ErasureRefused
from models.consent import Consent, ConsentAct, OptOut
from models.context import Context
from models.customer import Channel, ContactPoint, Customer
from models.errors import DomainError
from models.merchant import Mode, Scope
from web.api import rows, trail
from web.api.cursors import page
from web.api.customer_shapes import (
    ContactPointShape,
    CustomerChange,
    CustomerList,
    CustomerQuery,
    CustomerShape,
    NewConsent,
    NewContactPoint,
    NewCustomer,
    contact_point_shape,
    customer_shape,
)
from web.api.operations import Call, Outside, delete, get, patch, post, post_outside
from web.api.problems import Fault
from web.context import retrying
from web.security import client_network

TAG = "Customers"


@get("/customers", answer=CustomerList, query=CustomerQuery, tag=TAG)
def list_customers(call: Call, query: CustomerQuery) -> CustomerList:
    """Customers, the newest first"""
    which = rows.mine(call, Customer)
    if query.address is not None:
        theirs = ContactPoint.address.in_({query.address.strip(), query.address.strip().casefold()})
        which = which.where(Customer.id.in_(sa.select(ContactPoint.customer_id).where(theirs)))
    if query.reference is not None:
        which = which.where(Customer.reference == query.reference)
    found, cursor = page(call, which, Customer, query)
    return CustomerList(items=shapes(call, found), next_cursor=cursor)


@get("/customers/<customer_id>", answer=CustomerShape, tag=TAG)
def get_customer(call: Call, customer_id: str) -> CustomerShape:
    """One customer"""
    return shapes(call, [rows.find(call, Customer, customer_id)])[0]


@post("/customers", answer=CustomerShape, body=NewCustomer, tag=TAG)
def create_customer(call: Call, body: NewCustomer) -> CustomerShape:
    """Add a customer"""
    _refuse_taken(call, body.reference)
    customer = Customer(
        merchant_id=call.caller.merchant_id,
        mode=call.caller.mode,
        reference=body.reference,
        name=body.name,
        locale=body.locale,
        timezone=body.timezone,
        created_at=call.ctx.clock.now(),
    )
    call.ctx.session.add(customer)
    call.ctx.session.flush()
    for channel, told in ((Channel.EMAIL, body.emails), (Channel.SMS, body.phones)):
        for address in dict.fromkeys(told):
            addresses.add(call.ctx, customer, channel, address)
    return shapes(call, [customer])[0]


@patch("/customers/<customer_id>", answer=CustomerShape, body=CustomerChange, tag=TAG)
def update_customer(call: Call, customer_id: str, body: CustomerChange) -> CustomerShape:
    """Change a customer"""
    customer = rows.find(call, Customer, customer_id, held=True)
    if customer.erased_at is not None:
        raise DomainError("customer_erased")
    changes = body.model_dump(exclude_unset=True, exclude_none=True)
    if changes.get("reference", customer.reference) != customer.reference:
        _refuse_taken(call, changes["reference"])
    for name, value in changes.items():
        setattr(customer, name, value)
    return shapes(call, [customer])[0]


@post_outside(
    "/customers/<customer_id>/erase", answer=CustomerShape, scope=Scope.ERASE, status=200, tag=TAG, records=False
)
def erase_customer(outside: Outside, customer_id: str) -> CustomerShape:
    """Erase a customer for good

    Name, addresses and words go; invoices, payments and refunds stay under a pseudonym, refusals stay. Refused with
    `customer_in_use` while money is open: `errors` says which. A second request changes nothing."""
    with outside.runtime.read() as ctx:
        found = rows.find(Call(ctx, outside.caller), Customer, customer_id)

    def record(ctx: Context, customer: Customer, erased: Erased) -> None:
        told = {"customer_id": customer.public_id}
        trail.record(ctx, outside.caller, "erase_customer", told, None, label=erased.pseudonym)

    try:
        retrying(lambda: erasing.erase(outside.runtime, found.id, record))
    except ErasureRefused as refused:
        raise _InUse(refused) from refused
    with outside.runtime.read() as ctx:
        call = Call(ctx, outside.caller)
        return shapes(call, [rows.find(call, Customer, customer_id)])[0]


class _InUse(DomainError):
    """What is open, one fault for each."""

    def __init__(self, refused: ErasureRefused) -> None:
        super().__init__(refused.code)
        amounts = [(one, f"{one.amount.decimal:f} {one.amount.currency}") for one in refused.obstacles]
        self.errors = [Fault(pointer=f"/{one.name or 'credit'}", message=f"{one.why}: {amt}") for one, amt in amounts]


@post("/customers/<customer_id>/contact_points", answer=ContactPointShape, body=NewContactPoint, tag=TAG)
def add_contact_point(call: Call, customer_id: str, body: NewContactPoint) -> ContactPointShape:
    """Add an address"""
    customer = rows.find(call, Customer, customer_id, held=True)
    point = addresses.add(call.ctx, customer, Channel(body.root.channel), body.root.address)
    return _point_shapes(call, [point])[0]


@delete("/contact_points/<contact_point_id>", tag=TAG)
def remove_contact_point(call: Call, contact_point_id: str) -> None:
    """Take an address off the file"""
    addresses.remove(call.ctx, rows.find(call, ContactPoint, contact_point_id, held=True))


@post("/contact_points/<contact_point_id>/consents", answer=ContactPointShape, body=NewConsent, tag=TAG)
def record_consent(call: Call, contact_point_id: str, body: NewConsent) -> ContactPointShape:
    """Record what the owner of an address agreed to"""
    point = rows.find(call, ContactPoint, contact_point_id)
    addresses.record_consent(
        call.ctx,
        point,
        ConsentAct(body.act),
        source="api",
        wording=body.wording,
        given_by=f"API key {call.caller.key_prefix}, {client_network()}",
    )
    return _point_shapes(call, [point])[0]


def shapes(call: Call, customers: Sequence[Customer]) -> list[CustomerShape]:
    wanted = [customer.id for customer in customers]
    points = call.ctx.session.scalars(
        sa.select(ContactPoint)
        .where(ContactPoint.customer_id.in_(wanted))
        .order_by(ContactPoint.is_primary.desc(), ContactPoint.id)
    ).all()
    theirs: dict[int, list[ContactPointShape]] = defaultdict(list)
    for point, shape in zip(points, _point_shapes(call, points), strict=True):
        theirs[point.customer_id].append(shape)
    return [customer_shape(customer, theirs[customer.id]) for customer in customers]


def _point_shapes(call: Call, points: Sequence[ContactPoint]) -> list[ContactPointShape]:
    refused = _refusals(call, points)
    consents = _consents(call, points)
    return [
        contact_point_shape(
            point,
            opted_out=(point.channel, point.address) in refused,
            consent=consents.get((point.channel, point.address)),
        )
        for point in points
    ]


def _refusals(call: Call, points: Iterable[ContactPoint]) -> set[tuple[Channel, str]]:
    mine = OptOut.merchant_id == call.caller.merchant_id
    told = sa.select(OptOut.channel, OptOut.address).where(mine, OptOut.address.in_(_live(points)))
    return {(channel, address) for channel, address in call.ctx.session.execute(told)}


def _consents(call: Call, points: Iterable[ContactPoint]) -> dict[tuple[Channel, str], ConsentAct]:
    """The last thing recorded for each address."""
    mine = Consent.merchant_id == call.caller.merchant_id
    told = sa.select(Consent).where(mine, Consent.address.in_(_live(points))).order_by(Consent.id)
    return {(row.channel, row.address): row.act for row in call.ctx.session.scalars(told)}


def _live(points: Iterable[ContactPoint]) -> set[str]:
    """What owners of addresses want says nothing about test customers, who may have been given the same ones."""
    return {point.address for point in points if point.mode is Mode.LIVE}


def _refuse_taken(call: Call, reference: str | None) -> None:
    taken = rows.mine(call, Customer).where(Customer.reference == reference)
    if reference is not None and call.ctx.session.scalars(taken).first() is not None:
        raise DomainError("reference_taken")
