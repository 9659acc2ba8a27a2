"""One press and all that follows: what leaves, what is held, what is called back, and never twice."""

from datetime import date, timedelta

import sqlalchemy as sa

from bot import addresses, cases, optouts, reminders
from bot.reminders import releasing
from models.conversation import Promise
from models.customer import Channel, Customer
from models.invoice import InvoiceStatus
from models.merchant import Merchant
from models.message import Message, MessageStatus
from models.reminder import Campaign, ReminderStatus, SkipReason
from tests.support.dunning import MIAMI, Desk
from tests.support.world import World
from web.jobs import JOBS


def test_it_texts_once_whoever_presses_how_often(desk: Desk, world: World) -> None:
    desk.owes(desk.customer(), "INV-1")
    desk.press(key="a")
    desk.press(key="a")
    desk.press(key="b")
    world.settle_down()
    assert len(desk.texts_to(MIAMI)) == 1


def test_it_texts_what_the_dry_run_showed(desk: Desk, world: World) -> None:
    desk.owes(desk.customer(), "INV-1")
    [row] = desk.plan().rows
    desk.press()
    world.settle_down()
    shown, sent = str(row.text), desk.texts_to(MIAMI)[0]
    assert len(shown) == len(sent)
    assert shown.split("/r/", maxsplit=1)[0] == sent.split("/r/")[0]


def test_it_tells_how_far_it_is(desk: Desk, world: World) -> None:
    desk.owes(desk.customer(), "INV-1")
    desk.owes(desk.customer("Dave", None, None), "INV-2")
    campaign = desk.press()
    assert not desk.progress(campaign).is_filled
    world.settle_down()
    told = desk.progress(campaign)
    assert (told.sent, told.skipped, told.is_over) == (1, 1, True)
    assert told.reasons == {SkipReason.NO_PHONE: 1}
    assert told.messages == {MessageStatus.DELIVERED: 1}


def test_it_tells_what_whatsapp_refused_after_all(desk: Desk, world: World) -> None:
    """63016 where our own clock says that the day is not over: nobody has read it, so it is not "sent"."""
    carol = desk.customer(phone=None, email=None)
    with world.runtime.write() as ctx:
        addresses.add(ctx, ctx.session.get_one(Customer, carol.id), Channel.WHATSAPP, MIAMI)
    desk.agree(MIAMI, Channel.WHATSAPP)
    desk.owes(carol, "INV-1")
    world.whatsapp(MIAMI).says("hello")
    world.outside.cause("text_fails", detail="63016")
    desk.press()
    world.settle_down()
    releasing.release_all(world.runtime)
    [row] = desk.rows()
    assert (row.status, row.reason) == (ReminderStatus.SKIPPED, SkipReason.OUTSIDE_WINDOW)


def test_it_gives_up_by_whatsapp_once_the_day_is_over(desk: Desk, world: World) -> None:
    """Whatever templates there are for other kinds: it is not queued and called back for ever."""
    carol = desk.customer(phone=None, email=None)
    with world.runtime.write() as ctx:
        addresses.add(ctx, ctx.session.get_one(Customer, carol.id), Channel.WHATSAPP, MIAMI)
        ctx.session.get_one(Merchant, desk.merchant.id).whatsapp_templates = {"remind_due": {"en": "HX1"}}
    desk.agree(MIAMI, Channel.WHATSAPP)
    desk.owes(carol, "INV-1")
    world.whatsapp(MIAMI).says("hello")
    desk.press()
    _release_only(world)
    world.clock.advance(timedelta(days=3))  # a Monday
    for _ in range(3):
        world.settle_down()
        releasing.release_all(world.runtime)
    [row] = desk.rows()
    assert (row.status, row.reason) == (ReminderStatus.SKIPPED, SkipReason.OUTSIDE_WINDOW)
    with world.runtime.read() as ctx:
        queued = ctx.session.scalars(sa.select(Message.status).where(Message.kind.startswith("remind_"))).all()
    assert queued == [MessageStatus.CANCELLED]


