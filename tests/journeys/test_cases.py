"""What only the merchant can settle: each matter opens one case, quietens what it should, and is told once."""

from datetime import date

import sqlalchemy as sa

from bot import cases
from models.case import Case, CaseKind
from models.conversation import Promise
from tests.support import records
from tests.support.world import ALICE, ALICE_EMAIL, BOB, World


def opened(world: World) -> list[Case]:
    with world.runtime.read() as ctx:
        return list(ctx.session.scalars(sa.select(Case).where(Case.resolved_at.is_(None)).order_by(Case.id)))


def pauses(world: World, name: str, number: str | None = None) -> bool:
    invoice_id = records.invoice(world, number).id if number else None
    with world.runtime.read() as ctx:
        return cases.pauses_reminders(ctx, records.customer(world, name).id, invoice_id)


def quiet_until(world: World, number: str | None = None) -> date | None:
    invoice_id = records.invoice(world, number).id if number else None
    with world.runtime.read() as ctx:
        return cases.promised_until(ctx, records.customer(world, "Alice Adams").id, invoice_id)


def told(world: World) -> int:
    return len(world.mails_to("office@acme.example"))


def test_it_pauses_reminders_for_who_has_paid_already(world: World) -> None:
    phone = world.phone(ALICE)
    phone.proves(ALICE_EMAIL)
    phone.says("I already paid this last week")
    phone.hears("A person will look for your payment", "Reminders are paused")
    assert [case.kind for case in opened(world)] == [CaseKind.ALREADY_PAID]
    assert pauses(world, "Alice Adams")
    assert not pauses(world, "Bob Brown")


def test_it_pauses_for_a_phone_on_file_that_proved_nothing(world: World) -> None:
    world.phone(BOB).says("I already paid")
    assert pauses(world, "Bob Brown", "INV-2001")


def test_it_pauses_for_all_who_share_a_phone_that_proved_nothing(world: World) -> None:
    world.add_customer(world.merchants["acme"], "Adams Bakery", phones=[ALICE])
    world.phone(ALICE).says("I already paid")
    assert pauses(world, "Alice Adams")
    assert pauses(world, "Adams Bakery")
    assert not pauses(world, "Bob Brown")


def test_it_pauses_only_the_invoice_that_is_named(world: World) -> None:
    phone = world.phone(ALICE)
    phone.proves(ALICE_EMAIL)
    phone.says("the amount on INV-1051 is wrong")
    assert pauses(world, "Alice Adams", "INV-1051")
    assert not pauses(world, "Alice Adams", "INV-1042")


def test_it_opens_no_case_about_an_invoice_of_somebody_else(world: World) -> None:
    phone = world.phone(ALICE)
    phone.proves(ALICE_EMAIL)
    phone.says("INV-2001 is wrong")
    assert not pauses(world, "Bob Brown")


def test_it_opens_one_case_and_tells_once_however_often_it_is_said(world: World) -> None:
    inbox = world.inbox(ALICE_EMAIL)
    for _ in range(3):
        inbox.writes("I already paid this invoice")
        inbox.reads("Reminders are paused")
    assert len(opened(world)) == 1 == told(world)


def test_it_opens_one_case_for_both_channels(world: World) -> None:
    phone = world.phone(ALICE)
    phone.proves(ALICE_EMAIL)
    phone.says("this amount is wrong")
    world.inbox(ALICE_EMAIL).writes("This amount is wrong.")
    assert len(opened(world)) == 1 == told(world)


def test_it_opens_another_once_the_first_is_resolved(world: World) -> None:
    inbox = world.inbox(ALICE_EMAIL)
    inbox.writes("I already paid this invoice")
    with world.runtime.write() as ctx:
        cases.resolve_all(ctx, ctx.session.scalars(sa.select(Case)).all())
    assert not pauses(world, "Alice Adams")
    inbox.writes("I already paid this invoice")
    assert pauses(world, "Alice Adams")


def test_it_keeps_reminding_who_wants_a_person_or_a_refund(world: World) -> None:
    inbox = world.inbox(ALICE_EMAIL)
    inbox.writes("can I talk to someone")
    inbox.writes("I want a refund")
    assert [case.kind for case in opened(world)] == [CaseKind.PERSON_WANTED, CaseKind.REFUND_WISH]
    assert not pauses(world, "Alice Adams")


def test_it_opens_no_case_for_a_forged_sender(world: World) -> None:
    world.inbox(ALICE_EMAIL).writes("I already paid this invoice", proven=False)
    assert opened(world) == []


def test_it_is_quiet_until_the_day_that_was_promised(world: World) -> None:
    inbox = world.inbox(ALICE_EMAIL)
    inbox.writes("I'll pay Friday")
    inbox.reads("you will pay on Jun 26", "will not remind you before then")
    assert quiet_until(world) == date(2026, 6, 26)


def test_it_keeps_the_newest_promise(world: World) -> None:
    inbox = world.inbox(ALICE_EMAIL)
    inbox.writes("I'll pay Friday")
    inbox.writes("sorry, I will pay tomorrow")
    assert quiet_until(world) == world.clock.now().date().replace(day=world.clock.now().day + 1)


def test_it_is_quiet_only_about_the_invoice_promised(world: World) -> None:
    inbox = world.inbox(ALICE_EMAIL)
    inbox.writes("I'll pay INV-1051 on Friday")
    assert quiet_until(world, "INV-1051") == date(2026, 6, 26)
    assert quiet_until(world, "INV-1042") is None


def test_it_notes_a_promise_for_next_year_but_promises_no_quiet(world: World) -> None:
    inbox = world.inbox(ALICE_EMAIL)
    inbox.writes("I will pay on March 1")
    assert "remind" not in inbox.reads("you will pay on Mar 1").text
    with world.runtime.read() as ctx:
        assert ctx.session.scalars(sa.select(Promise)).one().promised_on == date(2027, 3, 1)
    assert quiet_until(world) is None


def test_it_keeps_the_promise_of_a_phone_on_file_that_proved_nothing(world: World) -> None:
    phone = world.phone(ALICE)
    phone.says("I'll pay Friday")
    phone.hears("you will pay on Jun 26", "reply with the email")
    assert quiet_until(world) == date(2026, 6, 26)


def test_it_keeps_no_promise_of_a_stranger(world: World) -> None:
    phone = world.phone("+15550100999")
    phone.says("I'll pay Friday")
    assert "Jun 26" not in str(phone.heard)
