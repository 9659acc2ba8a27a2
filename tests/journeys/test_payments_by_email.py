"""What a payment became, told by email: on its way, arrived, failed, sent back; and never twice for one thing."""

from uuid import uuid4

import sqlalchemy as sa

from models.conversation import Conversation
from models.payment import Method
from payments import begin, links
from tests.support import records
from tests.support.inbox import Inbox
from tests.support.world import ALICE_EMAIL, World


def asks_to_pay(world: World) -> Inbox:
    inbox = world.inbox(ALICE_EMAIL)
    inbox.writes("pay INV-1042")
    return inbox


def pays(world: World, method: Method, choice: str, institution: str | None = None) -> None:
    """With the link that the newest email thread was sent."""
    with world.runtime.read() as ctx:
        thread = ctx.session.scalars(sa.select(Conversation).order_by(Conversation.id.desc())).first()
    path = records.link(world, "INV-1042", conversation_id=thread.id if thread else None)
    token = path.removeprefix("/p/")
    with world.runtime.read() as ctx:
        total = links.read(ctx, token).total
    begun = begin.begin(world.runtime, token, method, idempotency_key=uuid4().hex, shown_total=total)
    world.bank.confirm(str(begun.redirect_url).rpartition("/")[2], choice, institution)
    world.settle_down()


def subjects(inbox: Inbox) -> list[str]:
    return [mail.subject for mail in inbox.received()][1:]


def test_it_says_that_a_bank_payment_is_on_its_way_and_then_that_it_arrived(world: World) -> None:
    inbox = asks_to_pay(world)
    pays(world, Method.BANK, "checking", "first-harbor")
    world.advance(days=7)
    assert subjects(inbox) == ["Your bank payment of $1,284.50 is on its way", "Receipt: $1,284.50 to Acme"]


def test_it_tells_who_writes_by_email_of_a_declined_card_with_a_new_link(world: World) -> None:
    inbox = asks_to_pay(world)
    pays(world, Method.CARD, "declined")
    [mail] = inbox.received()[1:]
    assert mail.subject == "Your payment of $1,284.50 did not go through"
    assert "/p/" in mail.text


def test_it_answers_what_is_written_in_reply_to_a_receipt(world: World) -> None:
    inbox = asks_to_pay(world)
    pays(world, Method.CARD, "visa")
    receipt = inbox.received()[-1]
    assert "+t." in receipt.headers["Reply-To"]
    inbox.writes("what else do I owe?", {"In-Reply-To": receipt.headers["Message-ID"]})
    inbox.reads("2 open invoices")


def test_it_tells_of_a_bank_payment_that_failed_on_its_way(world: World) -> None:
    inbox = asks_to_pay(world)
    pays(world, Method.BANK, "savings", "first-harbor")
    world.advance(days=7)
    started, failed = inbox.received()[1:]
    assert (started.subject, failed.subject) == (
        "Your bank payment of $1,284.50 is on its way",
        "Your payment of $1,284.50 did not go through",
    )
