"""The address book: whose phones can be picked up. The only thing the simulator reads from Till's own tables."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

import phonenumbers
import sqlalchemy as sa
from sqlalchemy.orm import Session

from bot.channels.sandbox_carrier import WHATSAPP
from models.customer import Channel, ContactPoint, Customer
from models.merchant import Merchant, MerchantStatus

LISTED = 40
"""Customers per merchant in the list; any other phone can be typed."""
_E164 = re.compile(r"\+[1-9][0-9]{6,14}")


@dataclass(frozen=True, slots=True)
class Person:
    """Who holds a phone. Several `names` share it; none: it is on nobody's file, and has no mailbox here."""

    merchant: Merchant
    phone: str
    names: tuple[str, ...] = ()
    emails: tuple[str, ...] = ()
    by_whatsapp: bool = False
    """Which of the phone's two apps is open."""

    @property
    def channel(self) -> Channel:
        return Channel.WHATSAPP if self.by_whatsapp else Channel.SMS

    @property
    def address(self) -> str:
        """The phone as the carrier writes it."""
        return WHATSAPP + self.phone if self.by_whatsapp else self.phone

    @property
    def number(self) -> str:
        return number_of(self.merchant, by_whatsapp=self.by_whatsapp)

    @property
    def thread(self) -> str:
        """Names this phone's texts with this merchant: one phone may text several."""
        return f"{self.merchant.slug} {self.address}"


def number_of(merchant: Merchant, *, by_whatsapp: bool) -> str:
    """Where the merchant is written to, as the carrier writes it."""
    number = merchant.number or ""
    return WHATSAPP + (merchant.whatsapp_number or number) if by_whatsapp else number


@dataclass(frozen=True, slots=True)
class Entry:
    name: str
    locale: str
    emails: tuple[str, ...]
    phones: tuple[str, ...]


def merchants(session: Session) -> Sequence[Merchant]:
    """Those that can be texted."""
    with_number = Merchant.number.is_not(None) & (Merchant.status == MerchantStatus.ACTIVE)
    return session.scalars(sa.select(Merchant).where(with_number).order_by(Merchant.id).limit(10)).all()


def entries(session: Session, merchant_id: int) -> list[Entry]:
    """The first customers, in order."""
    theirs = sa.select(Customer).where(Customer.merchant_id == merchant_id).order_by(Customer.id).limit(LISTED)
    customers = session.scalars(theirs).all()
    addresses = _addresses(session, [customer.id for customer in customers])
    return [
        Entry(one.name, one.locale, _of(addresses, one.id, Channel.EMAIL), _of(addresses, one.id, Channel.SMS))
        for one in customers
    ]


def first(session: Session) -> Person | None:
    """Who the simulator begins as: the first customer with a phone of the first merchant."""
    found = session.execute(
        sa.select(Merchant, ContactPoint.address)
        .join(ContactPoint, ContactPoint.merchant_id == Merchant.id)
        .where(ContactPoint.channel == Channel.SMS, Merchant.number.is_not(None))
        .order_by(Merchant.id, ContactPoint.customer_id, ContactPoint.id)
        .limit(1)
    ).first()
    return person(session, found[0], found[1]) if found is not None else None


def person(session: Session, merchant: Merchant, phone: str, *, by_whatsapp: bool = False) -> Person:
    holders = session.scalars(
        sa.select(Customer)
        .join(ContactPoint, ContactPoint.customer_id == Customer.id)
        .where(
            ContactPoint.merchant_id == merchant.id,
            ContactPoint.channel == Channel.SMS,
            ContactPoint.address == phone,
        )
        .order_by(Customer.id)
    ).all()
    addresses = _addresses(session, [holder.id for holder in holders])
    emails = [email for holder in holders for email in _of(addresses, holder.id, Channel.EMAIL)]
    names = tuple(holder.name for holder in holders)
    return Person(merchant, phone, names, tuple(dict.fromkeys(emails)), by_whatsapp)


def read_phone(typed: str) -> str | None:
    """A number as people type it, American unless it says otherwise, as E.164. None: not a number to text from."""
    try:
        number = phonenumbers.format_number(phonenumbers.parse(typed, "US"), phonenumbers.PhoneNumberFormat.E164)
    except phonenumbers.NumberParseException:
        return None
    return number if _E164.fullmatch(number) else None


def spell(phone: str) -> str:
    """A number as people write it."""
    try:
        number = phonenumbers.parse(phone)
    except phonenumbers.NumberParseException:
        return phone
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.INTERNATIONAL)


def _addresses(session: Session, customer_ids: Sequence[int]) -> Sequence[ContactPoint]:
    points = sa.select(ContactPoint).where(ContactPoint.customer_id.in_(customer_ids))
    return session.scalars(points.order_by(ContactPoint.is_primary.desc(), ContactPoint.id)).all()


def _of(points: Sequence[ContactPoint], customer_id: int, channel: Channel) -> tuple[str, ...]:
    return tuple(p.address for p in points if p.customer_id == customer_id and p.channel is channel)
