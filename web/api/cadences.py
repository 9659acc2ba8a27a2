"""When a merchant reminds by itself, what one customer has instead, and whose phones may text commands."""

from datetime import time
from typing import Annotated, Any

from pydantic import BaseModel, Field, StringConstraints

from bot import staff_phones
from bot.reminders import cadence_of, cadences, countries
from models.cadence import FURTHEST_STEP, MOST_STEPS, Cadence, CustomerCadence, Ways
from models.customer import Customer
from models.errors import DomainError
from models.merchant import Merchant, Mode, Scope
from web.api import rows
from web.api.fields import Body, Phone
from web.api.operations import Call, delete, get, patch, post
from web.services import directory

TAG = "Reminders"
Steps = Annotated[
    list[Annotated[int, Field(ge=-FURTHEST_STEP, le=FURTHEST_STEP)]], Field(min_length=1, max_length=MOST_STEPS)
]
Count = Annotated[int, Field(ge=0, le=FURTHEST_STEP)]
Clock = Annotated[str, StringConstraints(pattern=r"^([01][0-9]|2[0-3]):[0-5][0-9]$")]
Countries = Annotated[
    list[Annotated[str, StringConstraints(pattern=r"^[A-Z]{2}$")]], Field(max_length=countries.MOST_COUNTRIES)
]
OneOfWays = Annotated[str, StringConstraints(pattern=r"^(text|email|both)$")]


class CadenceShape(BaseModel):
    """`steps`: days from the due date, negative before it. `at`: on the recipient's clock, between the other two.
    `countries`: texted beside the merchant's own, ISO 3166; premium and unknown numbers never are."""

    is_on: bool
    steps: list[int]
    repeat_every: int | None
    repeat_times: int
    ways: Ways
    at: str
    opens: str
    closes: str
    on_sundays: bool
    shows_amounts: bool
    countries: list[str]


class CadenceChange(Body):
    """What is left out stays as it is. `repeat_every` 0: no repeats."""

    is_on: bool | None = None
    steps: Steps | None = None
    repeat_every: Count | None = None
    repeat_times: Count | None = None
    ways: OneOfWays | None = None
    at: Clock | None = None
    opens: Clock | None = None
    closes: Clock | None = None
    on_sundays: bool | None = None
    shows_amounts: bool | None = None
    countries: Countries | None = None


class CustomerCadenceShape(BaseModel):
    """`is_on` false: no reminder of any kind. `steps`, `ways` null: as the merchant has it."""

    is_on: bool
    steps: list[int] | None
    ways: Ways | None


class CustomerCadenceChange(Body):
    """What is left out stays; null is "as the merchant has it"."""

    is_on: bool = True
    steps: Steps | None = None
    ways: OneOfWays | None = None


class StaffPhones(BaseModel):
    phones: list[str]


class StaffPhoneConfirmed(BaseModel):
    """`is_confirmed` false: another code, more than ten minutes old, or tried too often. Ask for a new one."""

    is_confirmed: bool
    phones: list[str]


class NewStaffPhone(Body):
    phone: Phone


class StaffPhoneCode(Body):
    """`code`: the four digits that were texted to the phone."""

    phone: Phone
    code: Annotated[str, StringConstraints(pattern=r"^[0-9]{4}$")]


@get("/cadence", answer=CadenceShape, tag=TAG)
def get_cadence(call: Call) -> CadenceShape:
    """When reminders go by themselves"""
    return _shape(cadence_of(call.ctx, _merchant(call)))


@patch("/cadence", answer=CadenceShape, body=CadenceChange, tag=TAG, scope=Scope.REMINDERS)
def update_cadence(call: Call, body: CadenceChange) -> CadenceShape:
    """Change when reminders go by themselves"""
    wanted: dict[str, Any] = body.model_dump(exclude_unset=True, exclude_none=True)
    wanted |= {name: time.fromisoformat(wanted[name]) for name in ("at", "opens", "closes") if name in wanted}
    if "ways" in wanted:
        wanted["ways"] = Ways(wanted["ways"])
    if "repeat_every" in wanted:
        wanted["repeat_every"] = wanted["repeat_every"] or None
    cadences.change(call.ctx, _live(call), wanted)
    return _shape(cadence_of(call.ctx, _merchant(call)))


