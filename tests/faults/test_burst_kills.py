"""kill -9 at the web process that puts texts off, and at the worker that takes them up, while they come: each is there
once, answered once, and its answer leaves once."""

import threading
from collections import Counter

import pytest
import requests
import sqlalchemy as sa

from bot.catching_up import IN_HAND
from models.message import Direction, Message, MessageStatus
from models.received_text import ReceivedText
from tests.faults.deeds import TIMEOUT_S
from tests.faults.outside import NUMBER, SID
from tests.faults.people import acme, settle_in
from tests.faults.quick import BEHIND
from tests.faults.town import PATIENCE_S, Town
from tests.support.workers import eventually

POINTS = 4
ROUNDS = 5
PATH = "/webhooks/twilio/sms"


class Burst:
    """Texts of proven phones, one after the other; each is posted until it is acknowledged, some once more."""

    def __init__(self, town: Town, phones: list[str]) -> None:
        self.town = town
        self.forms = [town.carrier.form(SID, phone, NUMBER, "what do I owe?") for phone in phones]
        self.acknowledged = 0
        self._thread = threading.Thread(target=self._run, daemon=True)

    def begin(self) -> None:
        self._thread.start()

    def is_over(self) -> bool:
        return not self._thread.is_alive()

    def _run(self) -> None:
        for n, form in enumerate(self.forms):
            assert eventually(lambda form=form: self._post(form), PATIENCE_S)  # type: ignore[misc]
            self.acknowledged += 1
            if n % 3 == 0:
                self._post(form)

    def _post(self, form: dict[str, str]) -> bool:
        headers = self.town.carrier.signed(SID, PATH, form)
        try:
            url = f"{self.town.base_url}{PATH}"
            return requests.post(url, data=form, headers=headers, timeout=TIMEOUT_S).status_code == 200
        except requests.RequestException:
            return False

    def count(self, *where: sa.ColumnElement[bool]) -> int:
        with self.town.database.read() as db:
            return db.scalar(sa.select(sa.func.count()).select_from(Message).where(*where)) or 0

    def is_answered(self) -> bool:
        with self.town.database.read() as db:
            waits = db.scalar(sa.select(sa.func.count()).select_from(ReceivedText))
        left = Message.status.in_([MessageStatus.QUEUED, MessageStatus.SENDING])
        return not waits and not self.count(Message.direction == Direction.OUT, left)


def test_it_loses_and_repeats_nothing_when_a_burst_is_killed(town: Town) -> None:
    if town.database.is_sqlite:
        pytest.skip("SQLite has one process, which puts nothing off")
    acme(town)
    phones = [phone for people in settle_in(town, POINTS) for phone in people.texters] * ROUNDS
    burst = Burst(town, phones)
    town.start("web", **{BEHIND: "1"})
    town.start_all()

    burst.begin()
    assert eventually(lambda: burst.acknowledged > len(phones) // 4, PATIENCE_S)
    town.kill("web")
    town.start("web", **{BEHIND: "1"})
    assert eventually(lambda: burst.count(Message.reply_to_id.is_not(None)), PATIENCE_S)
    town.kill("worker")
    town.clock.advance(IN_HAND)  # what it had in hand is anybody's again
    town.start("worker")
    assert eventually(burst.is_over, PATIENCE_S)
    assert eventually(burst.is_answered, PATIENCE_S), town.log.read_text()[-3000:]

    with town.database.read() as db:
        came = Counter(db.scalars(sa.select(Message.provider_reference).where(Message.direction == Direction.IN)))
        answered = Counter(db.scalars(sa.select(Message.reply_to_id).where(Message.reply_to_id.is_not(None))))
    assert came == Counter(form["MessageSid"] for form in burst.forms)
    assert (len(answered), set(answered.values())) == (len(phones), {1})
    assert set(town.carrier.taken.values()) == {1}
    assert len(town.carrier.taken) == len(phones)
