"""The dry run: who gets what, when and in which words, and a reason for everyone else."""

from datetime import date, timedelta

import pytest

from bot import addresses, optouts
from bot.reminders import Selection
from models.cadence import CustomerCadence, Ways
from models.consent import ConsentAct
from models.customer import Channel, ContactPoint
from models.errors import DomainError
from models.invoice import Invoice, InvoiceStatus
from models.payment import UNDER_WAY_STATUSES, Allocation, Method, Payment, PaymentStatus
from models.refund import Dispute, DisputeKind, DisputeStatus
from models.reminder import SkipReason
from tests.support.dunning import MIAMI, PROVIDENCE, SEATTLE, Desk, names, reasons
from tests.support.world import World


def test_it_shows_the_exact_text_where_and_when(desk: Desk) -> None:
    desk.owes(desk.customer(), "INV-1")
    [row] = desk.plan().rows
    assert (row.channel, row.address, row.is_held) == (Channel.SMS, MIAMI, False)
    assert str(row.text).startswith("Acme: INV-1, $120.00, was due Jun 12. Pay: http://till.test/r/xxx")
    assert row.local_time.isoformat() == "2026-06-19T17:30:00-04:00"


def test_it_estimates_the_cost_of_each_segment(desk: Desk) -> None:
    desk.owes(desk.customer(), "INV-1")
    plan = desk.plan()
    assert (plan.texts, plan.segments, plan.cost_micros) == (1, 1, 11_800)


def test_it_counts_everybody_and_keeps_the_first(desk: Desk) -> None:
    for n, phone in enumerate((MIAMI, SEATTLE, PROVIDENCE), 1):
        desk.owes(desk.customer(f"Customer {n}", phone), f"INV-{n}")
        desk.owes(desk.customer(f"Silent {n}", None, None), f"NOT-{n}")
    whole, part = desk.plan(), desk.plan(most=1)
    figures = ("messages", "texts", "segments", "held", "cost_micros", "skipped", "reasons")
    assert [getattr(part, name) for name in figures] == [getattr(whole, name) for name in figures]
    assert (len(whole.rows), part.rows) == (whole.messages, whole.rows[:1])
    assert (len(whole.skips), part.skips) == (whole.skipped, whole.skips[:1])


def test_it_leaves_amounts_out_where_the_merchant_wants_none(desk: Desk) -> None:
    desk.cadence(shows_amounts=False)
    desk.owes(desk.customer(), "INV-1")
    [row] = desk.plan().rows
    assert "$" not in str(row.text)


def test_it_speaks_the_customers_language(desk: Desk) -> None:
    desk.owes(desk.customer(locale="es"), "INV-1")
    [row] = desk.plan().rows
    assert "era para el 12 jun" in str(row.text)


def test_it_merges_a_customers_invoices_into_one_text(desk: Desk) -> None:
    carol = desk.customer()
    for number in ("INV-1", "INV-2", "INV-3"):
        desk.owes(carol, number)
    [row] = desk.plan().rows
    assert row.numbers == ("INV-1", "INV-2", "INV-3")
    assert "3 invoices, $360.00, the first due Jun 12" in str(row.text)


def test_it_tells_no_total_over_several_currencies(desk: Desk, world: World) -> None:
    carol = desk.customer()
    desk.owes(carol, "INV-1")
    world.add_invoice(carol, "INV-2", 500, date(2026, 6, 12), currency="EUR")
    [row] = desk.plan().rows
    assert "$" not in str(row.text)


def test_it_takes_only_what_is_overdue(desk: Desk) -> None:
    carol = desk.customer()
    desk.owes(carol, "INV-1", due=date(2026, 6, 19))
    assert desk.plan().rows == []


def test_it_says_who_has_not_agreed_and_mails_them(desk: Desk) -> None:
    desk.owes(desk.customer(agrees=False), "INV-1")
    [row] = desk.plan().rows
    assert (row.channel, row.instead_of) == (Channel.EMAIL, SkipReason.NO_CONSENT)


def test_it_skips_who_has_not_agreed_and_has_no_email(desk: Desk) -> None:
    desk.owes(desk.customer(email=None, agrees=False), "INV-1")
    assert reasons(desk.plan()) == {"INV-1": "no_consent"}


def test_it_mails_whoever_opted_out_of_texts(desk: Desk, world: World) -> None:
    desk.owes(desk.customer(), "INV-1")
    with world.runtime.write() as ctx:
        optouts.opt_out(ctx, desk.merchant.id, Channel.SMS, MIAMI, "keyword")
    [row] = desk.plan().rows
    assert (row.channel, row.instead_of) == (Channel.EMAIL, SkipReason.OPTED_OUT)


