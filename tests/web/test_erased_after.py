"""The day after a customer was erased, and the very moment: nothing brings them back, nobody else loses anything."""

from datetime import timedelta

import sqlalchemy as sa

from bot import delivery, erasing
from models.conversation import Conversation, Proof
from models.customer import Channel, ContactPoint
from models.merchant import Mode
from models.message import Message, MessageStatus
from models.payment import Method, Payment
from models.saved_account import SavedAccount
from payments import audit
from payments.gateways.troubles import Trouble
from tests.support import records
from tests.support.erasure import alice_of, counts, erase, pay, settle, written
from tests.support.members import enter
from tests.support.program import program
from tests.support.world import ALICE, ALICE_EMAIL, BOB_EMAIL, World
from web import jobs


# --- the day after ----------------------------------------------------------------------------------------------------
def test_whoever_texts_from_that_phone_is_a_stranger(world: World) -> None:
    phone = world.phone(ALICE)
    phone.proves(ALICE_EMAIL)
    settle(world)
    alice = alice_of(world)
    erase(world, alice)
    before = counts(world, alice)
    world.advance(days=1)
    phone.says("what do I owe?")
    phone.hears("email")
    phone.says(ALICE_EMAIL)
    world.inbox(ALICE_EMAIL).writes("What do I owe?", subject="My bill")
    world.settle_down()
    assert counts(world, alice) == before
    with world.runtime.read() as ctx:
        fresh = ctx.session.scalars(sa.select(Conversation).where(Conversation.address == ALICE)).all()
    assert [thread.customer_id for thread in fresh if thread.merchant_id == alice.merchant_id] == [None]
    other = world.phone(ALICE, world.merchants["globex"])
    other.proves(ALICE_EMAIL)
    other.hears("777.00")


def test_a_return_on_day_45_is_booked_and_told_to_the_merchant_alone(world: World) -> None:
    thread = world.phone(ALICE)
    thread.proves(ALICE_EMAIL)
    with world.runtime.read() as ctx:
        conversation = ctx.session.scalars(sa.select(Conversation.id).where(Conversation.address == ALICE)).one()
    paid = pay(world, conversation_id=conversation)
    name = erase(world, alice_of(world))
    said, mails = len(thread.receives()), len(world.mails_to(ALICE_EMAIL))
    world.clock.advance(timedelta(days=45))
    world.bank.send_back(paid.public_id, "R10")
    world.settle_down()

    assert world.fetch(Payment, paid.id).status == "returned"
    assert records.invoice(world, "INV-1042").balance_minor == 128_450
    assert (len(thread.receives()), len(world.mails_to(ALICE_EMAIL))) == (said, mails)
    assert world.mails_to("office@acme.example")[-1].subject == f"A bank payment came back: $1,284.50, {name}"
    with world.runtime.read() as ctx:
        assert audit.verify(ctx.session) == []
        assert ctx.session.get_one(Payment, paid.id).method_label is None
    jobs.run_due(world.runtime)
    world.settle_down()
    assert (len(thread.receives()), len(world.mails_to(ALICE_EMAIL))) == (said, mails)


def test_an_import_makes_somebody_new_and_still_keeps_to_the_refusal(world: World) -> None:
    world.phone(ALICE).says("STOP")
    settle(world)
    alice = alice_of(world)
    erase(world, alice)
    acme = program(world)
    again = acme.post("/customers", {"name": "Alice Adams", "emails": [ALICE_EMAIL], "phones": [ALICE]})
    assert again.status == 201
    assert again.json["id"] != alice.public_id
    by_phone = {point["channel"]: point for point in again.json["contact_points"]}["sms"]
    assert by_phone["opted_out"]
    refused = acme.post(f"/contact_points/{by_phone['id']}/consents", {"act": "granted"})
    assert refused.json["code"] == "opted_out"


def test_nothing_can_be_added_to_whoever_was_erased(world: World) -> None:
    settle(world)
    alice, acme, owner = alice_of(world), program(world), enter(world)
    here = f"/console/customers/{alice.public_id}"
    owner.opens(here)
    name = erase(world, alice)
    due = {"due_on": "2026-12-01", "total_minor": 100, "number": "X-1"}
    for told in (
        acme.post(f"/customers/{alice.public_id}/contact_points", {"channel": "email", "address": ALICE_EMAIL}),
        acme.patch(f"/customers/{alice.public_id}", {"name": "Alice"}),
        acme.post("/invoices", due | {"customer_id": alice.public_id}),
    ):
        assert (told.status, told.json["code"]) == (409, "customer_erased")
    assert owner.sends(f"{here}/file", name="Alice Adams").status_code == 404
    owner.opens(here)
    owner.sees(name, "Erased", "What is left explains money")
    assert "Take it off file" not in owner.words
    owner.opens("/console/messages")
    assert ALICE not in owner.page.text


