"""How a business is reached, set up by its owner: right or not at all, secrets never shown, nothing of others taken."""

import re

import pytest

from models.member import Role
from models.merchant import Merchant
from tests.support.members import MemberVisitor, enter, trail
from tests.support.world import World

SET_UP = "/console/settings/connections/set-up"
SID, TOKEN = "AC" + "0a" * 16, "9f" * 16
FORM = {
    "number": "(206) 555-0100",
    "twilio_account_sid": SID,
    "twilio_auth_token": TOKEN,
    "inbound_email": "Pay@Acme.example",
    "whatsapp_templates": "receipt en HX" + "1b" * 16,
}

MAIL = b"From: rosa@elsewhere.example\r\nTo: pay@acme.example\r\nMessage-ID: <1@x>\r\nSubject: hi\r\n\r\nhello\r\n"


@pytest.fixture
def owner(world: World) -> MemberVisitor:
    return enter(world)


def acme(world: World) -> Merchant:
    found: Merchant = world.fetch(Merchant, world.merchants["acme"].id)
    return found


def saves(owner: MemberVisitor, **form: str) -> int:
    owner.opens(SET_UP)
    return owner.sends(SET_UP, **form).status_code


def test_it_sets_up_how_the_business_is_reached(world: World, owner: MemberVisitor) -> None:
    assert saves(owner, **FORM) == 303
    after = acme(world)
    assert (after.number, after.twilio_account_sid, after.twilio_auth_token) == ("+12065550100", SID, TOKEN)
    assert (after.inbound_email, after.whatsapp_templates) == (
        "pay@acme.example",
        {"receipt": {"en": "HX" + "1b" * 16}},
    )


def test_it_never_shows_a_secret(world: World, owner: MemberVisitor) -> None:
    saves(owner, **FORM)
    owner.opens(SET_UP)
    kept = acme(world)
    assert [secret for secret in (TOKEN, *kept.email_secrets.values()) if secret in owner.page.text] == [
        kept.email_secrets["mime_authserv_id"]
    ]
    assert TOKEN not in str([(entry.before, entry.after) for entry in trail(world)])


def test_it_keeps_a_secret_that_is_left_empty(world: World, owner: MemberVisitor) -> None:
    saves(owner, **FORM)
    assert saves(owner, **FORM | {"twilio_auth_token": ""}) == 303
    assert acme(world).twilio_auth_token == TOKEN


@pytest.mark.parametrize(
    ("form", "words"),
    [
        ({"number": "12"}, "Enter a phone number like"),
        ({"number": "+12065550199"}, "Another business uses this already"),
        ({"inbound_email": "pay@globex.example"}, "Another business uses this already"),
        ({"twilio_account_sid": "AC12"}, "Enter the account as Twilio shows it"),
        ({"twilio_auth_token": ""}, "Enter the auth token of this account"),
        ({"whatsapp_templates": "receipt en"}, "One a line"),
        ({"sendgrid_key": "nonsense"}, "Enter the public key"),
        (
            {"twilio_account_sid": "", "twilio_auth_token": "", "remove_twilio_auth_token": "1"},
            "your own Twilio account",
        ),
    ],
)
def test_it_changes_nothing_when_something_is_wrong(
    world: World, owner: MemberVisitor, form: dict[str, str], words: str
) -> None:
    with world.runtime.write() as ctx:
        ctx.session.get_one(Merchant, world.merchants["globex"].id).number = "+12065550199"
    before = acme(world).number
    assert saves(owner, **FORM | form) == 422
    owner.sees(words)
    assert acme(world).number == before


def test_it_shares_an_account_only_with_who_knows_its_token(world: World, owner: MemberVisitor) -> None:
    with world.runtime.write() as ctx:
        globex = ctx.session.get_one(Merchant, world.merchants["globex"].id)
        globex.twilio_account_sid, globex.twilio_auth_token = SID, "7e" * 16
    assert saves(owner, **FORM) == 422
    assert saves(owner, **FORM | {"twilio_auth_token": "7e" * 16}) == 303


def test_it_opens_a_door_for_mail_and_closes_the_one_before(world: World, owner: MemberVisitor) -> None:
    old = acme(world).email_secrets["mime"]
    owner.opens(SET_UP)
    owner.sends(f"{SET_UP}/door", vendor="mime")
    drawn = re.search(r"X-Webhook-Secret: ([\w-]{32})<", owner.page.text)
    assert drawn
    owner.opens(SET_UP)
    assert drawn[1] not in owner.page.text
    answers = [knocks(world, secret) for secret in (old, drawn[1])]
    assert answers == [403, 200]


def knocks(world: World, secret: str) -> int:
    headers = {"X-Webhook-Secret": secret, "Content-Type": "message/rfc822"}
    return world.client.post("/webhooks/email/mime/acme", data=MAIL, headers=headers).status_code


@pytest.mark.parametrize("role", [Role.STAFF, Role.VIEWER])
def test_it_is_the_owners_alone(world: World, role: Role) -> None:
    assert enter(world, role=role).opens(SET_UP).status_code == 403
