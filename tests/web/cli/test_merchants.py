"""`flask merchants`: from nothing to a business that answers texts, without a line of SQL."""

import pytest
import sqlalchemy as sa
from click.testing import Result

from models.member import Member, Role
from models.merchant import ApiKey, Merchant
from tests.support.members import MemberVisitor, trail
from tests.support.world import ALICE, World
from web.services import directory

NEW = (
    *(
        "merchants",
        "add",
        "plumb-co",
        "--name",
        "Plumb Co",
        "--email",
        "office@plumb.example",
        "--phone",
        "206-555-0142",
    ),
    *("--address", "1 Main Street, Seattle, WA 98101", "--timezone", "America/Los_Angeles"),
    *("--owner", "Rosa@Plumb.example"),
)
SID, TOKEN = "AC" + "0a" * 16, "9f" * 16


def run(world: World, *words: str, typed: str = "") -> Result:
    runner = world.client.application.test_cli_runner()
    return runner.invoke(args=list(words), input=typed, env={"COLUMNS": "200"})


def forget(world: World) -> None:
    """As five seconds would: what is kept of merchants is read anew."""
    with world.client.application.app_context():
        directory().forget()


def merchant(world: World, slug: str = "plumb-co") -> Merchant:
    with world.runtime.read() as ctx:
        return ctx.session.scalars(sa.select(Merchant).where(Merchant.slug == slug)).one()


def test_it_founds_a_merchant_whose_owner_can_sign_in(world: World) -> None:
    assert run(world, *NEW).exit_code == 0
    with world.runtime.read() as ctx:
        owner = ctx.session.scalars(sa.select(Member).where(Member.merchant_id == merchant(world).id)).one()
    assert (owner.email, owner.role, merchant(world).phone) == ("rosa@plumb.example", Role.OWNER, "+12065550142")
    visitor = MemberVisitor(world)
    visitor.gives_email("rosa@plumb.example")
    visitor.sends("/console/sign-in/code", code=world.code_for("rosa@plumb.example"))
    visitor.follows()
    visitor.sees("authenticator")


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("plumb-co", "Plumb Co", "small letters"),
        ("plumb-co", "acme", "this slug already"),
        ("America/Los_Angeles", "Mars/Olympus", "time zone"),
        ("206-555-0142", "12", "phone"),
        ("Rosa@Plumb.example", "rosa", "email"),
    ],
)
def test_it_founds_nothing_on_what_it_does_not_understand(world: World, old: str, new: str, words: str) -> None:
    result = run(world, *(new if word == old else word for word in NEW))
    assert (result.exit_code, words in result.output) == (1, True), result.output
    with world.runtime.read() as ctx:
        assert ctx.session.scalars(sa.select(sa.func.count()).select_from(Merchant)).one() == 2


def test_it_connects_a_number_that_answers(world: World) -> None:
    run(world, *NEW)
    assert run(world, "merchants", "connect", "plumb-co", "number", "206-555-0177").exit_code == 0
    account = ("merchants", "connect", "plumb-co", "twilio_account_sid", SID, "--with-token")
    assert run(world, *account, typed=f"{TOKEN}\n").exit_code == 0
    forget(world)
    phone = world.phone(ALICE, merchant(world))
    phone.says("hi")
    phone.hears("Plumb Co")


def test_it_wants_no_secret_on_the_command_line(world: World) -> None:
    result = run(world, "merchants", "connect", "acme", "twilio_auth_token", TOKEN)
    assert (result.exit_code, "is a secret" in result.output) == (2, True)


def test_it_shows_no_secret(world: World) -> None:
    run(world, "merchants", "connect", "acme", "mailgun", typed="a-signing-key-of-mailgun\n")
    shown = run(world, "merchants", "show", "acme").output
    kept = merchant(world, "acme")
    assert "pay@acme.example" in shown
    assert not [
        secret for secret in (kept.twilio_auth_token, kept.email_secrets["mailgun"]) if secret and secret in shown
    ]
    assert kept.email_secrets["mailgun"] == "a-signing-key-of-mailgun"


def test_it_takes_no_number_from_another(world: World) -> None:
    taken = merchant(world, "globex").number
    result = run(world, "merchants", "connect", "acme", "whatsapp_number", "206-555-0177")
    assert result.exit_code == 0
    result = run(world, "merchants", "connect", "globex", "whatsapp_number", "206-555-0177")
    assert (result.exit_code, merchant(world, "globex").number) == (1, taken)


def test_it_opens_a_door_and_makes_a_key(world: World) -> None:
    url = run(world, "merchants", "door", "acme", "mailgun").output.strip()
    assert url.endswith(
        f"/webhooks/email/mailgun/acme?secret={merchant(world, 'acme').email_secrets['mailgun_secret']}"
    )
    text = run(world, "merchants", "key", "acme", "--label", "books", "--scope", "read").output.strip()
    with world.runtime.read() as ctx:
        key = ctx.session.scalars(sa.select(ApiKey)).one()
    assert key.accepts(text.split("_", 3)[3])
    assert [(entry.actor, entry.action) for entry in trail(world)] == [
        ("operator", "settings.channels_changed"),
        ("operator", "key.made"),
    ]


def test_it_suspends_and_activates(world: World) -> None:
    run(world, "merchants", "suspend", "acme")
    forget(world)
    assert world.client.get("/m/acme").status_code == 404
    run(world, "merchants", "activate", "acme")
    forget(world)
    assert world.client.get("/m/acme").status_code == 200


def test_it_notes_who_answers_for_the_invoices(world: World) -> None:
    run(world, *NEW)
    assert "not attested" in run(world, "merchants", "list").output
    assert run(world, "merchants", "attest", "plumb-co").exit_code == 2
    refused = run(world, "merchants", "attest", "plumb-co", "--by", "Rosa Plumb", typed="n\n")
    assert (refused.exit_code, merchant(world).is_attested) == (1, False)
    asked = run(world, "merchants", "attest", "plumb-co", "--by", "Rosa Plumb", typed="y\n")
    assert "have bought no debts from others" in asked.output
    assert merchant(world).attested_by == "Rosa Plumb"
    run(world, "merchants", "attest", "plumb-co", "--withdraw")
    assert not merchant(world).is_attested
    actions = [entry.action for entry in trail(world)]
    assert actions == ["merchant.added", "merchant.attested", "merchant.attestation_withdrawn"]


def test_it_founds_one_that_is_attested(world: World) -> None:
    run(world, *NEW, "--attested-by", "Rosa Plumb")
    assert (merchant(world).attested_by, merchant(world).attested_version) == ("Rosa Plumb", 1)
