"""Members: who they are and what they may. A new one sets up an authenticator at the first sign-in; one taken out is
signed out everywhere at once. The last owner stays."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar

import sqlalchemy as sa
from flask import Blueprint, Response, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from models.audit import AuditEntry
from models.context import Context
from models.errors import DomainError
from models.member import Member, RecoveryCode, Role
from web import founding
from web.console import audit, frame, session, typed
from web.console.access import mine
from web.console.frame import ConsolePage, done, parts, unchanged
from web.console.visitor import visitor
from web.context import reads, writes
from web.founding import NAME_CHARS

blueprint = Blueprint("console_people", __name__, url_prefix="/console/settings/members")

MOST_MEMBERS = 200
TRAIL_PAGE = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class MembersPage(ConsolePage):
    template: ClassVar[str] = "web/console/members.html"
    section: ClassVar[str] = "settings"
    members: Sequence[Member]
    me: int
    typed: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class TrailPage(ConsolePage):
    template: ClassVar[str] = "web/console/trail.html"
    section: ClassVar[str] = "settings"
    entries: Sequence[AuditEntry]
    next_url: str | None


@blueprint.get("")
@reads
def index(ctx: Context) -> Response:
    return _page(ctx)


@blueprint.post("")
@writes
def invite(ctx: Context) -> AnyResponse:
    name, email = typed.line(request.form.get("name", ""), NAME_CHARS), request.form.get("email", "").strip()
    if not name:
        return _page(ctx, {"name": "name_missing"}, {"name": name, "email": email[:254]})
    try:
        member = founding.add_member(ctx, visitor().merchant.id, name, email, _role(request.form.get("role", "")))
    except DomainError as error:
        return _page(ctx, {"email": error.code}, {"name": name, "email": email[:254]})
    audit.record(ctx, "member.added", member, label=name, after={"email": member.email, "role": member.role})
    return done("member_added", url_for("console_people.index"), member.email)


@blueprint.post("/<public_id>")
@writes
def change(ctx: Context, public_id: str) -> AnyResponse:
    """`act`: role, out, back, or authenticator (to be set up anew)."""
    member, act = mine(ctx, Member, public_id, lock=True), request.form.get("act", "")
    before = {"role": member.role, "out": member.disabled_at is not None}
    here = url_for("console_people.index")
    role = _role(request.form.get("role", "")) if act == "role" else member.role
    loses_owner = member.role is Role.OWNER and (act in ("out", "authenticator") or role is not Role.OWNER)
    if loses_owner and _is_last_owner(ctx, member):
        return unchanged("member_last_owner", here)
    if act == "role":
        member.role = role
    elif act in ("out", "back"):
        member.disabled_at = ctx.clock.now() if act == "out" else None
    elif act == "authenticator":
        member.totp_secret = member.enrolled_at = None
        ctx.session.execute(sa.delete(RecoveryCode).where(RecoveryCode.member_id == member.id))
    else:
        return unchanged("member_unchanged", here)
    session.end_all(ctx, member.id, visitor().session.id if member.id == visitor().member.id else None)
    was, now = audit.changes(before, {"role": member.role, "out": member.disabled_at is not None})
    audit.record(ctx, f"member.{act}", member, label=member.name, before=was, after=now)
    return done("member_changed", here, member.name)


@blueprint.get("/<public_id>")
@reads
def show(ctx: Context, public_id: str) -> Response:
    """Where the second factor leads back to."""
    mine(ctx, Member, public_id)
    return _page(ctx)


@blueprint.get("/trail")
@reads
def trail(ctx: Context) -> Response:
    """Everything that members did, the newest first."""
    before = request.args.get("before", "")
    own = sa.select(AuditEntry).where(AuditEntry.merchant_id == visitor().merchant.id)
    if before.isascii() and before.isdigit() and len(before) < 19:
        own = own.where(AuditEntry.id < int(before))
    found = ctx.session.scalars(own.order_by(AuditEntry.id.desc()).limit(TRAIL_PAGE + 1)).all()
    more = len(found) > TRAIL_PAGE
    next_url = url_for("console_people.trail", before=found[TRAIL_PAGE - 1].id) if more else None
    return frame.show(TrailPage(**parts(), entries=found[:TRAIL_PAGE], next_url=next_url))


def _page(ctx: Context, problems: Mapping[str, str] | None = None, kept: Mapping[str, str] | None = None) -> Response:
    own = sa.select(Member).where(Member.merchant_id == visitor().merchant.id)
    members = ctx.session.scalars(
        own.order_by(Member.disabled_at.is_not(None), Member.name, Member.id).limit(MOST_MEMBERS)
    ).all()
    empty = {"name": "", "email": ""}
    page = MembersPage(**parts(), members=members, me=visitor().member.id, problems=problems or {}, typed=kept or empty)
    return frame.show(page, 422 if problems else 200)


def _is_last_owner(ctx: Context, member: Member) -> bool:
    """Held, so that two owners cannot take each other out at once."""
    owners = sa.select(Member.id).where(
        Member.merchant_id == member.merchant_id, Member.role == Role.OWNER, Member.disabled_at.is_(None)
    )
    return set(ctx.session.scalars(owners.with_for_update())) <= {member.id}


def _role(asked: str) -> Role:
    return Role(asked) if asked in list(Role) else Role.VIEWER
