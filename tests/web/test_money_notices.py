"""What merchants hear about money by email, and customers about theirs: through the real webhook and the real
letters."""

from uuid import uuid4

from models.money import Money
from models.payment import Method, Payment
from models.refund import DisputeStatus
from payments import begin, links, refunds
from payments.gateways.troubles import Trouble
from tests.support import records
from tests.support.world import ALICE, ALICE_EMAIL, World
from web.announcing import announce

OFFICE = "office@acme.example"


def pressed(world: World, number: str) -> str:
    """The bank's session for a payment that nobody has confirmed yet."""
    token = records.link(world, number).removeprefix("/p/")
    with world.runtime.read() as ctx:
        total = links.read(ctx, token).total
    begun = begin.begin(
        world.runtime, token, Method.CARD, idempotency_key=uuid4().hex, shown_total=total, announce=announce
    )
    return str(begun.redirect_url).rpartition("/")[2]


def office(world: World) -> list[str]:
    return [mail.subject for mail in world.mails_to(OFFICE)]


def alice(world: World) -> list[str]:
    return [mail.subject for mail in world.mails_to(ALICE_EMAIL)]


def refund(world: World, payment: Payment, minor: int) -> None:
    refunds.refund(world.runtime, payment, Money(minor, "USD"), idempotency_key=uuid4().hex, announce=announce)
    world.settle_down()


def refund_of(world: World, payment: Payment) -> str:
    return str(world.bank.refunds_of(payment.public_id)[0].reference)


def test_a_void_ends_the_page_that_is_open_at_the_bank(world: World) -> None:
    session = pressed(world, "INV-1042")
    records.void(world, "INV-1042")
    world.settle_down()
    world.bank.confirm(session, "visa")
    assert world.bank.captures() == []


def test_the_merchant_hears_of_money_that_lands_all_the_same(world: World) -> None:
    session = pressed(world, "INV-1042")
    world.bank.confirm(session, "visa")
    records.void(world, "INV-1042")
    world.settle_down()
    assert office(world) == ["Money that no invoice asks for: $1,284.50, Alice Adams"]


def test_the_merchant_and_the_customer_hear_of_a_return_and_why(world: World) -> None:
    payment = records.pay(world, "INV-1042")
    world.bank.send_back(payment.public_id, "R02")
    world.settle_down()
    assert office(world) == ["A bank payment came back: $1,284.50, Alice Adams"]
    assert "the account is closed" in world.mails_to(OFFICE)[-1].text
    assert "your bank says that the account is closed" in world.mails_to(ALICE_EMAIL)[-1].text


def test_a_return_is_told_by_text_with_a_fresh_link(world: World) -> None:
    phone = world.phone(ALICE)
    phone.proves(ALICE_EMAIL)
    phone.says("1")
    first = phone.link()
    begun = begin.begin(
        world.runtime, first.rpartition("/p/")[2], Method.BANK, idempotency_key="k", shown_total=Money(128_450, "USD")
    )
    world.bank.confirm(str(begun.redirect_url).rpartition("/")[2], "checking", "first-harbor")
    world.advance(days=2)
    world.bank.send_back(begun.payment.public_id, "R01")
    world.settle_down()
    told = phone.receives()[-1]
    assert "your bank sent back $1,284.50 for INV-1042: not enough money" in told
    assert first not in told
    assert "/p/" in told


def test_the_merchant_hears_of_a_dispute_and_its_end(world: World) -> None:
    payment = records.pay(world, "INV-1042")
    dispute = world.bank.dispute(payment.public_id)
    world.settle_down()
    world.bank.decide_dispute(dispute, DisputeStatus.LOST)
    world.settle_down()
    assert office(world) == [
        "A payment is disputed: $1,284.50, Alice Adams",
        "A dispute is lost: $1,284.50, Alice Adams",
    ]


def test_money_that_is_the_merchants_again_is_no_second_receipt(world: World) -> None:
    payment = records.pay(world, "INV-1042")
    before = alice(world)
    world.bank.decide_dispute(world.bank.dispute(payment.public_id), DisputeStatus.WON)
    world.settle_down()
    refund(world, payment, 128_450)
    world.bank.fail_refund(refund_of(world, payment))
    world.settle_down()
    assert alice(world) == [*before, "We sent $1,284.50 back to you"]


def test_the_customer_hears_of_each_refund(world: World) -> None:
    payment = records.pay(world, "INV-1042")
    refund(world, payment, 10_000)
    refund(world, payment, 2_550)
    assert alice(world)[-2:] == ["We sent $100.00 back to you", "We sent $25.50 back to you"]


def test_the_merchant_hears_of_a_refund_that_failed(world: World) -> None:
    world.bank.troubles.cause(Trouble.FAILS_REFUNDS, 1)
    refund(world, records.pay(world, "INV-1042"), 10_000)
    assert office(world) == ["A refund did not arrive: $100.00, Alice Adams"]
