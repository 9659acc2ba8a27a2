from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from threading import Barrier

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


def test_eight_who_deliver_at_once_post_everything_once(shop: Shop) -> None:
    posts: list[bytes] = []
    gate = Barrier(8)

    def post(_url: str, _headers: object, body: bytes) -> int:
        posts.append(body)
        return 204

    def deliver(_hand: int) -> int:
        gate.wait()
        return Delivery(shop.bank, url=WEBHOOK, secrets=[SECRET], post=post).flush()

    for n in range(30):
        shop.gateway.start(replace(WANTED, reference=str(n)))
    with ThreadPoolExecutor(8) as pool:
        taken = sum(pool.map(deliver, range(8)))

    assert (taken, len(posts), len(set(posts))) == (30, 30, 30)


def test_it_can_send_everything_twice(shop: Shop) -> None:
    shop.bank.troubles.cause(Trouble.DUPLICATES_EVENTS)
    payment = shop.pay(shop.invoice())

    assert len(shop.posted) == 4  # created and succeeded
    assert len(shop.entries(payment)) == 2
