from collections.abc import Mapping
from datetime import timedelta

from payments.gateways.delivery import BACKOFF, Delivery
from payments.gateways.troubles import Trouble
from tests.support.shop import SECRET, WANTED, WEBHOOK, Shop


def test_it_posts_until_somebody_takes_it(shop: Shop) -> None:
    answers = iter([0, 503, 204])
    tries: list[str] = []

    def post(*_request: object) -> int:
        tries.append("try")
        if (answer := next(answers)) == 0:
            raise ConnectionRefusedError
        return answer

    shop.gateway.start(WANTED)
    delivery = Delivery(shop.bank, url=WEBHOOK, secrets=[SECRET], post=post)
    taken = []
    for pause in (timedelta(), *BACKOFF[:3]):
        shop.clock.advance(pause)
        taken.append(delivery.flush())

    assert (taken, len(tries)) == ([0, 0, 1, 0], 3)


def test_it_waits_between_tries(shop: Shop) -> None:
    tries: list[int] = []
    shop.gateway.start(WANTED)

    def post(*_request: object) -> int:
        tries.append(1)
        return 500

    refusing = Delivery(shop.bank, url=WEBHOOK, secrets=[SECRET], post=post)
    refusing.flush()
    refusing.flush()

    assert len(tries) == 1


def test_it_signs_each_try_afresh(shop: Shop) -> None:
    """Else an event that waited an hour would be refused for its age."""
    answers = iter([503, 204])
    accepted = []

    def post(url: str, headers: Mapping[str, str], body: bytes) -> int:
        answer = next(answers)
        if answer == 204:
            accepted.append(shop.receive(url, headers, body))
        return answer

    shop.gateway.start(WANTED)
    delivery = Delivery(shop.bank, url=WEBHOOK, secrets=[SECRET], post=post)
    delivery.flush()
    shop.clock.advance(timedelta(hours=1))
    delivery.flush()

    assert accepted == [204]


def test_two_who_deliver_at_once_post_once(shop: Shop) -> None:
    posts: list[int] = []

    def post(*_request: object) -> int:
        posts.append(delivery.flush())
        return 204

    delivery = Delivery(shop.bank, url=WEBHOOK, secrets=[SECRET], post=post)
    shop.gateway.start(WANTED)

    assert (delivery.flush(), posts) == (1, [0])


def test_it_can_send_everything_twice(shop: Shop) -> None:
    shop.bank.troubles.cause(Trouble.DUPLICATES_EVENTS)
    payment = shop.pay(shop.invoice())

    assert len(shop.posted) == 4  # created and succeeded
    assert len(shop.entries(payment)) == 2
