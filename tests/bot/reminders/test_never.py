"""Whatever happens in whatever order, at any hour of the year and with crashes in between: no reminder is sent twice,
in quiet hours, without a consent, after a refusal, for what was paid, or the second on one day."""

from collections import Counter
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import hypothesis
import pytest
import sqlalchemy as sa
from hypothesis import strategies as st

from models.database import Database
from models.message import Message
from models.reminder import Reminder, ReminderStatus
from tests.support.post import empty_database
from tests.support.town import CLOCK_CHANGES, WINDOWS, Town, found

PER_WEEK = 3
AFTERNOON = datetime(2026, 1, 5, 21, tzinfo=UTC)
"""When it is day in all of these places: a Monday."""

ACTIONS = (
    *("advance", "press", "scan", "release", "work", "sweep", "kill_at_carrier", "kill_at_enqueue"),
    *("stop", "start_again", "withdraw", "agree", "pay", "pause", "cancel", "advance", "work"),
)
IN_BETWEEN = ("stop", "withdraw", "pay", "pause", "cancel", "advance", "kill_at_carrier", "kill_at_enqueue")
"""What may happen to a reminder that waits for its turn to leave."""
people = st.lists(
    st.tuples(
        st.sampled_from(sorted(WINDOWS)),
        st.integers(0, 2),  # few lines: some share a phone
        st.sampled_from([True, True, True, False]),
        st.lists(st.integers(-9, 9), min_size=1, max_size=3),
    ),
    min_size=1,
    max_size=4,
)
starts = st.one_of(
    st.datetimes(datetime(2026, 1, 1), datetime(2027, 1, 1), timezones=st.just(UTC)),  # noqa: DTZ001
    st.builds(lambda at, hours: at + timedelta(hours=hours), st.sampled_from(CLOCK_CHANGES), st.integers(0, 30)),
    st.builds(lambda at, days: at + timedelta(days=days), st.just(AFTERNOON), st.integers(0, 360)),
)
numbers = st.integers(0, 60)
acts = st.tuples(st.sampled_from(ACTIONS), numbers).map(lambda act: [act])
surprises = st.tuples(st.sampled_from(IN_BETWEEN), numbers).map(lambda act: [("queue", act[1]), act, ("work", 0)])
stories = st.builds(
    lambda first, others: [act for part in (first, *others) for act in part],
    surprises,  # at first, when most is still to be sent
    st.lists(acts | surprises, min_size=2, max_size=14),
)


@pytest.fixture(scope="module")
def database(database_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Database]:
    folder: Path = tmp_path_factory.mktemp("never")
    with empty_database(database_url, folder, "never") as found:
        yield found


@pytest.mark.fuzz
def test_it_never_sends_what_it_must_not(database: Database) -> None:
    most = hypothesis.settings.default.max_examples if hypothesis.settings.default else 100

    @hypothesis.settings(max_examples=most // 2 if database.is_sqlite else most // 8)
    @hypothesis.given(start=starts, crowd=people, story=stories)
    def tell(start: datetime, crowd: list[Any], story: list[tuple[str, int]]) -> None:
        town = found(database, start, crowd)
        for name, number in story:
            town.act(name, number)
        town.finish()
        assert town.carrier.wrongs == []
        assert repeats(town) == []
        assert max(town.carrier.days.values(), default=0) <= 1
        assert most_in_a_week(town.carrier.days) <= PER_WEEK

    tell()


def most_in_a_week(days: Counter[tuple[str, date]]) -> int:
    """Of any seven days, for one phone."""
    week = timedelta(days=7)
    return max(
        (sum(n for (to, on), n in days.items() if to == one and since <= on < since + week) for one, since in days),
        default=0,
    )


def repeats(town: Town) -> list[str]:
    """Texts that the carrier took and that no standing reminder is behind, or twice for one."""
    texts = town.carrier.sent
    wrongs = [f"twice: {ref}" for ref, n in Counter(text.reference for text in texts).items() if n > 1]
    with town.runtime.read() as ctx:
        rows = ctx.session.execute(sa.select(Message.public_id, Message.reminder_link_id))
        links = {row.public_id: row.reminder_link_id for row in rows}
        standing = set(ctx.session.scalars(sa.select(Reminder.link_id).where(Reminder.status == ReminderStatus.SENT)))
    behind = Counter(links[text.reference] for text in texts)
    wrongs += [f"nobody's or twice: {link}" for link, n in behind.items() if n > 1 or link not in standing]
    return wrongs
