"""kill -9 at random points of all that Till does, and at the worst ones, on real processes: whatever was acknowledged
is there, nothing went out or was charged twice, the books balance. `make prove` kills 500 times."""

import sqlite3
import threading
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from random import Random  # noqa: TID251 - seeded and printed, so that a run can be had again

import pytest
import sqlalchemy as sa

from models.customer import Channel
from models.message import Direction, Message, MessageStatus
from payments import audit
from tests.faults.deeds import AskForCode, Deed, Import, Pay, Remind, SendInvoice, Text, on_its_way
from tests.faults.people import IMPORTED_LINES, PAYERS, REMINDED, TEXTERS, People, acme, settle_in, write_file
from tests.faults.pulse import Beat
from tests.faults.town import PATIENCE_S, Town, reference_of
from tests.support.figures import Figure
from tests.support.workers import eventually

SLICE = 3
"""Kills on each database in every run of the suite."""
PARTS = 10
LASTS_S = 0.7
"""How long the deeds of one point begin."""
MOMENT_S = 20.0
"""The longest that a kill waits for its moment."""
MOMENTS = (None, Beat.TEXT, Beat.TEXT, Beat.MAIL, Beat.CHARGE, Beat.ANSWER)
MOMENTS_AGAIN = (None, Beat.ANSWER)
"""The first and the second kill of one point come at one of these; None: any, while the deeds begin."""
AT_MOST = {Beat.TEXT: REMINDED, Beat.MAIL: 2, Beat.CHARGE: PAYERS, Beat.ANSWER: TEXTERS}
"""So many come for certain."""
RESTART_S = 10.0
"""Told, not asserted: a machine that does other things as well takes its time."""
CALLBACKS_LOST = timedelta(minutes=6)
"""A reply that no callback confirmed is asked about after five minutes."""