@get("/customers/<customer_id>/cadence", answer=CustomerCadenceShape, tag=TAG)
def get_customer_cadence(call: Call, customer_id: str) -> CustomerCadenceShape:
    """What one customer has instead"""
    return _own_shape(cadences.of_customer(call.ctx, rows.find(call, Customer, customer_id)))


@patch(
    "/customers/<customer_id>/cadence",
    answer=CustomerCadenceShape,
    body=CustomerCadenceChange,
    tag=TAG,
    scope=Scope.REMINDERS,
)
def update_customer_cadence(call: Call, customer_id: str, body: CustomerCadenceChange) -> CustomerCadenceShape:
    """Change what one customer has instead"""
    customer = rows.find(call, Customer, customer_id, held=True)
    wanted: dict[str, Any] = body.model_dump(exclude_unset=True)
    if wanted.get("ways") is not None:
        wanted["ways"] = Ways(wanted["ways"])
    cadences.change_of(call.ctx, customer, wanted)
    return _own_shape(cadences.of_customer(call.ctx, customer))


@get("/staff_phones", answer=StaffPhones, tag=TAG)
def list_staff_phones(call: Call) -> StaffPhones:
    """Phones whose texts to the merchant's number are commands. In test mode there are none"""
    return StaffPhones(phones=list(_merchant(call).staff_phones) if call.caller.mode is Mode.LIVE else [])


@post("/staff_phones", answer=StaffPhones, body=NewStaffPhone, tag=TAG, scope=Scope.MONEY, status=202)
def add_staff_phone(call: Call, body: NewStaffPhone) -> StaffPhones:
    """Text a code to a phone. It is on the list once the code came back"""
    staff_phones.ask(call.ctx, _live(call), body.phone)
    return StaffPhones(phones=list(_merchant(call).staff_phones))


@post("/staff_phones/confirm", answer=StaffPhoneConfirmed, body=StaffPhoneCode, tag=TAG, scope=Scope.MONEY, status=200)
def confirm_staff_phone(call: Call, body: StaffPhoneCode) -> StaffPhoneConfirmed:
    """Put a phone on the list by the code that was texted to it"""
    merchant = _live(call)
    # Told, not refused: a refusal would undo the count of tries.
    is_right = staff_phones.confirm(call.ctx, merchant, body.phone, body.code)
    directory().forget()
    return StaffPhoneConfirmed(is_confirmed=is_right, phones=list(merchant.staff_phones))


@delete("/staff_phones/<phone>", tag=TAG, scope=Scope.MONEY)
def remove_staff_phone(call: Call, phone: str) -> None:
    """Take a phone off the list"""
    if call.caller.mode is not Mode.LIVE or not staff_phones.remove(call.ctx, _live(call), phone):
        raise DomainError("not_found")
    directory().forget()


def _merchant(call: Call) -> Merchant:
    return call.ctx.session.get_one(Merchant, call.caller.merchant_id)


def _live(call: Call) -> Merchant:
    if call.caller.mode is not Mode.LIVE:
        raise DomainError("only_live")
    return call.ctx.session.get_one(Merchant, call.caller.merchant_id, with_for_update=True)


def _shape(own: Cadence) -> CadenceShape:
    told = {name: getattr(own, name) for name in cadences.TOLD}
    return CadenceShape(**told | {name: told[name].strftime("%H:%M") for name in ("at", "opens", "closes")})


def _own_shape(own: CustomerCadence) -> CustomerCadenceShape:
    return CustomerCadenceShape(is_on=own.is_on, steps=own.steps, ways=own.ways)