def test_it_mails_where_the_phone_is_bad(desk: Desk, world: World) -> None:
    carol = desk.customer()
    desk.owes(carol, "INV-1")
    with world.runtime.write() as ctx:
        point = ctx.session.query(ContactPoint).filter_by(customer_id=carol.id, channel=Channel.SMS).one()
        point.bad_since_at = ctx.clock.now()
    [row] = desk.plan().rows
    assert (row.channel, row.instead_of) == (Channel.EMAIL, SkipReason.BAD_ADDRESS)


@pytest.mark.parametrize("phone", ["+18765550142", "+442079460142", "+19005550142"])
def test_it_refuses_numbers_abroad_and_at_a_premium(desk: Desk, phone: str) -> None:
    desk.owes(desk.customer(phone=phone, email=None), "INV-1")
    assert reasons(desk.plan())["INV-1"] in ("unsupported_country", "bad_address")


def test_it_texts_abroad_where_the_merchant_does(desk: Desk) -> None:
    desk.cadence(countries=["GB"])
    desk.owes(desk.customer(phone="+447400123456"), "INV-1")
    [row] = desk.plan().rows
    assert (row.channel, row.zone) == (Channel.SMS, "Europe/Guernsey")


@pytest.mark.one_database
@pytest.mark.parametrize("phone", ["+449098790123", "+440000000123", "+442079460142", "+882169999999"])
def test_it_texts_no_premium_or_unknown_number_of_a_country_that_is_named(desk: Desk, phone: str) -> None:
    desk.cadence(countries=["GB"])
    desk.owes(desk.customer(phone=phone, email=None), "INV-1")
    assert reasons(desk.plan())["INV-1"] in ("unsupported_country", "bad_address")


@pytest.mark.one_database
def test_it_says_which_country_is_not_texted(desk: Desk) -> None:
    desk.owes(desk.customer(phone="+447400123456", email=None), "INV-1")
    plan = desk.plan()
    assert ([skip.detail for skip in plan.skips], plan.countries) == (["GB"], ("US",))


def test_it_says_that_there_is_no_phone_and_no_email(desk: Desk) -> None:
    desk.owes(desk.customer(phone=None, email=None), "INV-1")
    assert reasons(desk.plan()) == {"INV-1": "no_phone"}


def test_it_sends_both_where_both_are_wanted(desk: Desk) -> None:
    desk.cadence(ways=Ways.BOTH)
    desk.owes(desk.customer(), "INV-1")
    assert [row.channel for row in desk.plan().rows] == [Channel.SMS, Channel.EMAIL]


def test_it_keeps_to_a_customers_own_way(desk: Desk, world: World) -> None:
    carol = desk.customer()
    desk.owes(carol, "INV-1")
    with world.runtime.write() as ctx:
        ctx.session.add(CustomerCadence(customer_id=carol.id, merchant_id=desk.merchant.id, ways=Ways.EMAIL))
    assert [row.channel for row in desk.plan().rows] == [Channel.EMAIL]


def test_it_leaves_alone_whoever_is_switched_off(desk: Desk, world: World) -> None:
    carol = desk.customer()
    desk.owes(carol, "INV-1")
    with world.runtime.write() as ctx:
        ctx.session.add(CustomerCadence(customer_id=carol.id, merchant_id=desk.merchant.id, is_on=False))
    assert reasons(desk.plan()) == {"INV-1": "switched_off"}


def test_it_says_what_is_paid_or_void_of_what_was_ticked(desk: Desk) -> None:
    carol = desk.customer()
    paid, void = desk.owes(carol, "INV-1"), desk.owes(carol, "INV-2")
    desk.change(paid, status=InvoiceStatus.PAID, balance_minor=0)
    desk.change(void, status=InvoiceStatus.VOID)
    plan = desk.plan(Selection(invoices=(paid.public_id, void.public_id)))
    assert reasons(plan) == {"INV-1": "paid", "INV-2": "not_open"}


def test_it_texts_a_shared_phone_for_one_customer_and_mails_the_other(desk: Desk) -> None:
    desk.owes(desk.customer("Carol"), "INV-1")
    desk.owes(desk.customer("Dave", email="dave@example.com"), "INV-2")
    text, mail = desk.plan().rows
    assert (text.name, text.channel) == ("Carol", Channel.SMS)
    assert (mail.name, mail.channel, mail.instead_of) == ("Dave", Channel.EMAIL, SkipReason.DUPLICATE_PHONE)


