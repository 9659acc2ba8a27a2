"""Each job under PostgreSQL's walls: for which merchant every one of its statements runs, as work of two merchants is
done by turns, and what a statement that forgot its condition on the merchant would have seen there."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
import sqlalchemy as sa

from bot import member_codes, reminders
from bot.exchange import desk
from bot.reminders import Selection
from models import events
from models.cadence import Cadence
from models.context import Context
from models.file_import import FileImport
from models.merchant import Merchant, Mode
from models.payment import Method
from models.prepared import driver_of
from models.reminder import CampaignSource
from models.walls import ALL_MERCHANTS, WHOSE
from models.webhook import EventType, WebhookEndpoint
from payments import begin, links
from tests.support import records
from tests.support.members import add_member
from tests.support.world import ALICE, ALICE_EMAIL, World
from web.jobs import JOBS

FOR_ONE = frozenset(
    {
        *("send_message", "issue_code", "confirm_reply", "check_import", "carry_out_import", "fill_campaign"),
        *("release_reminders", "close_attempt", "deliver_webhook"),
    }
)
"""About one merchant: only the look at the row that they were enqueued with may be for all."""
FOR_EACH = frozenset({"scan_cadences", "release_due", "janitor", "forget_old_words"})
"""For all, one after the other: only the look for who has work may be for all."""
FOR_ALL = {
    "issue_sign_in_code": "an email is a member's of any merchant, until one is found: the mail is that one's",
    "reconcile": "a provider's books hold payments of all; what is healed and told is each one's",
    "confirm_replies": "enqueues a question for each",
    "sweep": "enqueues what is due of all",
    "sweep_webhooks": "enqueues what is due of all",
    "purge": "counters are nobody's, and old rows go by their age",
    "enter_missing_words": "finds those of any merchant whom an older release added, each with its own merchant's key",
    "sound_alarms": "counts for the operator",
}
"""And why."""
ASKED_BY_CARRIER = "twilio_account_sid ="
"""The sandbox is in this very process, and looks up whose account speaks to it."""
PLANTED = "SELECT count(*) FILTER (WHERE id = %(own)s), count(*) FILTER (WHERE id <> %(own)s) FROM merchant"
SLUGS = ("acme", "globex")


@dataclass
class Watch:
    """What the jobs of a world say to its database."""

    world: World
    said: list[tuple[str, str, str]] = field(default_factory=list)
    """Job, for whom, SQL."""
    running: str | None = None
    leaks: list[str] = field(default_factory=list)
    count: Counter[str] = field(default_factory=Counter)

    def run(self) -> None:
        """Whatever waits, and what follows from it."""
        jobs = {name: self._watched(name) for name in JOBS}
        world = self.world
        while world.jobs.run(world.runtime, jobs) + world.carrier.flush() + world.bank_post.flush():
            continue

    def start(self, name: str) -> None:
        self._watched(name)(self.world.runtime)

    def _watched(self, name: str) -> Any:
        def job(*args: Any) -> object:
            self.running = name
            self.count[name] += 1
            try:
                return JOBS[name](*args)
            finally:
                self.running = None

        return job

    def hear(self, db: sa.Connection, _cursor: Any, statement: str, *_more: Any) -> None:
        if self.running is None or ASKED_BY_CARRIER in statement:
            return
        whose = db.info[WHOSE]
        self.said.append((self.running, whose, statement))
        if whose != ALL_MERCHANTS:
            own, others = driver_of(db).execute(PLANTED, {"own": int(whose)}).fetchone()
            if (own, others) != (1, 0):
                self.leaks.append(f"{self.running}: {statement}")

    def across(self, name: str) -> list[str]:
        return [statement for job, whose, statement in self.said if (job, whose) == (name, ALL_MERCHANTS)]

    def runs(self, name: str) -> set[str]:
        return {whose for job, whose, _ in self.said if job == name} - {ALL_MERCHANTS}


@pytest.fixture
def watch(peopled_world: World) -> Iterator[Watch]:
    engine = peopled_world.runtime.database.engine
    if peopled_world.runtime.database.is_sqlite:
        pytest.skip("SQLite has no row-level security")
    made = Watch(peopled_world)
    sa.event.listen(engine, "after_cursor_execute", made.hear)
    yield made
    sa.event.remove(engine, "after_cursor_execute", made.hear)


def works(watch: Watch, slug: str, number: str) -> None:
    """A day at one merchant: something of everything."""
    world, merchant = watch.world, watch.world.merchants[slug]
    account, to = merchant.twilio_account_sid or "", merchant.number or ""
    for words in ("hi", ALICE_EMAIL):
        world.carrier.text(account, ALICE, to, words)
        watch.run()
    world.outside.cause("reply_is_lost")
    world.carrier.text(account, ALICE, to, "HELP")
    member = add_member(world, slug)
    with world.runtime.write() as ctx:
        here = ctx.session.get_one(Merchant, merchant.id)
        member_codes.start(ctx, f"browser-of-{slug}", member.email)
        desk.take(ctx, here, Mode.LIVE, "new.csv", b"customer_name,emails\nCarol,carol@example.com\n", "Olga")
        ctx.session.add(Cadence(merchant_id=here.id, is_on=True))
        chosen = Selection(everyone_overdue=True)
        reminders.launch(ctx, here, chosen, by="Olga", source=CampaignSource.CONSOLE, key="one")
        tells_a_program(ctx, here)
    watch.run()
    with world.runtime.write() as ctx:
        mine = sa.select(FileImport).where(FileImport.merchant_id == merchant.id)
        assert desk.press(ctx, ctx.session.scalars(mine).one())
    presses_pay(world, number)
    records.amend(world, number, 5_000)
    watch.run()
    presses_pay(world, number)


def presses_pay(world: World, number: str) -> None:
    """And does not come back from the bank."""
    token = records.link(world, number).removeprefix("/p/")
    with world.runtime.read() as ctx:
        total = links.read(ctx, token).total
    begin.begin(world.runtime, token, Method.CARD, idempotency_key=uuid4().hex, shown_total=total)


def tells_a_program(ctx: Context, merchant: Merchant) -> None:
    """One that is not there."""
    endpoint = WebhookEndpoint(merchant_id=merchant.id, mode=Mode.LIVE, url="http://127.0.0.1:9/")
    endpoint.secret = endpoint.new_secret()
    endpoint.event_types = [EventType.ENDPOINT_TEST]
    endpoint.created_at = ctx.clock.now()
    ctx.session.add(endpoint)
    ctx.session.flush()
    events.emit(ctx, merchant.id, Mode.LIVE, EventType.ENDPOINT_TEST, {})


def test_it_shows_each_job_the_rows_of_its_merchant(watch: Watch) -> None:
    """One world for all of them: making it is the most of the work."""
    for slug, number in (("acme", "INV-1042"), ("globex", "G-7")):
        works(watch, slug, number)
    watch.world.clock.advance(timedelta(hours=20))
    watch.start("scan_cadences")
    watch.world.jobs.waiting.clear()  # lost: then the schedule releases
    for name in ("confirm_replies", "release_due", "janitor", "reconcile", "forget_old_words"):
        watch.start(name)
        watch.run()

    both = {str(watch.world.merchants[slug].id) for slug in SLUGS}
    assert watch.leaks == []
    assert {name: watch.runs(name) for name in FOR_ONE | FOR_EACH} == dict.fromkeys(FOR_ONE | FOR_EACH, both)
    assert watch.runs("issue_sign_in_code") == both
    for name in FOR_ONE | FOR_EACH:
        assert [one for one in watch.across(name) if not one.lstrip().startswith("SELECT")] == [], name
    for name in FOR_ONE:
        assert len(set(watch.across(name))) <= 1, name
        assert len(watch.across(name)) <= watch.count[name], name


def test_it_knows_of_every_job_whose_rows_it_sees() -> None:
    assert sorted([*FOR_ONE, *FOR_EACH, *FOR_ALL]) == sorted(JOBS)
