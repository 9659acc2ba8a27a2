"""Tokens: purpose, age, skew, rotation, and no second spelling."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.errors import DomainError
from models.signing import CLOCK_SKEW, MOST_AHEAD, Purpose, Signer

NOW = datetime(2026, 6, 19, 14, 0, tzinfo=UTC)
LIFETIME = timedelta(minutes=30)
OLD, NEW = "old" + "k" * 30, "new" + "k" * 30
SIGNER = Signer([OLD, NEW])
KEY = b"8 bytes!"


def read(token: str, now: datetime = NOW, signer: Signer = SIGNER) -> bytes:
    return signer.read(Purpose.PAY, token, now=now, max_age=LIFETIME)


def test_it_is_short_enough_for_a_text() -> None:
    assert len(SIGNER.mint(Purpose.PAY, KEY, NOW)) == 41


def test_it_gives_the_same_token_for_the_same_row() -> None:
    assert SIGNER.mint(Purpose.PAY, KEY, NOW) == SIGNER.mint(Purpose.PAY, KEY, NOW)


@given(st.binary(min_size=1, max_size=40))
def test_it_reads_back_what_it_signed(payload: bytes) -> None:
    assert read(SIGNER.mint(Purpose.PAY, payload, NOW)) == payload


@pytest.mark.parametrize("purpose", [p for p in Purpose if p is not Purpose.PAY])
def test_it_opens_no_other_door(purpose: Purpose) -> None:
    with pytest.raises(DomainError, match="bad_token"):
        read(SIGNER.mint(purpose, KEY, NOW))


@pytest.mark.parametrize("late", [timedelta(), LIFETIME, LIFETIME + CLOCK_SKEW, -timedelta(minutes=5), -MOST_AHEAD])
def test_it_tolerates_clocks_that_differ_or_were_set_back(late: timedelta) -> None:
    assert read(SIGNER.mint(Purpose.PAY, KEY, NOW), NOW + late) == KEY


def test_it_refuses_a_token_from_the_future() -> None:
    with pytest.raises(DomainError, match="bad_token"):
        read(SIGNER.mint(Purpose.PAY, KEY, NOW), NOW - MOST_AHEAD - timedelta(seconds=1))


def test_it_refuses_an_old_token() -> None:
    with pytest.raises(DomainError, match="expired_token"):
        read(SIGNER.mint(Purpose.PAY, KEY, NOW), NOW + LIFETIME + CLOCK_SKEW + timedelta(seconds=1))


def test_it_refuses_every_other_spelling_of_a_token() -> None:
    token = SIGNER.mint(Purpose.PAY, KEY, NOW)
    accepted = 0
    for place in range(len(token)):
        for letter in "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.":
            try:
                accepted += read(token[:place] + letter + token[place + 1 :]) is not None
            except DomainError:
                continue
    assert accepted == len(token)  # each letter replaced by itself, and nothing else


@given(st.text(max_size=60))
def test_it_refuses_whatever_is_no_token(text: str) -> None:
    with pytest.raises(DomainError):
        read(text)


def test_it_signs_with_the_newest_key() -> None:
    assert read(SIGNER.mint(Purpose.PAY, KEY, NOW), signer=Signer([NEW])) == KEY


def test_it_still_reads_what_an_older_key_signed() -> None:
    assert read(Signer([OLD]).mint(Purpose.PAY, KEY, NOW)) == KEY


def test_it_stops_reading_when_a_key_is_dropped() -> None:
    with pytest.raises(DomainError, match="bad_token"):
        read(Signer([OLD]).mint(Purpose.PAY, KEY, NOW), signer=Signer([NEW]))
