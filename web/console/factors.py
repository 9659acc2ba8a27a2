"""The second factor: setting up an authenticator, checking its codes, recovery codes. Secrets are hidden in the row."""

import io
import re

import pyotp
import segno
import sqlalchemy as sa

from models import limits
from models.context import Context
from models.errors import DomainError
from models.member import RECOVERY_CODES, Member, RecoveryCode
from models.merchant import Merchant
from models.signing import Purpose

ISSUER = "Till"
TOTP_DIGITS = 6
RECOVERY_LETTERS = 12
_NOT_CODE = re.compile(r"[^a-z0-9]")


def locked(ctx: Context, member_id: int) -> Member:
    """The row, fresh and held: of two who use one code at once, one gets in."""
    query = sa.select(Member).where(Member.id == member_id).with_for_update()
    return ctx.session.scalars(query.execution_options(populate_existing=True)).one()


def secret_of(ctx: Context, member: Member) -> str:
    """Drawn at the first look, and the same at each later one, until it is confirmed by a code."""
    if member.totp_secret is not None:
        try:
            return ctx.signer.reveal(Purpose.TOTP, member.totp_secret)
        except DomainError:
            if member.enrolled_at is not None:
                raise
    secret = pyotp.random_base32()
    member.totp_secret = ctx.signer.hide(Purpose.TOTP, secret)
    return secret


def address(member: Member, merchant: Merchant, secret: str) -> str:
    """`otpauth://…`, which an authenticator reads from the picture."""
    return pyotp.TOTP(secret).provisioning_uri(name=f"{member.email} ({merchant.name})", issuer_name=ISSUER)


def picture(text: str) -> str:
    """As an inline SVG, dark on light in both colour schemes: phones read it that way."""
    out = io.BytesIO()
    segno.make(text, error="m").save(
        out, kind="svg", border=4, xmldecl=False, svgns=True, dark="#10151c", light="#fff", omitsize=True, nl=False
    )
    return out.getvalue().decode()


def check(ctx: Context, member: Member, typed: str) -> bool:
    """A code of the authenticator, or a recovery code. `member` is locked. Counted: right ones as well, so that nobody
    learns from the limit. Raises DomainError("too_many")."""
    if not limits.hit(ctx.session, limits.WRONG_FACTORS, str(member.id), ctx.clock.now()):
        raise DomainError("too_many")
    code = _NOT_CODE.sub("", typed.lower())
    if len(code) == TOTP_DIGITS and code.isdigit():
        secret = secret_of(ctx, member)
        right = member.take_code(secret, code, ctx.clock.now())
        member.totp_secret = ctx.signer.hide(Purpose.TOTP, secret)  # under the newest key: an older one may go one day
    else:
        right = len(code) == RECOVERY_LETTERS and _use_recovery(ctx, member, code)
    if right:
        limits.forget(ctx.session, limits.WRONG_FACTORS, str(member.id))
    return right


def new_recovery_codes(ctx: Context, member: Member) -> list[str]:
    """They replace the old ones, and are shown this once."""
    ctx.session.execute(sa.delete(RecoveryCode).where(RecoveryCode.member_id == member.id))
    drawn = [RecoveryCode.draw(member.id) for _ in range(RECOVERY_CODES)]
    ctx.session.add_all(row for row, _ in drawn)
    ctx.session.flush()
    return [text for _, text in drawn]


def left(ctx: Context, member_id: int) -> int:
    unused = (RecoveryCode.member_id == member_id) & RecoveryCode.used_at.is_(None)
    return ctx.session.scalars(sa.select(sa.func.count()).select_from(RecoveryCode).where(unused)).one()


def _use_recovery(ctx: Context, member: Member, code: str) -> bool:
    if member.enrolled_at is None:
        return False
    for row in ctx.session.scalars(sa.select(RecoveryCode).where(RecoveryCode.member_id == member.id)):
        if row.is_for(code):
            row.used_at = ctx.clock.now()
            return True
    return False
