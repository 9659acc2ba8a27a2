"""Replies inside a response: the carrier is asked after five minutes, and only what it never had goes again."""

from datetime import timedelta

import pytest

from bot import replies
from models.errors import ProviderError
from models.message import MessageStatus
from models.ports import OutboundSms
from tests.support.post import ACME, ALICE, NOW, Post

LATER = replies.CONFIRM_AFTER + timedelta(seconds=1)


def carrier_has(post: Post, message_id: int) -> None:
    reference = post.message(message_id).public_id
    account = post.runtime.site.sms_account
    assert account is not None
    post.carrier.sent.append(OutboundSms(account, reference, ACME, ALICE, "Acme: 3 invoices", "", NOW))


def confirm_all(post: Post) -> None:
    replies.confirm_all(post.runtime)
    post.run()


def test_it_gives_the_callback_five_minutes(post: Post) -> None:
    post.reply()

    confirm_all(post)

    assert post.carrier.questions == 0


def test_it_records_a_reply_that_the_carrier_has(post: Post) -> None:
    reply = post.reply()
    carrier_has(post, reply)
    post.clock.advance(LATER)

    confirm_all(post)

    assert (post.status(reply), len(post.carrier.sent)) == (MessageStatus.SENT, 1)


def test_it_sends_a_reply_that_the_carrier_never_had(post: Post) -> None:
    reply = post.reply()
    post.clock.advance(LATER)

    confirm_all(post)

    assert ([sms.body for sms in post.carrier.sent], post.status(reply)) == (["Acme: 3 invoices"], MessageStatus.SENT)


def test_it_sends_it_once_however_often_it_looks(post: Post) -> None:
    post.reply()
    post.clock.advance(LATER)

    for _ in range(3):
        confirm_all(post)

    assert len(post.carrier.sent) == 1


def test_it_never_resends_on_silence_alone(post: Post) -> None:
    reply = post.reply()
    post.clock.advance(LATER)
    post.carrier.is_mute = ProviderError("503")

    confirm_all(post)

    assert (post.carrier.sent, post.status(reply)) == ([], MessageStatus.QUEUED)


def test_it_asks_again_in_the_next_round(post: Post) -> None:
    reply = post.reply()
    post.clock.advance(LATER)
    post.carrier.is_mute = ProviderError("503")
    confirm_all(post)

    post.carrier.is_mute = None
    post.clock.advance(LATER)
    confirm_all(post)

    assert post.status(reply) is MessageStatus.SENT


@pytest.mark.parametrize(("age", "status"), [(14, MessageStatus.SENT), (16, MessageStatus.UNKNOWN)])
def test_it_answers_nobody_late(post: Post, age: int, status: MessageStatus) -> None:
    reply = post.reply()
    post.clock.advance(timedelta(minutes=age))

    confirm_all(post)

    assert post.status(reply) is status
