"""What a pay link says once it can pay no more, where customers come back to, and how they get a new link."""

from datetime import timedelta

from models.payment import PaymentStatus
from tests.support import records
from tests.support.visitor import Visitor
from tests.support.world import ALICE, ALICE_EMAIL, World


# --- every state has its page ----------------------------------------------------------------------------------------
def test_it_says_when_a_link_has_expired(alice: Visitor, url: str, world: World) -> None:
    world.advance(minutes=31)
    assert alice.opens(url).status_code == 410
    alice.sees("This link has expired", "work for 30 minutes", "No money was taken", "Or sign in with your email")


def test_it_says_when_a_newer_link_was_sent(alice: Visitor, texted: str, world: World) -> None:
    world.phone(ALICE).says("2")
    assert alice.opens(texted).status_code == 410
    alice.sees("We sent you a newer link")


def test_it_says_when_it_is_paid_and_shows_the_receipt(alice: Visitor, url: str, world: World) -> None:
    records.pay(world, "INV-1042")
    alice.opens(url)
    alice.sees("This is already paid", "See the receipt")
    alice.opens(next(link for link in alice.links() if link.startswith("/receipt/")))
    alice.sees("Payment received", "$1,284.50")


def test_it_hides_a_receipt_that_reaches_beyond_the_link(alice: Visitor, url: str, world: World) -> None:
    records.pay(world, "INV-1042", "INV-1051")
    alice.opens(url)
    alice.sees("This is already paid")
    assert "See the receipt" not in alice.words


def test_it_says_when_an_invoice_was_withdrawn(alice: Visitor, url: str, world: World) -> None:
    records.void(world, "INV-1042")
    assert alice.opens(url).status_code == 410
    alice.sees("Nothing to pay here")


def test_it_follows_a_bank_payment(alice: Visitor, url: str, world: World) -> None:
    alice.opens(url)
    alice.presses_pay(url, method="bank")
    alice.approves(account="checking", institution="first-harbor")
    world.settle_down()
    alice.opens(url)
    alice.sees("Your bank payment is on its way", "First Harbor account ending 6789", "Please do not pay again")
    world.advance(days=3)
    alice.opens(url)
    alice.sees("This is already paid")


def test_it_says_when_another_tab_is_paying(alice: Visitor, texted: str, world: World) -> None:
    alice.opens(texted)
    alice.presses_pay(texted)
    other = Visitor(world)
    other.opens(records.link(world, "INV-1042"))
    other.sees("A payment is on its way", "Please do not pay again")


def test_it_offers_the_others_while_one_is_being_paid(alice: Visitor, world: World) -> None:
    phone = world.phone(ALICE)
    phone.proves(ALICE_EMAIL)
    phone.says("ALL")
    texted = phone.link()
    portal = records.link(world, "INV-1042")
    alice.opens(portal)
    alice.presses_pay(portal, method="bank")
    alice.approves(account="checking", institution="first-harbor")
    world.settle_down()
    alice.opens(texted)
    alice.sees("A payment is on its way", "please do not pay that again", "Text me a link for the others", "See status")
    alice.sends(f"{texted}/renew")
    world.settle_down()
    others = world.phone(ALICE).link()
    alice.opens(others)
    alice.presses_pay(others)
    alice.approves()
    world.settle_down()
    left = [records.invoice(world, number).balance_minor for number in ("INV-1042", "INV-1051", "INV-1060")]
    assert left == [128_450, 0, 0]
    alice.opens(texted)
    assert "link for the others" not in alice.words


# --- coming back -----------------------------------------------------------------------------------------------------
def test_it_believes_nothing_that_the_browser_brings_back(alice: Visitor, url: str, world: World) -> None:
    alice.opens(url)
    alice.presses_pay(url)
    payment = records.payments(world)[0]
    alice.opens(f"{url}/payment/{payment.public_id}?status=succeeded&paid=1")
    alice.sees("Confirming your payment")
    assert records.payments(world)[0].status is PaymentStatus.SUBMITTED


