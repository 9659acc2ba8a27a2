"""What people wrote is gone once it is as old as its merchant says: what stays, what others keep, and runs that are
killed in between."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from bot import delivery, forgetting
from models.audit import AuditEntry
from models.consent import Consent
from models.conversation import Conversation
from models.message import Direction, Message, MessageStatus, RemovedWhy
from models.received_mail import ReceivedMail
from models.retention import RetentionMark, months_before, months_between
from models.verification import Verification
from tests.support import records
from tests.support.members import MemberVisitor, enter
from tests.support.world import ALICE, ALICE_EMAIL, World
from web.cli import jobs

AGES = timedelta(days=18 * 31)


def messages(world: World, slug: str = "acme") -> list[Message]:
    own = Message.merchant_id == world.merchants[slug].id
    with world.runtime.read() as ctx:
        return list(ctx.session.scalars(sa.select(Message).where(own).order_by(Message.id)))


def rows(world: World, kind: type[Any]) -> list[Any]:
    with world.runtime.read() as ctx:
        return list(ctx.session.scalars(sa.select(kind)))


def talk(world: World) -> None:
    """With codes, a mail, and a refusal by text."""
    phone = world.phone(ALICE)
    phone.proves(ALICE_EMAIL)
    world.inbox(ALICE_EMAIL).writes("What do I owe?", subject="My bill")
    phone.says("STOP")
    world.settle_down()


def test_it_counts_months_by_the_calendar() -> None:
    now = datetime(2026, 3, 31, tzinfo=UTC)
    assert (months_before(now, 1).month, months_before(now, 1).day) == (2, 28)
    assert months_between(months_before(now, 18), now) == 18
    assert months_between(months_before(now, 18) + timedelta(days=4), now) == 17


def test_it_removes_old_words_and_keeps_that_they_were_said(world: World) -> None:
    talk(world)
    before, consents = messages(world), len(rows(world, Consent))
    with world.runtime.write() as ctx:
        ctx.session.add(_unreadable(before[0]))
    world.clock.advance(AGES)
    forgetting.forget_old_words(world.runtime)

    after = messages(world)
    told = [(m.id, m.kind, m.channel, m.their_address, m.status, m.created_at) for m in before]
    assert [(m.id, m.kind, m.channel, m.their_address, m.status, m.created_at) for m in after] == told
    assert {(m.body, m.subject, m.html, m.slots, m.headers, m.removed_why) for m in after} == {
        ("", None, None, None, None, RemovedWhy.AGE)
    }
    assert {one.raw for one in rows(world, ReceivedMail)} == {None}
    assert {one.email for one in rows(world, Verification)} == {""}
    assert len(rows(world, Consent)) == consents > 0
    phone = world.phone(ALICE)
    said = len(phone.receives())
    phone.says("hi")
    assert len(phone.receives()) == said  # still refused


def _unreadable(message: Message) -> ReceivedMail:
    kept = {"identifier": "x", "checksum": "x", "is_authenticated": False, "raw": b"From: alice"}
    return ReceivedMail(message_id=message.id, merchant_id=message.merchant_id, **kept)


def test_it_keeps_to_each_merchants_own_months(world: World) -> None:
    for slug in ("acme", "globex"):
        world.phone("+15550170", world.merchants[slug]).says("hi")
    with world.runtime.write() as ctx:
        ctx.session.get_one(type(world.merchants["acme"]), world.merchants["acme"].id).retention_months = 3
    world.clock.advance(timedelta(days=93))
    world.phone("+15550171").says("hello")
    forgetting.forget_old_words(world.runtime)
    assert [bool(m.body) for m in messages(world) if m.direction is Direction.IN] == [False, True]
    assert all(m.body for m in messages(world, "globex"))


def test_a_killed_run_goes_on_where_it_stopped(world: World) -> None:
    for number in range(3):
        world.phone(f"+1555017{number}").says("hi")
    world.clock.advance(AGES)
    acme = world.merchants["acme"].id
    with world.runtime.write() as ctx:
        forgetting.step(ctx, acme, world.clock.now(), forgetting.WALKS[0], batch=2)
    first = messages(world)
    assert [m.removed_at is not None for m in first] == [True, True, *[False] * (len(first) - 2)]
    world.clock.advance(timedelta(days=1))

    forgetting.forget_old_words(world.runtime, batch=2)
    assert forgetting.forget_old_words(world.runtime) == 0
    after = messages(world)
    assert all(m.removed_at is not None for m in after)
    assert [m.removed_at for m in after[:2]] == [m.removed_at for m in first[:2]]
    with world.runtime.read() as ctx:
        assert ctx.session.get_one(RetentionMark, (acme, "message")).through_id == after[-1].id


def test_it_sends_nothing_without_words(world: World) -> None:
    acme = world.merchants["acme"]
    with world.runtime.write() as ctx:
        fields = {"merchant_id": acme.id, "kind": "receipt", "our_address": acme.number, "their_address": ALICE}
        waits = Message(**fields, direction="out", channel="sms", body="Paid", status="queued", route="messenger")
        failed = Message(**fields, direction="out", channel="sms", body="Paid", status="failed", route="messenger")
        waits.created_at = failed.created_at = ctx.clock.now()
        ctx.session.add_all([waits, failed])
    world.clock.advance(AGES)
    forgetting.forget_old_words(world.runtime)

    assert delivery.send(world.runtime, waits.id) == "nothing to do"
    assert world.fetch(Message, waits.id).status is MessageStatus.CANCELLED
    with world.client.application.app_context():
        told = world.client.application.test_cli_runner().invoke(jobs.group, ["retry", failed.public_id])
    assert "nothing to send again" in told.output
    owner = enter(world)
    owner.opens("/console/failures")
    owner.sends(f"/console/failures/{failed.public_id}", act="again")
    assert len([m for m in messages(world) if m.kind == "receipt"]) == 2
    assert world.phone(ALICE).receives() == []


def test_the_trail_forgets_people_and_nothing_else(world: World) -> None:
    owner = enter(world)
    alice = records.customer(world, "Alice Adams")
    here = f"/console/customers/{alice.public_id}"
    owner.opens(here)
    owner.sends(f"{here}/addresses", address="alice@new.example")
    owner.opens("/console/settings/retention")
    owner.sends("/console/settings/retention", months="6")
    world.clock.advance(timedelta(days=6 * 31))
    forgetting.forget_old_words(world.runtime)

    entries = {one.action: one for one in rows(world, AuditEntry)}
    added, changed = entries["customer.address_added"], entries["settings.retention_changed"]
    assert (added.label, added.before, added.after) == ("", None, None)
    assert (added.actor, added.subject_id) == ("Owner of Acme", alice.public_id)
    assert changed.after == {"months": 6}


def test_the_database_lets_the_trail_be_blanked_only(world: World) -> None:
    with world.runtime.write() as ctx:
        entry = AuditEntry(merchant_id=world.merchants["acme"].id, actor="Olga", action="x", label="Alice", network="")
        entry.created_at = ctx.clock.now()
        ctx.session.add(entry)
    for change in (
        "UPDATE audit_entry SET label = 'x', before = NULL, after = NULL",
        "UPDATE audit_entry SET label = '', after = '{}'",
        "UPDATE audit_entry SET label = '', before = NULL, after = NULL, actor = 'nobody'",
        "DELETE FROM audit_entry",
    ):
        with pytest.raises(sa.exc.IntegrityError, match="append-only"), world.runtime.write() as ctx:
            ctx.session.execute(sa.text(change))


# --- what people see -------------------------------------------------------------------------------------------------
def test_the_thread_says_that_words_were_removed(world: World) -> None:
    world.phone(ALICE).says("agent")
    thread = messages(world)[0].conversation_id
    world.clock.advance(AGES)
    forgetting.forget_old_words(world.runtime)
    owner = enter(world)
    owner.opens("/console/messages")
    owner.sees("Removed after 18 months")
    owner.opens(f"/console/messages/{world.fetch(Conversation, thread or 0).public_id}")
    told = [m for m in messages(world) if m.conversation_id == thread]
    assert owner.page.text.count("Removed after 18 months") == len(told) > 1


def test_it_says_how_long_words_may_be_kept(world: World) -> None:
    owner: MemberVisitor = enter(world)
    owner.opens("/console/settings/retention")
    for typed in ("2", "121", "soon", "", "\u0663", "-6"):
        assert owner.sends("/console/settings/retention", months=typed).status_code == 422
        owner.sees("from 3 to 120")
