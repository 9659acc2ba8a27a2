"""Addresses on a customer's file: added, taken off, and what their owners are known to agree to. What rests on an
address that goes (proofs, portal sessions) goes with it."""

import sqlalchemy as sa

from bot import optouts, verifying
from models.consent import GIVEN_BY_CHARS, Consent, ConsentAct
from models.context import Context
from models.conversation import Conversation, Proof
from models.customer import Channel, ContactPoint, Customer
from models.errors import DomainError
from models.merchant import Mode
from models.session import WebSession
from models.verification import Verification


def add(ctx: Context, customer: Customer, channel: Channel, address: str) -> ContactPoint:
    """The first of its channel is the primary one. `address` is normalised. Raises DomainError:
    "address_taken", "customer_erased"."""
    if customer.erased_at is not None:
        raise DomainError("customer_erased")
    of_channel = (ContactPoint.customer_id == customer.id) & (ContactPoint.channel == channel)
    known = ctx.session.scalars(sa.select(ContactPoint.address).where(of_channel)).all()
    if address in known:
        raise DomainError("address_taken")
    point = ContactPoint(
        merchant_id=customer.merchant_id,
        customer_id=customer.id,
        mode=customer.mode,
        channel=channel,
        address=address,
        is_primary=not known,
        created_at=ctx.clock.now(),
    )
    ctx.session.add(point)
    ctx.session.flush()
    return point


def remove(ctx: Context, point: ContactPoint) -> None:
    """Refusals of the address stay: they are its owner's, whoever's file it is on."""
    verifying.email_changed(ctx, point)
    threads = sa.select(Conversation.id).where(
        Conversation.merchant_id == point.merchant_id,
        Conversation.channel == point.channel,
        Conversation.address == point.address,
    )
    verifying.end_proofs(ctx, Proof.conversation_id.in_(threads) & (Proof.customer_id == point.customer_id))
    for rests in (Proof, WebSession):
        ctx.session.execute(sa.delete(rests).where(rests.contact_point_id == point.id))
    ctx.session.execute(
        sa.update(Verification).where(Verification.contact_point_id == point.id).values(contact_point_id=None)
    )
    ctx.session.delete(point)
    ctx.session.flush()


def record_consent(
    ctx: Context,
    point: ContactPoint,
    act: ConsentAct,
    source: str,
    *,
    given_by: str,
    wording: str | None = None,
) -> None:
    """What a merchant says about the owner of an address. It never lifts a refusal: only the owner does.
    `wording`: what the owner was shown; `given_by`: who wrote it down, and from where.
    Raises DomainError: "opted_out", "only_live"."""
    if point.mode is not Mode.LIVE:
        raise DomainError("only_live")
    if act is ConsentAct.REVOKED:
        where = (point.merchant_id, point.channel, point.address)
        optouts.opt_out(ctx, *where, source, given_by=given_by, wording=wording)
        return
    address = (point.merchant_id, point.channel, point.address)
    if optouts.is_opted_out(ctx, *address) or optouts.has_revoked(ctx, *address):
        raise DomainError("opted_out")
    ctx.session.add(
        Consent(
            merchant_id=point.merchant_id,
            channel=point.channel,
            address=point.address,
            act=act,
            source=source,
            wording=wording,
            given_by=given_by[:GIVEN_BY_CHARS],
            created_at=ctx.clock.now(),
        )
    )
    ctx.session.flush()