def test_it_waits_for_the_morning_there(desk: Desk, world: World) -> None:
    desk.owes(desk.customer(), "INV-1")
    world.clock.advance(timedelta(hours=3))  # Friday 20:30 in Miami
    desk.press()
    world.settle_down()
    assert desk.texts_to(MIAMI) == []
    world.clock.advance(timedelta(hours=13))
    releasing.release_all(world.runtime)
    world.settle_down()
    assert len(desk.texts_to(MIAMI)) == 1


def test_it_calls_back_what_would_leave_in_quiet_hours(desk: Desk, world: World) -> None:
    desk.owes(desk.customer(), "INV-1")
    desk.press()
    _release_only(world)
    world.clock.advance(timedelta(hours=3))
    world.settle_down()
    assert desk.texts_to(MIAMI) == []
    [row] = desk.rows()
    assert (row.status, row.message_id) == (ReminderStatus.SCHEDULED, None)


def test_it_sends_nothing_after_a_stop(desk: Desk, world: World) -> None:
    for n in range(50):
        desk.owes(desk.customer(f"Tenant {n}", phone=f"+1305555{n + 100:04}", email=None), f"INV-{n}")
    desk.press()
    _release_only(world)
    with world.runtime.write() as ctx:
        for n in range(50):
            optouts.opt_out(ctx, desk.merchant.id, Channel.SMS, f"+1305555{n + 100:04}", "keyword")
    world.settle_down()
    assert [m for m in world.outside.messages() if m.channel == "sms"] == []
    assert {row.reason for row in desk.rows()} == {SkipReason.OPTED_OUT}


def test_it_sends_nothing_once_nobody_answers_for_the_invoices(desk: Desk, world: World) -> None:
    desk.owes(desk.customer(email=None), "INV-1")
    desk.press()
    _release_only(world)
    desk.change(desk.merchant, attested_at=None)
    world.settle_down()
    releasing.release_all(world.runtime)
    assert desk.texts_to(MIAMI) == []
    assert [row.reason for row in desk.rows()] == [SkipReason.NOT_ATTESTED]


def test_it_sends_nothing_for_what_was_paid_meanwhile(desk: Desk, world: World) -> None:
    invoice = desk.owes(desk.customer(), "INV-1")
    desk.press()
    _release_only(world)
    desk.change(invoice, status=InvoiceStatus.PAID, balance_minor=0)
    world.settle_down()
    releasing.release_all(world.runtime)
    assert desk.texts_to(MIAMI) == []
    [row] = desk.rows()
    assert row.reason is SkipReason.PAID


def test_it_words_a_text_anew_when_one_of_three_was_paid(desk: Desk, world: World) -> None:
    carol = desk.customer()
    first, *_ = [desk.owes(carol, f"INV-{n}") for n in range(3)]
    desk.press()
    _release_only(world)
    desk.change(first, status=InvoiceStatus.PAID, balance_minor=0)
    world.settle_down()
    releasing.release_all(world.runtime)
    world.settle_down()
    [text] = desk.texts_to(MIAMI)
    assert "2 invoices, $240.00" in text


def test_it_keeps_a_promised_quiet(desk: Desk, world: World) -> None:
    carol = desk.customer()
    desk.owes(carol, "INV-1")
    world.phone(MIAMI).proves("carol@example.com")
    world.phone(MIAMI).says("I'll pay next Friday")
    with world.runtime.read() as ctx:
        assert ctx.session.query(Promise).count() == 1
        assert cases.promised_until(ctx, carol.id) == date(2026, 6, 26)
    assert {skip.reason for skip in desk.plan().skips} == {SkipReason.PROMISED}


def test_it_leaves_alone_who_says_it_is_wrong(desk: Desk) -> None:
    desk.owes(desk.customer(), "INV-1")
    desk.world.phone(MIAMI).says("I already paid this")
    assert {skip.reason for skip in desk.plan().skips} == {SkipReason.CASE_OPEN}