def test_it_offers_another_way_after_a_decline(alice: Visitor, url: str, world: World) -> None:
    alice.opens(url)
    alice.presses_pay(url)
    alice.approves(card="declined")
    world.settle_down()
    alice.opens(alice.page.request.path)
    alice.sees("Your payment did not go through", "No money was taken", "card ending 0002")
    alice.opens(url)
    alice.presses_pay(url)
    alice.approves()
    assert len(world.bank.captures()) == 1


def test_it_says_when_the_customer_stopped_it(alice: Visitor, url: str, world: World) -> None:
    alice.opens(url)
    at_bank = alice.presses_pay(url).location
    alice.follows()
    alice.sends(at_bank, decision="cancel")
    world.settle_down()
    alice.follows()
    alice.sees("You stopped this payment", "No money was taken")


def test_it_says_when_a_bank_payment_came_back(alice: Visitor, url: str, world: World) -> None:
    alice.opens(url)
    alice.presses_pay(url, method="bank")
    back = alice.approves(account="savings", institution="first-harbor").request.path
    world.advance(days=3)
    alice.opens(back)
    alice.sees("Your bank sent the payment back", "your invoices are open again")


def test_it_tells_of_no_payment_of_another_link(alice: Visitor, url: str, world: World) -> None:
    bobs = records.pay(world, "INV-2001")
    assert alice.opens(f"{url}/payment/{bobs.public_id}").status_code == 404
    assert alice.opens(f"{url}/status?payment={bobs.public_id}").text == '{"next":null}\n'


# --- a new link ------------------------------------------------------------------------------------------------------
def test_it_texts_a_new_link_to_the_same_phone(alice: Visitor, texted: str, world: World) -> None:
    world.advance(minutes=31)
    alice.opens(texted)
    alice.sends(f"{texted}/renew")
    alice.follows()
    alice.sees("Check your phone", "A new link is on its way")
    world.settle_down()
    fresh = world.phone(ALICE).link()
    assert fresh != texted
    assert alice.opens(fresh).status_code == 200


def test_it_says_that_a_newer_link_was_sent_afterwards(alice: Visitor, texted: str, world: World) -> None:
    world.advance(minutes=31)
    alice.opens(texted)
    alice.sends(f"{texted}/renew")
    alice.opens(texted)
    alice.sees("We sent you a newer link")


def test_it_texts_only_so_many_new_links(alice: Visitor, texted: str, world: World) -> None:
    world.advance(minutes=31)
    alice.opens(texted)
    before = len(world.phone(ALICE).receives())
    for _ in range(6):
        alice.opens(texted)
        alice.sends(f"{texted}/renew")
        assert alice.page.status_code == 303
        world.settle_down()
    assert len(world.phone(ALICE).receives()) == before + 3


def test_it_texts_no_link_to_a_phone_that_opted_out(alice: Visitor, texted: str, world: World) -> None:
    world.phone(ALICE).says("STOP")
    world.advance(minutes=31)
    before = len(world.phone(ALICE).receives())
    alice.opens(texted)
    alice.sends(f"{texted}/renew")
    alice.follows()
    alice.sees("A new link is on its way")
    world.settle_down()
    assert len(world.phone(ALICE).receives()) == before


def test_it_texts_no_link_to_a_number_that_must_prove_itself_again(alice: Visitor, texted: str, world: World) -> None:
    world.phone(ALICE).says("STOP")
    world.phone(ALICE).says("START")
    world.clock.advance(timedelta(minutes=31))
    before = len(world.phone(ALICE).receives())
    alice.opens(texted)
    alice.sends(f"{texted}/renew")
    world.settle_down()
    assert len(world.phone(ALICE).receives()) == before


def test_it_offers_no_text_for_a_link_of_the_portal(alice: Visitor, url: str, world: World) -> None:
    world.advance(minutes=31)
    alice.opens(url)
    assert "new link" not in alice.words.replace("newer link", "")
