"""The trail of what members do: every change in the console leaves its entry in the same transaction."""

from enum import Enum
from typing import Any

from flask import g

from models.audit import AuditEntry
from models.base import Base
from models.context import Context
from models.member import Member
from web.console.visitor import visitor
from web.security import client_network

LABEL_CHARS = 120
Fields = dict[str, Any]


def record(
    ctx: Context,
    action: str,
    subject: Base | None = None,
    *,
    label: str = "",
    before: Fields | None = None,
    after: Fields | None = None,
    member: Member | None = None,
) -> None:
    """`member` where nobody is signed in yet. Values that JSON lacks are written as text."""
    who = member or visitor().member
    ctx.session.add(
        AuditEntry(
            merchant_id=who.merchant_id,
            member_id=who.id,
            actor=who.name,
            action=action,
            subject=subject.__tablename__ if subject is not None else None,
            subject_id=getattr(subject, "public_id", None),
            label=label[:LABEL_CHARS],
            before=_plain(before),
            after=_plain(after),
            network=client_network(),
            created_at=ctx.clock.now(),
        )
    )
    g.recorded = g.get("recorded", 0) + 1


def changes(before: Fields, after: Fields) -> tuple[Fields, Fields]:
    """Only the fields that differ, on each side."""
    names = [name for name in after if before.get(name) != after[name]]
    return {name: before.get(name) for name in names}, {name: after[name] for name in names}


def _plain(fields: Fields | None) -> Fields | None:
    if fields is None:
        return None
    return {name: _value(value) for name, value in fields.items()}


def _value(value: Any) -> Any:
    if isinstance(value, Enum):
        return value.value
    return value if value is None or isinstance(value, bool | int | str) else str(value)
