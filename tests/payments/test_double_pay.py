"""Many hands on one invoice. Whatever they do, the bank captures once and nobody meets an error of ours."""

from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from itertools import cycle
from threading import Barrier

import pytest

from models.errors import DomainError
from models.invoice import Invoice
from models.paylink import PayLink
from models.payment import Method
from tests.support.shop import Shop, usd

HANDS = 64
REFUSALS = {"already_paid", "payment_in_flight", "amount_changed", "idempotency_mismatch", "above_balance"}
PROOF = [pytest.param(50, marks=pytest.mark.prove, id=f"50-part-{part}") for part in range(1, 5)]
"""200 rounds in all, in pieces short enough for the run's own time limit."""
Hand = Callable[[], str]


def all_at_once(hands: list[Hand]) -> Counter[str]:
    """Each hand's answer. Any error but a refusal that the pages know ends the test."""
    gate = Barrier(len(hands))

    def act(hand: Hand) -> str:
        gate.wait()
        try:
            return hand()
        except DomainError as refused:
            if refused.code not in REFUSALS:
                raise
            return refused.code

    with ThreadPoolExecutor(len(hands)) as pool:
        return Counter(pool.map(act, hands))


def press_and_approve(shop: Shop, link: PayLink, method: Method = Method.CARD) -> str:
    begun = shop.press(link, method)
    if begun.redirect_url is not None:
        shop.approve(begun)
    return "went through"


def race(shop: Shop, links: list[PayLink]) -> None:
    wishes = zip(range(HANDS), cycle(links), cycle([Method.CARD, Method.NETWORK, Method.CARD]), strict=False)
    all_at_once([partial(press_and_approve, shop, link, method) for _, link, method in wishes])


def pay_with_all_hands(shop: Shop, threads: list[int]) -> None:
    invoice, other = shop.invoice(), shop.invoice()
    # One link per conversation, one of the portal, and one that wants another invoice as well.
    links = [shop.link(invoice, conversation_id=thread) for thread in threads]
    race(shop, [*links, shop.link(invoice), shop.link(other, invoice)])
    assert captured(shop, invoice) == 1


def captured(shop: Shop, invoice: Invoice) -> int:
    """How often the bank took this invoice's money, from what it told us."""
    return sum(invoice.id in covered for covered in shop.paid_sets())


@pytest.mark.parametrize("rounds", [3, *PROOF])
def test_it_captures_once_whoever_pays_from_wherever(shop: Shop, rounds: int) -> None:
    threads = [shop.thread(f"+1555014{n}") for n in range(3)]

    for _ in range(rounds):
        pay_with_all_hands(shop, threads)


@pytest.mark.parametrize("rounds", [7, *PROOF])
def test_it_captures_once_when_one_button_is_pressed_by_many(shop: Shop, rounds: int) -> None:
    for paid in range(1, rounds + 1):
        link = shop.link(shop.invoice())
        all_at_once([partial(press_and_approve, shop, link)] * HANDS)
        assert len(shop.bank.captures()) == paid


def press_a_part(shop: Shop, link: PayLink, amount: int, method: Method) -> str:
    begun = shop.press(link, method, amount=usd(amount))
    if begun.redirect_url is not None:
        shop.approve(begun)
    return "went through"


def pay_in_parts_with_all_hands(shop: Shop) -> None:
    invoice = shop.invoice(10_000)
    links = [shop.link(invoice) for _ in range(4)]
    before = len(shop.bank.captures())
    wishes = zip(
        range(HANDS), cycle(links), cycle([3_000, 5_000, 7_000]), cycle([Method.CARD, Method.NETWORK]), strict=False
    )
    all_at_once([partial(press_a_part, shop, link, amount, method) for _, link, amount, method in wishes])
    taken = sum(amount.minor for _, amount in shop.bank.captures()[before:])
    assert 0 < taken <= 10_000
    assert shop.balance(invoice.id) == 10_000 - taken


@pytest.mark.parametrize("rounds", [3, *PROOF])
def test_parts_never_add_up_to_more_than_is_owed(shop: Shop, rounds: int) -> None:
    shop.allow(allows_partial=True)

    for _ in range(rounds):
        pay_in_parts_with_all_hands(shop)


def press_with_key(shop: Shop, link: PayLink) -> str:
    return shop.press(link, key="same").payment.public_id


def test_fifty_equal_requests_are_one_payment(shop: Shop) -> None:
    link = shop.link(shop.invoice())

    answers = all_at_once([partial(press_with_key, shop, link)] * 50)

    assert len(answers) == 1


def test_equal_keys_for_different_wishes_make_one_payment(shop: Shop) -> None:
    links = [shop.link(shop.invoice()) for _ in range(2)]

    answers = all_at_once([partial(press_with_key, shop, link) for link in links * 8])

    assert answers["idempotency_mismatch"] == 8


def test_overlapping_links_in_opposite_order_kill_nobody(shop: Shop) -> None:
    invoices = [shop.invoice() for _ in range(6)]
    links = [shop.link(*invoices[n % 3 :: (-1) ** n or 1]) for n in range(4)]

    answers = all_at_once([partial(press_and_approve, shop, link) for link in links * 8])

    assert answers.total() == 32
