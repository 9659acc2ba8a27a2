"""When so many wait that texts are put off."""

from web.crowd import FEW, MANY, Crowd


def test_a_crowd_stays_until_few_are_left() -> None:
    waiting = iter([MANY - 1, MANY, FEW + 1, FEW, FEW + 1])
    found = Crowd(lambda: next(waiting))
    assert [found.is_here() for _ in range(5)] == [False, True, True, False, False]