def test_it_stops_while_paused_and_goes_on(desk: Desk, world: World) -> None:
    desk.owes(desk.customer(), "INV-1")
    campaign = desk.press()
    _release_only(world)
    with world.runtime.write() as ctx:
        reminders.pause(ctx, ctx.session.get_one(Campaign, campaign.id))
    world.settle_down()
    assert desk.texts_to(MIAMI) == []
    with world.runtime.write() as ctx:
        reminders.resume(ctx, ctx.session.get_one(Campaign, campaign.id))
    world.settle_down()
    assert len(desk.texts_to(MIAMI)) == 1


def test_it_cancels_for_good(desk: Desk, world: World) -> None:
    desk.owes(desk.customer(), "INV-1")
    campaign = desk.press()
    _release_only(world)
    with world.runtime.write() as ctx:
        reminders.cancel(ctx, ctx.session.get_one(Campaign, campaign.id))
    world.settle_down()
    assert desk.texts_to(MIAMI) == []
    assert desk.progress(campaign).cancelled == 1


def test_it_reminds_nobody_twice_a_day_and_four_times_a_week(desk: Desk, world: World) -> None:
    carol = desk.customer()
    for day in range(6):
        invoice = desk.owes(carol, f"INV-{day}")
        desk.press(reminders.Selection(invoices=(invoice.public_id,)), key=f"press-{day}")
        world.settle_down()
        world.clock.advance(timedelta(days=1))
        world.settle_down()
    assert len(desk.texts_to(MIAMI)) == 3


def test_it_texts_a_shared_phone_for_one_customer_only(desk: Desk, world: World) -> None:
    first = desk.owes(desk.customer("Carol", email=None), "INV-1")
    second = desk.owes(desk.customer("Dave", email=None), "INV-2")
    desk.press(reminders.Selection(invoices=(first.public_id,)), key="a")
    world.settle_down()
    desk.press(reminders.Selection(invoices=(second.public_id,)), key="b")
    world.settle_down()
    assert len(desk.texts_to(MIAMI)) == 1
    assert desk.rows()[-1].reason is SkipReason.DUPLICATE_PHONE


def test_it_mails_a_shared_mailbox_once_a_day(desk: Desk, world: World) -> None:
    for name in ("Raman Tea House", "Raman Spice Market"):
        desk.owes(desk.customer(name, phone=None, email="priya@example.com"), f"INV-{name[6]}")
    desk.press()
    world.settle_down()
    releasing.release_all(world.runtime)
    world.settle_down()
    assert len(world.mails_to("priya@example.com")) == 1
    assert [row.reason for row in desk.rows()] == [None, SkipReason.FREQUENCY_CAP]


def test_it_mails_with_a_way_out(desk: Desk, world: World) -> None:
    desk.owes(desk.customer(phone=None), "INV-1")
    desk.press()
    world.settle_down()
    [mail] = world.mails_to("carol@example.com")
    assert "INV-1 was due Jun 12" in mail.subject + mail.text
    assert mail.headers["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert "/r/" in mail.text


def test_it_mails_instead_when_the_phone_turns_out_dead(desk: Desk, world: World) -> None:
    desk.owes(desk.customer(), "INV-1")
    world.outside.cause("text_fails", detail="30006")
    desk.press()
    world.settle_down()
    releasing.release_all(world.runtime)
    world.settle_down()
    assert len(world.mails_to("carol@example.com")) == 1


def test_it_keeps_a_queue_short_for_what_is_urgent(desk: Desk, world: World) -> None:
    for n in range(120):
        desk.owes(desk.customer(f"Tenant {n}", phone=f"+1206555{n + 100:04}", email=None), f"INV-{n}")
    desk.press()
    _release_only(world)
    with world.runtime.read() as ctx:
        queued = ctx.session.query(Message).filter_by(status=MessageStatus.QUEUED).count()
    assert queued == 90


def _release_only(world: World) -> None:
    """Everything but the sending."""
    while ours := [job for job in world.jobs.waiting if job.name in ("fill_campaign", "release_reminders")]:
        world.jobs.waiting.remove(ours[0])
        JOBS[ours[0].name](world.runtime, *ours[0].args)