def test_it_postpones_texts_in_quiet_hours_and_shows_until_when(desk: Desk, world: World) -> None:
    desk.owes(desk.customer("Carol"), "INV-1")
    desk.owes(desk.customer("Sam", phone=SEATTLE), "INV-2")
    desk.owes(desk.customer("Pru", phone=PROVIDENCE), "INV-3")
    world.clock.advance(timedelta(hours=3))  # Friday 20:30 in Miami, 17:30 in Seattle
    times = {row.name: row.local_time.strftime("%a %H:%M") for row in desk.plan().rows}
    assert times == {"Carol": "Sat 09:00", "Sam": "Fri 17:30", "Pru": "Sat 10:00"}


def test_it_asks_the_postal_code_before_the_area_code(desk: Desk) -> None:
    carol = desk.customer(phone=SEATTLE)
    desk.change(carol, postal_code="02903")
    desk.owes(carol, "INV-1")
    [row] = desk.plan().rows
    assert row.zone == "America/New_York"


def test_it_refuses_another_merchants_invoices(desk: Desk, world: World) -> None:
    other = Desk(world, world.merchants["globex"])
    invoice = other.owes(other.customer(), "G-1")
    with pytest.raises(DomainError, match="not_found"):
        desk.plan(Selection(invoices=(invoice.public_id,)))
    assert names(desk.plan()) == []


def test_it_refuses_an_empty_selection(desk: Desk) -> None:
    with pytest.raises(DomainError, match="nothing_selected"):
        desk.plan(Selection())


def test_it_believes_no_merchant_over_a_stop(desk: Desk, world: World) -> None:
    carol = desk.customer()
    desk.owes(carol, "INV-1")
    with world.runtime.write() as ctx:
        optouts.opt_out(ctx, desk.merchant.id, Channel.SMS, MIAMI, "keyword")
        point = ctx.session.query(ContactPoint).filter_by(customer_id=carol.id, channel=Channel.SMS).one()
        with pytest.raises(DomainError, match="opted_out"):
            addresses.record_consent(ctx, point, ConsentAct.GRANTED, "import", wording="We text you", given_by="a file")
    [row] = desk.plan().rows
    assert row.channel is Channel.EMAIL


def test_it_leaves_alone_who_disputes_the_payment(desk: Desk, world: World) -> None:
    carol = desk.customer()
    invoice = desk.owes(carol, "INV-1")
    with world.runtime.write() as ctx:
        payment = Payment(
            merchant_id=desk.merchant.id,
            customer_id=carol.id,
            reference="ABC234",
            method=Method.CARD,
            currency="USD",
            amount_minor=12_000,
            status=PaymentStatus.DISPUTED,
            provider="sandbox",
            created_at=ctx.clock.now(),
        )
        ctx.session.add(payment)
        ctx.session.flush()
        ctx.session.add(_share(payment, invoice, is_open=False))
        ctx.session.add(
            Dispute(
                merchant_id=desk.merchant.id,
                payment_id=payment.id,
                provider_reference="dp_1",
                kind=DisputeKind.DISPUTE,
                status=DisputeStatus.OPEN,
                amount_minor=12_000,
                created_at=ctx.clock.now(),
            )
        )
    assert reasons(desk.plan()) == {"INV-1": "disputed"}


@pytest.mark.parametrize("status", sorted(UNDER_WAY_STATUSES))
def test_it_leaves_alone_whose_payment_is_under_way(desk: Desk, world: World, status: PaymentStatus) -> None:
    carol = desk.customer()
    invoice = desk.owes(carol, "INV-1")
    with world.runtime.write() as ctx:
        payment = Payment(
            merchant_id=desk.merchant.id,
            customer_id=carol.id,
            reference="ABC235",
            method=Method.BANK,
            currency="USD",
            amount_minor=12_000,
            status=status,
            provider="sandbox",
            created_at=ctx.clock.now(),
        )
        ctx.session.add(payment)
        ctx.session.flush()
        ctx.session.add(_share(payment, invoice))
    assert reasons(desk.plan()) == {"INV-1": "processing"}


def _share(payment: Payment, invoice: Invoice, *, is_open: bool = True) -> Allocation:
    own = {"merchant_id": payment.merchant_id, "mode": payment.mode, "is_open": is_open}
    return Allocation(payment_id=payment.id, invoice_id=invoice.id, amount_minor=payment.amount_minor, **own)
