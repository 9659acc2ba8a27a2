"""Customers, their addresses and consents as programs see them."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Literal
from zoneinfo import available_timezones

from pydantic import BaseModel, Field, RootModel

from models.consent import ConsentAct
from models.customer import Channel, ContactPoint, Customer
from web.api.cursors import PageQuery
from web.api.fields import Body, Email, Locale, Name, Phone, Reference, Wording

Timezone = Annotated[str, Field(json_schema_extra={"enum": sorted(available_timezones())})]


class ContactPointShape(BaseModel):
    """`opted_out`: nothing is sent there, and only its owner can change that. `consent`: the last thing recorded."""

    id: str
    channel: Channel
    address: str
    is_primary: bool
    is_reachable: bool
    opted_out: bool
    consent: ConsentAct | None


class CustomerShape(BaseModel):
    """`erased_at`: since when nobody is behind it; `name` is a pseudonym then, and there are no contact points."""

    id: str
    reference: str | None
    name: str
    locale: str
    timezone: str | None
    contact_points: list[ContactPointShape]
    created_at: datetime
    erased_at: datetime | None


class CustomerList(BaseModel):
    items: list[CustomerShape]
    next_cursor: str | None


class CustomerQuery(PageQuery):
    """`address`: an email or a phone number, exactly."""

    address: str | None = Field(None, min_length=1, max_length=254)
    reference: str | None = Field(None, min_length=1, max_length=64)


class NewCustomer(Body):
    """The first of the emails and of the phones is the primary one."""

    name: Name
    reference: Reference | None = None
    locale: Locale = "en"
    timezone: Timezone | None = None
    emails: list[Email] = Field(default=[], max_length=10)
    phones: list[Phone] = Field(default=[], max_length=10)


class CustomerChange(Body):
    """What is left out stays as it is."""

    name: Name | None = None
    reference: Reference | None = None
    locale: Locale | None = None
    timezone: Timezone | None = None


class NewEmail(Body):
    channel: Literal["email"]
    address: Email


class NewPhone(Body):
    channel: Literal["sms"]
    address: Phone


class NewContactPoint(RootModel[Annotated[NewEmail | NewPhone, Field(discriminator="channel")]]):
    pass


class NewConsent(Body):
    """`granted`: they agreed to messages about their invoices, as your records show. `revoked`: they want none.
    `wording`: exactly what they were shown, or said."""

    act: Annotated[str, Field(pattern=r"^(granted|revoked)$")]
    wording: Wording | None = None


def contact_point_shape(point: ContactPoint, *, opted_out: bool, consent: ConsentAct | None) -> ContactPointShape:
    return ContactPointShape(
        id=point.public_id,
        channel=point.channel,
        address=point.address,
        is_primary=point.is_primary,
        is_reachable=point.bad_since_at is None,
        opted_out=opted_out,
        consent=consent,
    )


def customer_shape(customer: Customer, points: Sequence[ContactPointShape]) -> CustomerShape:
    return CustomerShape(
        id=customer.public_id,
        reference=customer.reference,
        name=customer.name,
        locale=customer.locale,
        timezone=customer.timezone,
        contact_points=list(points),
        created_at=customer.created_at,
        erased_at=customer.erased_at,
    )
