"""The merchant's side of the simulator: each member's mailbox code and the code on their phone, so that whoever tries
Till gets into the console at once."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import pyotp
import sqlalchemy as sa
from flask import Blueprint, Response, current_app

from models.context import Context
from models.member import TOTP_PERIOD, Member
from models.merchant import Merchant
from models.signing import Purpose
from web import templating
from web.context import reads
from web.pages import Banner, Frame, Page
from web.services import sandbox
from web.simulator import outside

blueprint = Blueprint("simulator_members", __name__, url_prefix="/simulator")
blueprint.before_request(outside.refuse_strangers)

LISTED = 20
_CODE = re.compile(r"\b\d{8}\b")


@dataclass(frozen=True, slots=True)
class Entry:
    """`mailed`: the newest code in their mailbox. `shown`: what their authenticator shows now."""

    member: Member
    merchant: Merchant
    mailed: str | None
    shown: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class MembersPage(Page):
    template: ClassVar[str] = "web/simulator/members.html"
    entries: Sequence[Entry]
    seconds: int
    """How long the authenticators' codes still show."""


@blueprint.get("/members")
@reads
def index(ctx: Context) -> Response:
    now = ctx.clock.now()
    rows = ctx.session.execute(
        sa.select(Member, Merchant)
        .join(Merchant, Merchant.id == Member.merchant_id)
        .where(Member.disabled_at.is_(None))
        .order_by(Member.id)
        .limit(LISTED)
    )
    page = MembersPage(
        frame=Frame(language="en", time_zone="UTC", now=now, brand=None, banner=Banner.DEMO),
        entries=[Entry(member, merchant, _mailed(member), _shown(ctx, member)) for member, merchant in rows],
        seconds=int(TOTP_PERIOD.total_seconds() - now.timestamp() % TOTP_PERIOD.total_seconds()),
    )
    return Response(templating.render(current_app.jinja_env, page), content_type="text/html; charset=utf-8")


def _mailed(member: Member) -> str | None:
    mails = [one for one in sandbox().outside.messages(member.email) if one.channel == "email"]
    found = [match for mail in reversed(mails) if (match := _CODE.search(mail.text))]
    return found[0].group() if found else None


def _shown(ctx: Context, member: Member) -> str | None:
    if member.totp_secret is None:
        return None
    return pyotp.TOTP(ctx.signer.reveal(Purpose.TOTP, member.totp_secret)).at(ctx.clock.now())
