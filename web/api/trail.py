"""What programs change, in the same trail as what members do: by which key, from which network, which thing, what was
asked. Generated from the operations: a new one is in it from its first day."""

from typing import Any

from flask import request
from pydantic import BaseModel

from models.audit import AuditEntry
from models.context import Context
from web.api.callers import Caller
from web.security import client_network

LABEL_CHARS = 120
VALUE_CHARS = 200
_LABELS = ("number", "name", "address", "url", "reference", "label")


def record(
    ctx: Context, caller: Caller, operation: str, arguments: dict[str, Any], made: BaseModel | None, label: str = ""
) -> None:
    """`arguments`: what the view was given; `made`: what it answered; `label`: what to call it before it has."""
    named = next((value for name, value in arguments.items() if name.endswith("_id")), None)
    ctx.session.add(
        AuditEntry(
            merchant_id=caller.merchant_id,
            member_id=None,
            actor=f"API key {caller.key_prefix}",
            action=f"api.{operation}",
            subject=_subject(),
            subject_id=named or getattr(made, "id", None),
            label=label or _label(made),
            before=None,
            after=_asked(arguments.get("body")),
            network=client_network(),
            created_at=ctx.clock.now(),
        )
    )


def _subject() -> str:
    """`/api/v1/contact_points/<id>` is about a contact_point."""
    first = request.path.removeprefix("/api/v1/").partition("/")[0]
    return first.removesuffix("s")[:32]


def _label(made: BaseModel | None) -> str:
    return next((str(told)[:LABEL_CHARS] for name in _LABELS if (told := getattr(made, name, None))), "")


def _asked(body: Any) -> dict[str, Any] | None:
    """Plain values only: lists of lines and ids are the thing's own."""
    if not isinstance(body, BaseModel):
        return None
    told = body.model_dump(mode="json", exclude_unset=True)
    return {
        name: value[:VALUE_CHARS] if isinstance(value, str) else value
        for name, value in told.items()
        if value is None or isinstance(value, bool | int | str)
    }