@dataclass
class Storm:
    town: Town
    api_key: str
    random: Random
    left: int
    """Kills still to come."""
    deeds: list[Deed] = field(default_factory=list)
    kills: int = 0
    struck: Counter[str] = field(default_factory=Counter)
    acknowledged: int = 0
    slow_restarts: int = 0
    slowest_restart_s: float = 0.0
    slowest_drain_s: float = 0.0

    def strike(self, people: People) -> None:
        """Everything at once, a kill in the middle, a start, and every sender tries again and some text once more: into
        a second kill. Then all that is left must end well."""
        deeds = self._deeds(people)
        for moments in (MOMENTS, MOMENTS_AGAIN)[: self.left]:
            if moments is MOMENTS_AGAIN:
                deeds += self._texts(people)
            threads = [threading.Thread(target=self._do, args=(deed,)) for deed in deeds if not deed.acknowledged]
            for thread in threads:
                thread.start()
            self._kill(moments)
            self._check_files()
            for thread in threads:
                thread.join()
            restart_s = self.town.start_all()
            self.slow_restarts += restart_s > RESTART_S
            self.slowest_restart_s = max(self.slowest_restart_s, restart_s)
        self.acknowledged += sum(deed.acknowledged for deed in deeds)
        self._let_all_end(deeds)
        self.deeds += deeds
        assert self._books() == []
        assert self._twice() == []

    def _kill(self, moments: Sequence[Beat | None]) -> None:
        beat = self.random.choice(moments)
        victims = self.random.choice(_victims(self.town, beat))
        if beat is None or not self.town.pulse.strike(
            beat, self.random.randint(1, AT_MOST[beat]), lambda: self.town.kill(*victims), MOMENT_S
        ):
            time.sleep(self.random.uniform(0, LASTS_S))
            self.town.kill(*victims)
            beat = None
        self.kills, self.left = self.kills + 1, self.left - 1
        self.struck[beat or "any_time"] += 1
        print(f"kill {self.kills}: {beat or 'any time'}, {' and '.join(victims)}")

    def _do(self, deed: Deed) -> None:
        time.sleep(deed.delay_s)
        deed.go()

    def _texts(self, people: People) -> list[Deed]:
        said = self.random.choice(("what do I owe?", "all"))
        return [Text(self.town, phone=phone, body=said) for phone in people.texters]

    def _deeds(self, people: People) -> list[Deed]:
        town, key, n = self.town, f"{self.kills:04}-of-the-storm", self.kills
        file = write_file(town.folder / f"{n}.csv", f"F{n}-")
        dies_after_s = self.random.uniform(0.3, 2 * LASTS_S)
        invoice, invoice_id = people.billed
        send = f"/invoices/{invoice}/send"
        deeds: list[Deed] = [
            *self._texts(people),
            AskForCode(town, phone=people.stranger[0], email=people.stranger[1]),
            *(Pay(town, link=link, invoice_id=paid) for link, paid in people.payers),
            SendInvoice(
                town,
                api_key=self.api_key,
                path=send,
                key=f"{key}-invoice",
                invoice_id=invoice_id,
            ),
            Remind(
                town,
                api_key=self.api_key,
                path="/reminders",
                body={"customer_ids": [public_id for public_id, _ in people.reminded]},
                key=key,
                customers=len(people.reminded),
                customer_ids=tuple(row_id for _, row_id in people.reminded),
            ),
            Import(
                town,
                file=file,
                prefix=f"F{n}-",
                lines=IMPORTED_LINES,
                dies_after_s=dies_after_s,
            ),
        ]
        for deed in deeds:
            deed.delay_s = self.random.uniform(0, LASTS_S)
        return deeds

    def _check_files(self) -> None:
        """As the dead process left them."""
        if self.town.database.is_sqlite:
            with sqlite3.connect(self.town.database.url.database or "") as connection:
                assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
            connection.close()

    def _let_all_end(self, deeds: list[Deed]) -> None:
        threads = [threading.Thread(target=deed.repeat) for deed in deeds if not deed.acknowledged]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        began = time.monotonic()
        ended = eventually(lambda: not on_its_way(self.town) and not _faults(deeds), PATIENCE_S)
        assert ended, [on_its_way(self.town), *_faults(deeds), self.town.log.read_text()[-3000:]]
        self.slowest_drain_s = max(self.slowest_drain_s, time.monotonic() - began)

    def _twice(self) -> list[str]:
        """Texts that the carrier took more often than once."""
        return [reference for reference, times in list(self.town.carrier.taken.items()) if times > 1]

    def _books(self) -> list[audit.Discrepancy]:
        with self.town.database.read() as session:
            return audit.verify(session)

    def end(self) -> dict[str, int]:
        """Once more from the start, later: then every reply has been asked about, and all can be counted."""
        self.town.kill(*self.town.alive)
        self.town.clock.advance(CALLBACKS_LOST)
        self.town.start_all()
        assert eventually(lambda: not self._unconfirmed(), PATIENCE_S), self._unconfirmed()
        assert _faults(self.deeds) == []
        return self._counted()

    def _unconfirmed(self) -> int:
        waiting = (Message.status == MessageStatus.QUEUED) & (Message.direction == Direction.OUT)
        with self.town.database.read() as session:
            return session.scalar(sa.select(sa.func.count(Message.id)).where(waiting)) or 0

    def _counted(self) -> dict[str, int]:
        """What the carrier, the mailboxes and the bank took, against the rows."""
        with self.town.database.read() as session:
            rows = session.scalars(sa.select(Message).where(Message.direction == Direction.OUT)).all()
        texts = self.town.carrier.taken
        mails = [reference_of(m.headers["Message-ID"]) for m in self.town.outside.messages() if m.channel == "email"]
        codes = {row.public_id for row in rows if row.kind == "code"}
        once = [reference for reference in mails if reference not in codes]
        unsure = {row.public_id for row in rows if row.status is MessageStatus.UNKNOWN}
        sent = {row.public_id for row in rows if row.status in (MessageStatus.SENT, MessageStatus.DELIVERED)}
        taken = set(texts) | set(mails)
        paid = [s for s in self.town.stripe.sessions.values() if s["payment_status"] == "paid"]
        lost = sent - taken
        assert not lost, lost
        assert self._twice() == []
        assert len(once) == len(set(once)), [one for one in once if once.count(one) > 1]
        assert len(paid) == sum(isinstance(deed, Pay) for deed in self.deeds)
        assert not {row.public_id for row in rows if row.status is MessageStatus.FAILED}
        return {
            "texts": len(texts),
            "mails": len(mails),
            "payments": len(paid),
            "lost": len(lost),
            "twice": sum(times - 1 for times in texts.values()) + len(once) - len(set(once)),
            "codes_renewed": len(mails) - len(once) - len(codes & set(mails)),
            "mails_unsure": sum(row.channel is Channel.EMAIL for row in rows if row.public_id in unsure),
            "texts_unsure": sum(row.channel is Channel.SMS for row in rows if row.public_id in unsure),
        }


def _faults(deeds: list[Deed]) -> list[str]:
    return [fault for deed in deeds for fault in deed.faults()]


def _victims(town: Town, beat: Beat | None) -> list[tuple[str, ...]]:
    """Whoever brought the moment about, at least."""
    if town.database.is_sqlite:
        return [("web",)]
    if beat is None:
        return [("web",), ("worker",), ("web", "worker")]
    return [("worker" if beat in (Beat.TEXT, Beat.MAIL) else "web",), ("web", "worker")]


@pytest.mark.parametrize("part", [0, *(pytest.param(n, marks=pytest.mark.prove) for n in range(1, PARTS + 1))])
def test_it_survives_kills_at_any_point(town: Town, part: int, pytestconfig: pytest.Config, figure: Figure) -> None:
    kills = pytestconfig.getoption("points") // (2 * PARTS) if part else SLICE
    seed = pytestconfig.getoption("seed") + part
    print(f"seed {seed}: --seed {seed - part} plays it again")
    storm = Storm(town, acme(town), Random(seed), kills)
    cold_s = town.start_cold() if part == 1 else 0.0
    people = iter(settle_in(town, kills))
    town.start_all()

    while storm.left:
        storm.strike(next(people))

    figure(
        "O1 kill -9",
        "sqlite" if town.database.is_sqlite else "postgresql",
        kills=storm.kills,
        **{f"at_{name}": times for name, times in sorted(storm.struck.items())},
        acknowledged_before=storm.acknowledged,
        **storm.end(),
        restarts_over_10_s=storm.slow_restarts,
        slowest_restart_s=storm.slowest_restart_s,
        slowest_cold_start_s=cold_s,
        slowest_drain_s=storm.slowest_drain_s,
    )
