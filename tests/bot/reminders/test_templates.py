"""Reminders by WhatsApp: free words within a day of the customer's last message, then the merchant's approved template
for the kind of reminder, else another channel."""

from datetime import timedelta
from typing import Any

import pytest

from bot import addresses, optouts
from bot.channels import sandbox_content
from bot.reminders import releasing
from bot.reminders.planning import Row
from models.customer import Channel, Customer
from models.invoice import Invoice
from models.reminder import ReminderStatus, SkipReason
from tests.support.dunning import MIAMI, Desk
from tests.support.world import World
from web.jobs import JOBS

APPROVED = dict(sandbox_content.approved())


def sids(kind: str, *languages: str) -> dict[str, Any]:
    return {kind: {language: APPROVED[kind][language] for language in languages}}


@pytest.fixture
def carol(desk: Desk) -> Customer:
    """By WhatsApp and email, no phone for texts. She owes INV-1, a week late."""
    return _by_whatsapp(desk)


def _by_whatsapp(desk: Desk, **fields: Any) -> Customer:
    made = desk.customer(phone=None, **fields)
    with desk.world.runtime.write() as ctx:
        addresses.add(ctx, ctx.session.get_one(Customer, made.id), Channel.WHATSAPP, MIAMI)
    desk.agree(MIAMI, Channel.WHATSAPP)
    desk.owes(made, "INV-1")
    return made


def approve(desk: Desk, templates: dict[str, Any]) -> None:
    desk.change(desk.merchant, whatsapp_templates=templates)


def heard(desk: Desk) -> list[str]:
    return [m.text for m in desk.world.outside.messages(f"whatsapp:{MIAMI}")]


def follow(world: World) -> None:
    """All that a press leads to, and the minute after."""
    world.settle_down()
    releasing.release_all(world.runtime)
    world.settle_down()


def queue_only(world: World) -> None:
    while ours := [job for job in world.jobs.waiting if job.name in ("fill_campaign", "release_reminders")]:
        world.jobs.waiting.remove(ours[0])
        JOBS[ours[0].name](world.runtime, *ours[0].args)


def sole(desk: Desk) -> Row:
    [row] = desk.plan().rows
    return row


@pytest.mark.usefixtures("carol")
def test_it_sends_the_very_template_that_the_dry_run_showed(desk: Desk, world: World) -> None:
    approve(desk, APPROVED)
    row = sole(desk)
    assert row.template is not None
    assert row.template.content_sid == APPROVED["remind_after"]["en"]
    assert [row.template.variables[n] for n in "123"] == ["INV-1", "$120.00", "Jun 12"]
    for key in ("a", "b", "a"):
        desk.press(key=key)
    follow(world)
    [said] = heard(desk)
    assert said.split("/r/")[0] == str(row.text).split("/r/", maxsplit=1)[0]
    assert len(said) == len(str(row.text))
    assert "A reminder: INV-1 for $120.00 was due Jun 12." in said


@pytest.mark.one_database
@pytest.mark.usefixtures("carol")
def test_it_speaks_freely_within_the_day_and_by_template_once_it_is_over(desk: Desk, world: World) -> None:
    approve(desk, APPROVED)
    world.whatsapp(MIAMI).says("hello")
    assert sole(desk).template is None
    desk.press()
    queue_only(world)
    world.clock.advance(timedelta(days=3))  # a Monday
    follow(world)
    assert heard(desk)[-1].startswith("A reminder: INV-1 for $120.00")


@pytest.mark.one_database
@pytest.mark.usefixtures("carol")
def test_it_speaks_freely_once_the_customer_has_written(desk: Desk, world: World) -> None:
    approve(desk, APPROVED)
    desk.press()
    queue_only(world)
    world.whatsapp(MIAMI).says("hello")
    follow(world)
    assert heard(desk)[-1].startswith("Acme: INV-1, $120.00, was due Jun 12.")


@pytest.mark.one_database
@pytest.mark.usefixtures("carol")
def test_it_plans_for_the_hour_when_it_goes(desk: Desk, world: World) -> None:
    """Held over a Sunday, the window that is open now is closed by then."""
    approve(desk, APPROVED)
    world.clock.advance(timedelta(days=1, hours=6))  # Saturday night
    world.whatsapp(MIAMI).says("hello")
    row = sole(desk)
    assert row.is_held
    assert row.template is not None


