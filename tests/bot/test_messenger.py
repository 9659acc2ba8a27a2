"""Queueing: in the caller's transaction, on the right queue, and again by the sweep."""

from datetime import timedelta

import pytest
import sqlalchemy as sa

from bot import messenger, receipts
from models.message import Message, MessageStatus, Route
from tests.support.post import ACME, NOW, Post


def test_it_sends_after_the_commit(post: Post) -> None:
    message_id = post.text()

    post.run()

    assert [sms.body for sms in post.carrier.sent] == ["Acme: hello"]
    assert post.status(message_id) is MessageStatus.SENT


def test_it_sends_nothing_that_was_rolled_back(post: Post) -> None:
    message = post.message(post.text())
    post.jobs.waiting.clear()
    with post.runtime.write() as ctx:
        messenger.enqueue(ctx, message)
        ctx.session.rollback()

    assert post.run() == 0


@pytest.mark.parametrize(("kind", "queue"), [("code", "codes"), ("receipt", "email")])
def test_it_lets_no_mail_stand_before_a_code(post: Post, kind: str, queue: str) -> None:
    post.email(kind=kind)

    assert post.jobs.waiting[0].queue == queue


def test_it_paces_texts_by_the_sending_number(post: Post) -> None:
    post.text()

    assert (post.jobs.waiting[0].queue, post.jobs.waiting[0].key) == ("sms", ACME)


def test_it_waits_until_the_message_may_go(post: Post) -> None:
    post.text(not_before_at=NOW + timedelta(hours=1))
    assert post.run() == 0

    assert post.later(timedelta(hours=1)) == 1


def test_it_sweeps_up_a_message_whose_job_was_lost(post: Post) -> None:
    post.text()
    post.jobs.waiting.clear()
    post.jobs.ids.clear()

    messenger.sweep(post.runtime)
    post.run()

    assert len(post.carrier.sent) == 1


def test_it_sweeps_without_sending_twice(post: Post) -> None:
    post.text()
    messenger.sweep(post.runtime)
    post.run()
    messenger.sweep(post.runtime)
    post.run()

    assert len(post.carrier.sent) == 1


def test_it_sweeps_more_than_one_chunk(post: Post) -> None:
    message = post.message(post.text())
    copied = {name: getattr(message, name) for name in receipts.COPIED}
    with post.runtime.write() as ctx:
        for _ in range(messenger.CHUNK):
            messenger.queue(ctx, Message(**copied))

    assert messenger.sweep(post.runtime) == messenger.CHUNK + 1


def test_it_brings_forward_what_the_clock_has_jumped_past(post: Post) -> None:
    post.text(not_before_at=NOW + timedelta(days=7))
    post.clock.advance(timedelta(days=7))
    post.jobs.waiting[0].due_at = NOW + timedelta(days=30)  # an engine waits by the wall clock

    messenger.sweep(post.runtime)

    assert post.run() == 1


def test_it_leaves_replies_in_responses_to_the_carrier(post: Post) -> None:
    post.reply()

    messenger.sweep(post.runtime)

    assert post.jobs.waiting == []


def test_it_takes_up_a_send_that_was_abandoned(post: Post) -> None:
    post.carrier.troubles.append(ZeroDivisionError("a bug in the channel"))
    message_id = post.text()
    with pytest.raises(ZeroDivisionError):
        post.run()
    assert post.status(message_id) is MessageStatus.SENDING

    post.clock.advance(messenger.ABANDONED_AFTER + timedelta(seconds=1))
    messenger.sweep(post.runtime)
    post.run()

    assert post.status(message_id) is MessageStatus.SENT
    assert post.message(message_id).route is Route.MESSENGER


def test_it_asks_about_what_may_have_left_since_a_backup(post: Post) -> None:
    gone, waiting, mail = post.text("Acme: one"), post.text("Acme: two"), post.email()
    post.run()
    post.carrier.sent[:] = [sms for sms in post.carrier.sent if sms.body == "Acme: one"]  # as it was left by the others
    as_backed_up(post, gone, waiting, mail)
    with post.runtime.write() as ctx:
        assert messenger.doubt(ctx) == 3

    post.clock.advance(messenger.ABANDONED_AFTER + timedelta(minutes=1))
    messenger.sweep(post.runtime)
    post.run()

    assert [sms.body for sms in post.carrier.sent] == ["Acme: one", "Acme: two"]
    assert [post.status(one) for one in (gone, waiting, mail)] == [
        *(MessageStatus.SENT, MessageStatus.SENT),
        MessageStatus.UNKNOWN,
    ]


def as_backed_up(post: Post, *ids: int) -> None:
    """The rows as a copy has them that was made before they left."""
    before = {"status": MessageStatus.QUEUED, "attempt": 0, "claimed_at": None, "finished_at": None}
    with post.runtime.write() as ctx:
        mine = sa.update(Message).where(Message.id.in_(ids))
        ctx.session.execute(mine.values(**before, provider_reference=None))
    post.jobs.ids.clear()
