"""One challenge: right, wrong, old, used, not on file."""

from datetime import UTC, datetime, timedelta

import pytest

from models.verification import CODE_LIFETIME, MAX_TRIES, Verification, VerificationStatus

NOW = datetime(2026, 6, 19, 14, 0, tzinfo=UTC)
LATER = NOW + timedelta(minutes=1)


def challenge(on_file: bool = True) -> tuple[Verification, str]:
    verification = Verification(
        status=VerificationStatus.PENDING,
        digits=6,
        tries=0,
        contact_point_id=1 if on_file else None,
        created_at=NOW,
        expires_at=NOW + CODE_LIFETIME,
    )
    return verification, verification.set_code()


def other(code: str) -> str:
    return f"{(int(code) + 1) % 10**6:06}"


def test_it_approves_the_right_code() -> None:
    verification, code = challenge()
    assert verification.check(code, LATER) is VerificationStatus.APPROVED


def test_it_approves_only_once() -> None:
    verification, code = challenge()
    verification.check(code, LATER)
    assert verification.check(code, LATER) is not VerificationStatus.APPROVED


def test_it_counts_down() -> None:
    verification, code = challenge()
    verification.check(other(code), LATER)
    assert verification.tries_left == MAX_TRIES - 1


def test_it_refuses_the_right_code_after_five_wrong_ones() -> None:
    verification, code = challenge()
    for _ in range(MAX_TRIES):
        verification.check(other(code), LATER)
    assert verification.check(code, LATER) is VerificationStatus.MAX_ATTEMPTS_REACHED


def test_it_expires_after_ten_minutes() -> None:
    verification, code = challenge()
    assert verification.check(code, NOW + CODE_LIFETIME) is VerificationStatus.EXPIRED


def test_it_never_approves_an_email_that_is_not_on_file() -> None:
    verification, code = challenge(on_file=False)
    assert verification.check(code, LATER) is VerificationStatus.PENDING


def test_it_ends_the_code_before() -> None:
    verification, first = challenge()
    second = verification.set_code()
    while second == first:
        second = verification.set_code()
    assert verification.check(first, LATER) is VerificationStatus.PENDING


def test_it_keeps_no_code() -> None:
    verification, code = challenge()
    assert code not in f"{verification.salt} {verification.code_hash}"


@pytest.mark.parametrize("typed", ["", "12345", "1234567", "abcdef", "\uff14\uff11\uff17\uff12\uff10\uff12"])
def test_it_treats_odd_input_as_wrong(typed: str) -> None:
    verification, _ = challenge()
    assert verification.check(typed, LATER) is VerificationStatus.PENDING