@pytest.mark.one_database
def test_it_falls_back_on_the_merchant_s_language_and_on_no_third(desk: Desk) -> None:
    _by_whatsapp(desk, locale="es")
    approve(desk, sids("remind_after", "en"))
    assert str(sole(desk).text).startswith("A reminder: INV-1 for $120.00")
    desk.change(desk.merchant, locale="es")
    row = sole(desk)
    assert (row.channel, row.instead_of, row.template) == (Channel.EMAIL, SkipReason.OUTSIDE_WINDOW, None)


@pytest.mark.one_database
@pytest.mark.usefixtures("carol")
def test_it_mails_where_no_template_of_the_merchant_s_says_this(desk: Desk, world: World) -> None:
    desk.change(world.merchants["globex"], whatsapp_templates=APPROVED)
    for templates in ({}, sids("remind_due", "en"), sids("remind_after_unpriced", "en")):
        approve(desk, templates)
        row = sole(desk)
        assert (row.channel, row.instead_of) == (Channel.EMAIL, SkipReason.OUTSIDE_WINDOW)


@pytest.mark.one_database
@pytest.mark.usefixtures("carol")
def test_it_asks_for_a_sender_and_for_no_stop(desk: Desk, world: World) -> None:
    approve(desk, APPROVED)
    desk.change(desk.merchant, number=None, whatsapp_number="+15550177")
    assert sole(desk).channel is Channel.WHATSAPP
    with world.runtime.write() as ctx:
        optouts.opt_out(ctx, desk.merchant.id, Channel.WHATSAPP, MIAMI, "keyword")
    assert sole(desk).instead_of is SkipReason.OPTED_OUT
    desk.change(desk.merchant, whatsapp_number=None)
    assert sole(desk).instead_of is SkipReason.NO_SENDER


@pytest.mark.one_database
def test_it_names_no_amount_where_the_merchant_shows_none(desk: Desk, carol: Customer, world: World) -> None:
    desk.cadence(shows_amounts=False)
    approve(desk, sids("remind_after", "en") | sids("remind_several", "en"))
    assert sole(desk).channel is Channel.EMAIL
    approve(desk, APPROVED)
    assert str(sole(desk).text).startswith("A reminder: INV-1 was due Jun 12. Pay here: ")
    desk.owes(carol, "INV-2")
    assert str(sole(desk).text).startswith("A reminder: you have 2 invoices to pay, the first due Jun 12.")
    desk.press()
    follow(world)
    assert "$" not in heard(desk)[-1]


@pytest.mark.one_database
@pytest.mark.usefixtures("carol")
def test_it_mails_when_the_template_is_gone_before_it_leaves(desk: Desk, world: World) -> None:
    approve(desk, APPROVED)
    desk.press()
    queue_only(world)
    approve(desk, {})
    follow(world)
    assert heard(desk) == []
    assert len(world.mails_to("carol@example.com")) == 1


@pytest.mark.usefixtures("carol")
def test_it_mails_once_when_whatsapp_takes_the_template_no_more(desk: Desk, world: World) -> None:
    """Deleted at the carrier, or another account's: refused at once, and not tried again the same way."""
    approve(desk, {"remind_after": {"en": "HX" + "0" * 32}})
    desk.press()
    for _ in range(3):
        follow(world)
    assert heard(desk) == []
    assert len(world.mails_to("carol@example.com")) == 1
    assert [row.status for row in desk.rows()] == [ReminderStatus.SENT]


@pytest.mark.one_database
@pytest.mark.usefixtures("carol")
def test_it_mails_when_a_report_says_that_it_was_refused(desk: Desk, world: World) -> None:
    """The merchant's template was rejected after all."""
    approve(desk, APPROVED)
    world.outside.cause("text_fails", detail="63040")
    desk.press()
    follow(world)
    assert len(world.mails_to("carol@example.com")) == 1


@pytest.mark.one_database
@pytest.mark.usefixtures("carol")
def test_it_sends_the_sum_that_is_owed_when_it_leaves(desk: Desk, world: World) -> None:
    """In two currencies the words name no sum, but the template does."""
    approve(desk, APPROVED)
    with world.runtime.read() as ctx:
        invoice = ctx.session.query(Invoice).one()
        dollars = ctx.session.get_one(Customer, invoice.customer_id)
    world.add_invoice(dollars, "INV-2", 500, invoice.due_on, currency="EUR")
    desk.press()
    queue_only(world)
    desk.change(invoice, balance_minor=2_000)
    follow(world)
    assert "2 invoices to pay, $20.00 + €5.00" in heard(desk)[-1]


def test_every_kind_of_reminder_has_a_template_with_and_without_amounts() -> None:
    kinds = {kind for kind in APPROVED if kind.startswith("remind_")}
    assert {f"{kind}_unpriced" for kind in kinds if not kind.endswith("_unpriced")} <= kinds
