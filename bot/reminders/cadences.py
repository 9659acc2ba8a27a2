"""Changing when a merchant reminds by itself, and what one customer has instead: one set of rules for the console,
programs and the command line."""

from collections.abc import Mapping, Sequence
from datetime import time
from typing import Any

from bot.reminders import countries
from bot.reminders.planning import cadence_of
from models.cadence import FURTHEST_STEP, MOST_STEPS, CustomerCadence
from models.context import Context
from models.customer import Customer
from models.errors import DomainError
from models.merchant import Merchant, Mode

Fields = dict[str, Any]
TOLD = (
    *("is_on", "steps", "repeat_every", "repeat_times", "ways", "at", "opens", "closes"),
    *("on_sundays", "shows_amounts", "countries"),
)
TOLD_OF_CUSTOMER = ("is_on", "steps", "ways")


def steps(days: Sequence[int]) -> list[int]:
    """In order, each once. Raises DomainError("steps_malformed")."""
    found = sorted(set(days))
    if not 0 < len(found) <= MOST_STEPS or any(abs(step) > FURTHEST_STEP for step in found):
        raise DomainError("steps_malformed")
    return found


def change(ctx: Context, merchant: Merchant, wanted: Mapping[str, Any]) -> tuple[Fields, Fields]:
    """What is left out stays. Returns the changed fields before and after. `merchant` is locked.
    Raises DomainError: "steps_malformed", "count_malformed", "time_outside_hours", "country_unknown"."""
    own = cadence_of(ctx, merchant)
    before = {name: getattr(own, name) for name in TOLD}
    after = before | dict(wanted)
    after["steps"] = steps([int(step) for step in after["steps"]])
    after["countries"] = countries.checked(after["countries"])
    _check(after)
    for name, value in after.items():
        setattr(own, name, value)
    ctx.session.add(own)
    return _differing(before, after)


def change_of(ctx: Context, customer: Customer, wanted: Mapping[str, Any]) -> tuple[Fields, Fields]:
    """Steps or ways None: as the merchant has it. Raises DomainError: "steps_malformed", "only_live"."""
    if customer.mode is not Mode.LIVE:
        raise DomainError("only_live")
    own = ctx.session.get(CustomerCadence, customer.id)
    if own is None:
        own = CustomerCadence(customer_id=customer.id, merchant_id=customer.merchant_id, is_on=True)
        ctx.session.add(own)
    before = {name: getattr(own, name) for name in TOLD_OF_CUSTOMER}
    after = before | dict(wanted)
    if after["steps"] is not None:
        after["steps"] = steps([int(step) for step in after["steps"]])
    for name, value in after.items():
        setattr(own, name, value)
    return _differing(before, after)


def of_customer(ctx: Context, customer: Customer) -> CustomerCadence:
    found = ctx.session.get(CustomerCadence, customer.id)
    return found or CustomerCadence(customer_id=customer.id, merchant_id=customer.merchant_id, is_on=True)


def _check(told: Mapping[str, Any]) -> None:
    if any(not 0 <= (told[name] or 0) <= FURTHEST_STEP for name in ("repeat_every", "repeat_times")):
        raise DomainError("count_malformed")
    opens, at, closes = (told[name] for name in ("opens", "at", "closes"))
    if not (isinstance(opens, time) and opens <= at < closes):
        raise DomainError("time_outside_hours")


def _differing(before: Fields, after: Fields) -> tuple[Fields, Fields]:
    names = [name for name in after if before[name] != after[name]]
    return {name: before[name] for name in names}, {name: after[name] for name in names}
