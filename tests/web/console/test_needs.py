"""What waits for a person: everything is listed, leads to where it is settled, and is nobody else's."""

import pytest
import sqlalchemy as sa

from models.base import Base
from models.case import Case, CaseKind
from models.customer import Channel, ContactPoint
from models.ledger import Account
from models.message import Message, MessageStatus
from models.payment import Payment, PaymentStatus
from models.ports import FailedJob
from payments import ledger
from tests.support import records
from tests.support.members import MemberVisitor, enter, trail
from tests.support.world import ALICE, ALICE_EMAIL, World


@pytest.fixture
def staff(world: World) -> MemberVisitor:
    return enter(world)


def first(world: World, kind: type[Base]) -> Base:
    with world.runtime.read() as ctx:
        return ctx.session.scalars(sa.select(kind)).first() or pytest.fail("none")


def closes(staff: MemberVisitor, case: Case, note: str) -> None:
    staff.opens("/console/needs")
    staff.sends(f"/console/needs/cases/{case.public_id}", note=note)
    staff.follows()


def test_it_closes_a_case_with_a_note_once(world: World, staff: MemberVisitor) -> None:
    phone = world.phone(ALICE)
    phone.proves(ALICE_EMAIL)
    phone.says("the amount is wrong")
    staff.opens("/console")
    staff.sees("Says the amount is wrong", "Settle them")
    case = first(world, Case)
    assert isinstance(case, Case)
    closes(staff, case, "Agreed on $1,000 by phone")
    closes(enter(world), case, "Another tab")
    after = world.fetch(Case, case.id)
    assert (after.note, after.resolved_by) == ("Agreed on $1,000 by phone", "Owner of Acme")
    [entry] = [one for one in trail(world) if one.action == "case.resolved"]
    assert (entry.after or {})["note"] == after.note


def test_it_tells_of_a_wrong_number(world: World, staff: MemberVisitor) -> None:
    world.phone(ALICE).says("wrong number, stop texting me")
    case = first(world, Case)
    assert isinstance(case, Case)
    assert case.kind is CaseKind.WRONG_NUMBER
    staff.opens("/console/needs")
    staff.sees("Wrong number", "Alice Adams", "put the right number on file")


def test_it_puts_credit_on_what_is_due_longest(world: World, staff: MemberVisitor) -> None:
    alice = records.customer(world, "Alice Adams")
    with world.runtime.write() as ctx:
        lines = [ledger.Line(Account.CASH, 130_000), ledger.Line(Account.CREDIT, -130_000)]
        ledger.post(ctx, records.invoice(world, "INV-1042"), "USD", lines)
    staff.opens("/console/needs")
    staff.sees("Unapplied credit: $1,300.00")
    for _ in range(2):
        staff.sends(f"/console/needs/credit/{alice.public_id}")
        staff.follows()
    assert records.invoice(world, "INV-1042").balance_minor == 0
    assert records.invoice(world, "INV-1051").balance_minor == 64_000 - (130_000 - 128_450)
    assert trail(world)[-1].after == {"INV-1042": "1284.50 USD", "INV-1051": "15.50 USD"}


def test_it_lists_what_is_unclear_and_who_cannot_be_reached(world: World, staff: MemberVisitor) -> None:
    records.pay(world, "INV-1060")
    with world.runtime.write() as ctx:
        ctx.session.execute(sa.update(Payment).values(status=PaymentStatus.UNKNOWN))
        point = ctx.session.scalars(sa.select(ContactPoint).where(ContactPoint.channel == Channel.EMAIL)).first()
        assert point is not None
        point.bad_since_at = world.clock.now()
    staff.opens("/console/needs")
    staff.sees("Payment unclear", "Alice Adams", "No code reaches them", "so they cannot sign in")


def test_it_lists_its_own_failed_jobs_only_and_runs_them_again(world: World, staff: MemberVisitor) -> None:
    staff.opens("/console/import")
    phone = world.phone(ALICE)
    phone.proves(ALICE_EMAIL)
    message = first(world, Message)
    jobs = world.jobs
    jobs.failures += [
        FailedJob("msg-1", "send_message", "KeyError at x.py:1", (message.id,)),  # type: ignore[attr-defined]
        FailedJob("janitor-1", "janitor", "KeyError at y.py:1"),
    ]
    staff.opens("/console")
    staff.sees("Sending a message", "Something did not run")
    staff.opens("/console/failures")
    staff.sees("Work that did not run", "KeyError at x.py:1")
    assert "janitor" not in staff.page.text.lower()
    globex = enter(world, "globex")
    for job_id in ("msg-1", "janitor-1"):
        globex.opens("/console/failures")
        assert globex.sends(f"/console/failures/jobs/{job_id}", act="discard").status_code == 404
    staff.opens("/console/failures")
    staff.sends("/console/failures/jobs/msg-1", act="again")
    assert [job.job_id for job in jobs.failures] == ["janitor-1"]
    assert trail(world)[-1].action == "job.retried"


def test_it_forgets_what_was_put_aside(world: World, staff: MemberVisitor) -> None:
    phone = world.phone(ALICE)
    phone.proves(ALICE_EMAIL)
    with world.runtime.write() as ctx:
        message = ctx.session.scalars(sa.select(Message).where(Message.kind == "list_page")).one()
        message.status, message.error_code = MessageStatus.FAILED, "30003"
    staff.opens("/console")
    staff.sees("Text failed")
    runner = world.client.application.test_cli_runner()
    assert "Discarded" in runner.invoke(args=["jobs", "discard", message.public_id]).output
    staff.opens("/console")
    assert "Text failed" not in staff.words
