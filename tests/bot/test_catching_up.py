"""Whose texts a worker takes in hand."""

from bot.catching_up import Waiting, choose
from models.customer import Channel
from tests.support.world import NOW


def text(number: int, sender: str, tries: int = 0, *, in_hand: bool = False) -> Waiting:
    return Waiting(number, 1, Channel.SMS, sender, tries, NOW if in_hand else None)


def test_it_chooses_nothing_of_a_sender_whom_another_worker_has_in_hand() -> None:
    window = [text(1, "a", 1, in_hand=True), text(2, "b"), text(3, "a"), text(4, "b")]
    assert [one.id for one in choose(window, NOW)] == [2, 4]


def test_it_tries_again_one_at_a_time() -> None:
    window = [text(1, "a", 1), text(2, "b", 1), text(3, "c"), text(4, "a")]
    assert [one.id for one in choose(window, NOW)] == [1]
