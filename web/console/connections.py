"""How the merchant is connected: its number, its mail, its payments; what is missing, in words one can act on."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import ClassVar

import sqlalchemy as sa
from flask import Blueprint, Response
from werkzeug.utils import import_string

from models.cadence import Cadence
from models.context import Context, Environment
from models.customer import Channel
from models.merchant import Merchant
from models.message import Direction, Message, MessageStatus
from web.console import frame
from web.console.frame import ConsolePage, parts
from web.console.visitor import visitor
from web.context import reads, runtime
from web.findings import Finding
from web.services import settings

blueprint = Blueprint("console_connections", __name__, url_prefix="/console/settings/connections")


class Verdict(StrEnum):
    GOOD = "good"
    MISSING = "missing"
    LOOK = "look"
    """Set up, but something has gone wrong lately."""


@dataclass(frozen=True, slots=True)
class Check:
    """`code` names the words; `value` is what is set up, where it may be shown."""

    code: str
    verdict: Verdict
    value: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ConnectionsPage(ConsolePage):
    template: ClassVar[str] = "web/console/connections.html"
    section: ClassVar[str] = "settings"
    checks: Sequence[Check]
    merchant: Merchant
    base_url: str
    findings: Sequence[Finding] = ()
    """Of the checks just run."""


@blueprint.get("")
def index() -> Response:
    return _page()


@blueprint.post("")
def run() -> Response:
    """The doctor's checks, asked of the providers themselves: no transaction is open meanwhile. Changes nothing."""
    of_merchant = import_string("web.checkup:of_merchant")  # with Alembic, which only this and commands need
    return _page(list(of_merchant(settings(), runtime().database, visitor().merchant)))


@reads
def _page(ctx: Context, findings: Sequence[Finding] = ()) -> Response:
    merchant = ctx.session.get_one(Merchant, visitor().merchant.id)
    page = ConnectionsPage(
        **parts(),
        checks=list(_checks(ctx, merchant)),
        merchant=merchant,
        base_url=ctx.site.base_url,
        findings=findings,
    )
    return frame.show(page)


def _checks(ctx: Context, merchant: Merchant) -> Iterator[Check]:
    sender = merchant.number or merchant.messaging_service_sid
    yield Check("number", Verdict.GOOD if sender else Verdict.MISSING, sender or "")
    yield Check("own_invoices", Verdict.GOOD if merchant.is_attested else Verdict.MISSING)
    own = bool(merchant.twilio_account_sid and merchant.twilio_auth_token)
    has_account = own or ctx.site.sms_account is not None
    value = merchant.twilio_account_sid or "" if own else ""
    yield Check("twilio", Verdict.GOOD if has_account else Verdict.MISSING, value)
    yield Check("texts_in", _lately(ctx, merchant, Channel.SMS, Direction.IN))
    yield Check("texts_out", _lately(ctx, merchant, Channel.SMS, Direction.OUT))
    yield Check(
        "inbound_email", Verdict.GOOD if merchant.inbound_email else Verdict.MISSING, merchant.inbound_email or ""
    )
    vendors = [name for name in ("sendgrid", "mailgun", "postmark", "mime") if merchant.email_secrets.get(name)]
    yield Check("email_in", Verdict.GOOD if vendors else Verdict.MISSING, ", ".join(vendors))
    yield Check("emails_out", _lately(ctx, merchant, Channel.EMAIL, Direction.OUT))
    provider = runtime().ports.gateway.name
    pretend = provider == "sandbox" and ctx.site.environment is Environment.PRODUCTION
    yield Check("payments", Verdict.LOOK if pretend else Verdict.GOOD, provider)
    yield Check("https", Verdict.GOOD if settings().is_secure else Verdict.LOOK, ctx.site.base_url)
    cadence = ctx.session.get(Cadence, merchant.id)
    yield Check("cadence", Verdict.GOOD if cadence is not None and cadence.is_on else Verdict.MISSING)


def _lately(ctx: Context, merchant: Merchant, channel: Channel, direction: Direction) -> Verdict:
    """By the newest few: nothing yet, all failed, or well."""
    newest = (
        sa.select(Message.status)
        .where(Message.merchant_id == merchant.id, Message.direction == direction, Message.channel == channel)
        .order_by(Message.created_at.desc())
        .limit(5)
    )
    statuses = ctx.session.scalars(newest).all()
    if not statuses:
        return Verdict.MISSING
    return Verdict.LOOK if all(status is MessageStatus.FAILED for status in statuses) else Verdict.GOOD
