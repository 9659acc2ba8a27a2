"""Pacing inside one process."""

import time
from collections import deque

import pytest

from models.errors import ProviderError
from models.ports import OutboundSms, SmsAccount
from tests.support.mail_and_texts import Carrier
from tests.support.post import NOW
from web.queues import Noticed, Pacer

ACCOUNT = SmsAccount("AC1", "token")
SMS = OutboundSms(ACCOUNT, "r", "+15550100", "+15550142", "Hello", "https://till.example", NOW)
HOURS = 1 / 3600


def test_it_keeps_starts_apart() -> None:
    pacer, began = Pacer(), time.monotonic()

    for _ in range(3):
        pacer.wait("sms", "+15550100", per_second=20)

    assert time.monotonic() - began >= 2 / 20


def test_it_paces_each_number_alone() -> None:
    pacer = Pacer()

    for number in range(1000):  # a thousand starts a second apart would never end
        pacer.wait("sms", str(number), per_second=1)


def test_it_keeps_a_number_until_its_next_text_may_leave() -> None:
    noticed, began = Noticed(Carrier()), time.monotonic()

    noticed.send(SMS)
    noticed.keep(per_second=20)

    assert time.monotonic() - began >= 1 / 20


def test_it_keeps_a_number_whose_text_the_carrier_did_not_answer() -> None:
    noticed, began = (
        Noticed(Carrier(troubles=deque([ProviderError("timeout", accepted_unknown=True)]))),
        time.monotonic(),
    )

    with pytest.raises(ProviderError):
        noticed.send(SMS)
    noticed.keep(per_second=20)

    assert time.monotonic() - began >= 1 / 20


def test_it_keeps_no_number_that_sent_nothing() -> None:
    noticed = Noticed(Carrier())

    assert noticed.find(SMS) is None
    noticed.keep(per_second=HOURS)
