"""A new merchant, and the people who may sign in for it: what is asked of both, wherever it is typed."""

import re
import zoneinfo

import phonenumbers
import sqlalchemy as sa
from babel.numbers import is_currency

from models.context import Context
from models.customer import Channel
from models.errors import DomainError
from models.member import Member, Role
from models.merchant import Merchant
from web import typed
from web.typed import address as read_address

NAME_CHARS = 80
_SLUG = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*", re.ASCII)
LENGTHS = {"name": 40, "legal_name": 120, "address": 200, "hours": 40}


def found(
    ctx: Context,
    *,
    slug: str,
    name: str,
    legal_name: str | None,
    email: str,
    phone: str,
    address: str,
    hours: str,
    country: str,
    timezone: str,
    currency: str,
    locale: str,
) -> Merchant:
    """Raises DomainError: "slug_malformed", "slug_taken", "timezone_unknown", "currency_unknown", "country_unknown",
    "email_malformed", "phone_malformed", "field_missing"."""
    if len(slug) > 64 or not _SLUG.fullmatch(slug):
        raise DomainError("slug_malformed")
    if ctx.session.scalars(sa.select(Merchant.id).where(Merchant.slug == slug)).first() is not None:
        raise DomainError("slug_taken")
    if timezone not in zoneinfo.available_timezones():
        raise DomainError("timezone_unknown")
    if not is_currency(currency, locale="en"):
        raise DomainError("currency_unknown")
    if country not in phonenumbers.SUPPORTED_REGIONS:
        raise DomainError("country_unknown")
    words = {"name": name, "legal_name": legal_name or name, "address": address, "hours": hours}
    lines = {field: typed.line(text, LENGTHS[field]) for field, text in words.items()}
    if not all(lines.values()):
        raise DomainError("field_missing")
    merchant = Merchant(
        slug=slug,
        **lines,
        email=read_address(Channel.EMAIL, email, country),
        phone=read_address(Channel.SMS, phone, country),
        country=country,
        timezone=timezone,
        currency=currency,
        locale=locale,
        created_at=ctx.clock.now(),
    )
    ctx.session.add(merchant)
    ctx.session.flush()
    return merchant


def add_member(ctx: Context, merchant_id: int, name: str, email: str, role: Role) -> Member:
    """Raises DomainError: "email_malformed", "member_known"."""
    address = read_address(Channel.EMAIL, email, "")
    own = (Member.merchant_id == merchant_id) & (Member.email == address)
    if ctx.session.scalars(sa.select(Member.id).where(own)).first() is not None:
        raise DomainError("member_known")
    member = Member(
        merchant_id=merchant_id,
        email=address,
        name=typed.line(name, NAME_CHARS),
        role=role,
        created_at=ctx.clock.now(),
    )
    ctx.session.add(member)
    ctx.session.flush()
    return member


def count_members(ctx: Context, merchant: Merchant) -> int:
    mine = (Member.merchant_id == merchant.id) & Member.disabled_at.is_(None)
    return ctx.session.scalars(sa.select(sa.func.count()).select_from(Member).where(mine)).one()
