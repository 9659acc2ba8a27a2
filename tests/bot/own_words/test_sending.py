"""From the merchant's words to the customer's phone: as the dry run shows them, to nobody else's customers, and what
was sent stays as it was sent."""

import pytest
import sqlalchemy as sa

from bot.own_words import catalogue, keeping
from bot.reminders import releasing
from models.cadence import Ways
from models.conversation import Conversation
from models.errors import DomainError
from models.merchant import Merchant
from models.message import Message
from models.template import TemplateVersion
from tests.bot.own_words.conftest import Save
from tests.support import records
from tests.support.dunning import MIAMI, Desk
from tests.support.world import ALICE, World
from web.jobs import JOBS

LATE = "{merchant}: dear {customer}, {invoice}[ over {amount}] was due {due}. {link} {stop}"


def test_it_sends_exactly_what_the_dry_run_showed(desk: Desk, save: Save) -> None:
    carol = desk.customer()
    desk.owes(carol, "INV-7")
    save("remind_after", LATE)
    [row] = [row for row in desk.plan().rows if row.name == "Carol Cruz"]
    shown = str(row.text).partition("http")[0]
    assert shown == "Acme: dear Carol Cruz, INV-7 over $120.00 was due Jun 12. "
    desk.press()
    desk.world.advance(minutes=2)
    [text] = desk.texts_to(MIAMI)
    assert text.startswith(shown)
    assert text.endswith(" STOP to opt out.")


def test_it_shows_and_sends_the_same_letter(desk: Desk, save: Save) -> None:
    carol = desk.customer(phone=None)
    desk.owes(carol, "INV-7")
    save(
        "remind_after_email",
        subject="{invoice} slipped by",
        opening="Dear {customer}, \u00bftodo bien? <b>{amount}</b>",
    )
    [row] = [row for row in desk.plan().rows if row.name == "Carol Cruz"]
    assert (row.subject, row.opening) == ("INV-7 slipped by", "Dear Carol Cruz, \u00bftodo bien? <b>$120.00</b>")
    desk.press()
    desk.world.advance(minutes=2)
    [mail] = desk.world.mails_to("carol@example.com")
    assert mail.subject == row.subject
    assert row.opening in mail.text
    assert "&lt;b&gt;$120.00&lt;/b&gt;" in mail.html


def test_it_speaks_for_nobody_else_and_in_no_other_language(desk: Desk, save: Save) -> None:
    save("remind_after", LATE, slug="globex")
    save("remind_after", LATE.replace("dear", "querida"), language="es")
    desk.owes(desk.customer(), "INV-7")
    [row] = [row for row in desk.plan().rows if row.name == "Carol Cruz"]
    assert str(row.text).startswith("Acme: INV-7, $120.00, was due Jun 12. Pay: ")


def test_it_keeps_messages_as_they_were_sent(desk: Desk, save: Save) -> None:
    desk.owes(desk.customer(), "INV-7")
    save("remind_after", LATE)
    desk.press()
    desk.world.advance(minutes=2)
    save("remind_after", LATE.replace("dear", "hello"))
    with desk.world.runtime.read() as ctx:
        [kept] = ctx.session.scalars(sa.select(Message.body).where(Message.their_address == MIAMI))
    assert kept.startswith("Acme: dear Carol Cruz")


def test_it_says_the_newest_words_to_whom_the_old_ones_had_not_left(desk: Desk, save: Save) -> None:
    desk.owes(desk.customer(), "INV-7")
    save("remind_after", LATE)
    desk.press()
    while ours := [job for job in desk.world.jobs.waiting if job.name in ("fill_campaign", "release_reminders")]:
        desk.world.jobs.waiting.remove(ours[0])
        JOBS[ours[0].name](desk.world.runtime, *ours[0].args)
    save("remind_after", LATE.replace("dear", "hello"))
    desk.world.settle_down()
    releasing.release_all(desk.world.runtime)
    desk.world.settle_down()
    [text] = desk.texts_to(MIAMI)
    assert text.startswith("Acme: hello Carol Cruz")


def test_it_greets_and_receipts_in_the_merchants_words(world: World, save: Save) -> None:
    save("welcome", "{merchant}: howdy! Which email do we bill? Or see {portal} {help}, {stop}")
    save("receipt", "{merchant}: cheers {customer}, {amount} for {invoice}, {reference}: {link}")
    phone = world.phone(ALICE)
    phone.says("hi")
    phone.hears("Acme: howdy! Which email do we bill?")
    with world.runtime.read() as ctx:
        thread = ctx.session.scalars(sa.select(Conversation.id).where(Conversation.address == ALICE)).one()
    payment = records.pay(world, "INV-1060", conversation_id=thread)
    assert f"Acme: cheers Alice Adams, $385.50 for INV-1060, {payment.reference}: http" in phone.receives()[-1]


def test_it_goes_back_to_tills_words_and_knows_who_said_what(world: World, save: Save) -> None:
    assert save("welcome", "{merchant}: email? {portal} {help}, {stop}") == 1
    assert save("welcome", "{merchant}: email? {portal} {help}, {stop}") == 1
    with world.runtime.write() as ctx:
        acme = ctx.session.get_one(Merchant, world.merchants["acme"].id)
        keeping.reset(ctx, acme, catalogue.find("welcome"), "en", by="Bea")
    phone = world.phone(ALICE)
    phone.says("hi")
    phone.hears("Acme: hi. To see what you owe")
    with world.runtime.read() as ctx:
        told = keeping.history(ctx, acme.id, "welcome", "en")
    assert [(one.version, one.written_by, bool(one.words)) for one in told] == [(2, "Bea", False), (1, "Olga", True)]


def test_it_overwrites_nobody(world: World, save: Save) -> None:
    save("welcome", "{merchant}: email? {portal} {help}, {stop}")
    template, acme = catalogue.find("welcome"), world.merchants["acme"]
    with world.runtime.write() as ctx, pytest.raises(DomainError, match="template_changed"):
        keeping.reset(ctx, acme, template, "en", by="Bea", after=0)


def test_it_leaves_to_till_what_says_the_same(desk: Desk, save: Save) -> None:
    save("invoice_email", subject="Invoice {invoice} from {merchant}, {amount}", opening="Hello {customer}!")
    with desk.world.runtime.read() as ctx:
        [kept] = keeping.history(ctx, desk.merchant.id, "invoice_email", "en")
    assert kept.words == {"opening": "Hello {customer}!"}


def test_it_lets_no_version_be_changed(world: World, save: Save) -> None:
    save("welcome", "{merchant}: email? {portal} {help}, {stop}")
    with pytest.raises(sa.exc.DBAPIError, match="append"), world.runtime.write() as ctx:
        ctx.session.execute(sa.update(TemplateVersion).values(written_by="Eve"))


def test_it_reminds_by_both_ways_in_both_words(desk: Desk, save: Save) -> None:
    desk.owes(desk.customer(), "INV-7")
    desk.cadence(ways=Ways.BOTH, shows_amounts=False)
    save("remind_after", LATE)
    rows = {row.channel.value: row for row in desk.plan().rows if row.name == "Carol Cruz"}
    assert str(rows["sms"].text).startswith("Acme: dear Carol Cruz, INV-7 was due Jun 12.")
    assert rows["email"].opening == "Hi Carol Cruz, this invoice from Acme is still open."
