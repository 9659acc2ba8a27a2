"""Pacing inside one process."""

import time

from web.queues import Pacer


def test_it_keeps_starts_apart() -> None:
    pacer, began = Pacer(), time.monotonic()

    for _ in range(3):
        pacer.wait("sms", "+15550100", per_second=20)

    assert time.monotonic() - began >= 2 / 20


def test_it_paces_each_number_alone() -> None:
    pacer = Pacer()

    for number in range(1000):  # a thousand starts a second apart would never end
        pacer.wait("sms", str(number), per_second=1)