# --- at the same moment -----------------------------------------------------------------------------------------------
def test_a_message_that_is_leaving_is_never_sent_again(world: World) -> None:
    settle(world)
    alice = alice_of(world)
    with world.runtime.write() as ctx:
        own = {"merchant_id": alice.merchant_id, "customer_id": alice.id, "direction": "out", "channel": "sms"}
        kinds = {
            "kind": "receipt",
            "our_address": "+15550199",
            "their_address": ALICE,
            "body": "Paid",
            "route": "messenger",
        }
        leaving = Message(**own, **kinds, status="sending", attempt=1, created_at=ctx.clock.now())
        waiting = Message(**own, **kinds, status="queued", created_at=ctx.clock.now())
        ctx.session.add_all([leaving, waiting])
    claim = delivery.Claim(leaving.id, alice.merchant_id, 1, "receipt", None)  # type: ignore[arg-type]
    erase(world, alice)

    delivery._record(world.runtime, claim, "SM123")  # the worker comes back from the carrier
    assert (world.fetch(Message, leaving.id).status, world.fetch(Message, leaving.id).body) == (MessageStatus.SENT, "")
    assert world.fetch(Message, waiting.id).status is MessageStatus.CANCELLED
    for row in (leaving, waiting):
        assert delivery.send(world.runtime, row.id) == "nothing to do"


def test_a_notice_of_the_very_moment_names_nobody_either(world: World) -> None:
    """Written by a turn that the erasure had to wait for, after it had looked for such notices."""
    phone = world.phone(ALICE)
    phone.proves(ALICE_EMAIL)
    settle(world)
    alice, looked_at = alice_of(world), world.clock.now()
    phone.says("agent")
    notice = world.mails_to("office@acme.example")[-1].subject
    with world.runtime.write() as ctx:
        erasing._erase(ctx, alice.id, [], looked_at, lambda *_: None)
    assert "Alice Adams" in notice
    assert "Alice Adams" not in written(world, "acme")["message"]


def test_whoever_shares_the_phone_keeps_the_thread(world: World) -> None:
    """Bob has Alice's phone on file as well: what he said is his."""
    bob = records.customer(world, "Bob Brown")
    with world.runtime.write() as ctx:
        own = {"merchant_id": bob.merchant_id, "customer_id": bob.id, "channel": Channel.SMS, "address": ALICE}
        ctx.session.add(ContactPoint(**own, created_at=ctx.clock.now()))
    phone = world.phone(ALICE)
    phone.proves(BOB_EMAIL)
    phone.says("LIST")
    settle(world)
    erase(world, alice_of(world))
    with world.runtime.read() as ctx:
        thread = ctx.session.scalars(sa.select(Conversation).where(Conversation.address == ALICE)).one()
        bodies = ctx.session.scalars(sa.select(Message.body).where(Message.customer_id == bob.id)).all()
        proofs = ctx.session.scalars(sa.select(Proof).where(Proof.customer_id == bob.id)).all()
    assert thread.customer_id == bob.id
    assert bodies
    assert all(bodies)
    assert [proof.ended_at for proof in proofs] == [None]
    phone.says("LIST")
    phone.hears("INV-2001")


def test_saved_accounts_go_at_the_provider_too_even_after_a_crash(world: World) -> None:
    settle(world)
    alice = alice_of(world)
    with world.runtime.write() as ctx:
        own = {"merchant_id": alice.merchant_id, "customer_id": alice.id, "mode": Mode.LIVE, "provider": "sandbox"}
        account = SavedAccount(**own, token="tok", method=Method.BANK, name="First Harbor", last4="6789")
        account.created_at = ctx.clock.now()
        ctx.session.add(account)
    world.bank.troubles.cause(Trouble.DOWN, 1)
    erase(world, alice)
    assert world.fetch(SavedAccount, account.id).token == "tok"
    world.bank.troubles.end(Trouble.DOWN)
    jobs.forget(world.runtime)
    kept = world.fetch(SavedAccount, account.id)
    assert (kept.token, kept.name, kept.last4, kept.is_usable) == (f"erased:{kept.public_id}", "", "", False)


def test_a_customer_in_test_mode_is_erased_alike(world: World) -> None:
    made = records.customer_in_test_mode(world, "Tess Tester")
    before = written(world, "acme")["conversation"]
    told = program(world, mode=Mode.TEST).post(f"/customers/{made.public_id}/erase")
    assert told.json["name"].startswith("Erased customer ")
    assert written(world, "acme")["conversation"] == before
