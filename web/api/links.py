"""Links by program: the branded portal, and pay links over named invoices. A link is a secret for its customer."""

from datetime import datetime

from pydantic import BaseModel, Field

from models.context import Environment
from models.customer import Customer
from models.errors import DomainError
from models.invoice import Invoice
from models.merchant import Merchant, Mode
from payments import links, standing
from web.api import rows
from web.api.fields import Body, Id
from web.api.operations import Call, get, post

TAG = "Links"
MOST_INVOICES = 50


class PortalLinkShape(BaseModel):
    """The same for all customers: whoever opens it proves their email there."""

    url: str


class PayLinkShape(BaseModel):
    """Whoever has `url` sees and can pay these invoices until `expires_at`. It is told this once."""

    url: str
    customer_id: str
    invoice_ids: list[str]
    currency: str
    amount_minor: int
    expires_at: datetime


class NewPayLink(Body):
    invoice_ids: list[Id] = Field(min_length=1, max_length=MOST_INVOICES)


@get("/portal_link", answer=PortalLinkShape, tag=TAG)
def get_portal_link(call: Call) -> PortalLinkShape:
    """Where your customers see their invoices"""
    merchant = call.ctx.session.get_one(Merchant, call.caller.merchant_id)
    return PortalLinkShape(url=f"{call.ctx.site.base_url}/m/{merchant.slug}")


@post("/pay_links", answer=PayLinkShape, body=NewPayLink, tag=TAG)
def create_pay_link(call: Call, body: NewPayLink) -> PayLinkShape:
    """A page that pays these invoices"""
    if call.caller.mode is Mode.TEST and call.ctx.site.environment is Environment.PRODUCTION:
        raise DomainError("only_live")
    invoices = [rows.find(call, Invoice, public_id) for public_id in dict.fromkeys(body.invoice_ids)]
    if len({invoice.customer_id for invoice in invoices}) > 1:
        raise DomainError("mixed_customers")
    if not any(invoice.is_payable for invoice in invoices):
        raise DomainError("nothing_to_pay")
    owner = call.ctx.session.get_one(Customer, invoices[0].customer_id)
    link = links.open_link(call.ctx, merchant_id=owner.merchant_id, customer_id=owner.id, invoices=invoices)
    return PayLinkShape(
        url=links.url(call.ctx, link),
        customer_id=owner.public_id,
        invoice_ids=[invoice.public_id for invoice in invoices],
        currency=link.currency,
        amount_minor=standing.total(invoices).minor,
        expires_at=link.expires_at,
    )
