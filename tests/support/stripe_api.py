"""What Stripe's published API takes and how it refuses: for the server that stands in for it."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

_PARAMETERS = Path(__file__).with_name("stripe_parameters.txt")

Form = list[tuple[str, str]]


@dataclass(frozen=True)
class Answer:
    status: int
    body: Mapping[str, Any]


class Refusal(Exception):
    def __init__(self, status: int, kind: str, code: str, param: str | None = None) -> None:
        super().__init__(code)
        told = {"type": kind, "code": code, "message": f"No: {code}", "param": param}
        self.answer = Answer(status, {"error": {name: value for name, value in told.items() if value}})


@cache
def known_parameters() -> Mapping[str, frozenset[str]]:
    """By call: the names as in stripe_parameters.txt."""
    blocks = [block.splitlines() for block in _PARAMETERS.read_text().split("\n\n")]
    return {lines[0]: frozenset(lines[1:]) for lines in blocks if not lines[0].startswith("#")}


def generic(name: str) -> str:
    return re.sub(r"(metadata\]?\[)[^\]]+", r"\1*", re.sub(r"\[\d+\]", "[]", name))


def new_session(session_id: str, form: Mapping[str, str], price: Mapping[str, str], created: int) -> dict[str, Any]:
    return {
        "id": session_id,
        "object": "checkout.session",
        "amount_total": int(price["unit_amount"]) * int(form["line_items[0][quantity]"]),
        "client_reference_id": form.get("client_reference_id"),
        "created": created,
        "currency": price["currency"],
        "customer": form.get("customer"),
        "expires_at": int(form["expires_at"]),
        "livemode": True,
        "metadata": {name[9:-1]: value for name, value in form.items() if name.startswith("metadata[")},
        "mode": "payment",
        "payment_intent": None,
        "payment_status": "unpaid",
        "status": "open",
        "url": f"https://checkout.stripe.com/c/pay/{session_id}",
    }
