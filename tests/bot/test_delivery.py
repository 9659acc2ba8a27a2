"""Sending: claimed once, recorded once, never twice on silence, and nothing secret in the database."""

import re
from collections.abc import Iterable
from dataclasses import replace
from datetime import timedelta

import pytest
import sqlalchemy as sa

from bot import delivery, messenger, optouts, recall
from models.base import Base
from models.customer import Channel, ContactPoint
from models.errors import ProviderError
from models.message import Failure, Message, MessageStatus
from models.verification import Verification, VerificationStatus
from tests.support.post import ACME, ALICE, NOW, Post

REFUSED = ProviderError("21211", permanent=True)
BUSY = ProviderError("20429")
SILENCE = ProviderError("timeout", accepted_unknown=True)


def crash_before_recording(post: Post, message_id: int, *, landed: bool) -> None:
    """As if the process had died between the carrier's answer and our second transaction."""
    claim = delivery._claim(post.runtime, message_id)
    assert isinstance(claim, delivery.Claim)
    if landed:
        delivery._hand_over(post.runtime, claim)


def codes_in(texts: Iterable[str]) -> list[str]:
    return [text.split()[-1] for text in texts]


def test_it_looks_at_no_other_message_where_nobody_is_reminded(post: Post) -> None:
    """All that are no reminders share their lack of a link."""
    post.text()
    refused = post.text()
    with post.runtime.write() as ctx:
        message = ctx.session.get_one(Message, refused)
        assert recall.take_back(ctx, message) is False
        assert list(ctx.session.identity_map.values()) == [message]


# --- what goes over the wire ------------------------------------------------------------------------------------------
def test_it_asks_for_a_callback_that_carries_our_reference(post: Post) -> None:
    message = post.message(post.text())
    post.run()

    [sms] = post.carrier.sent
    assert sms.status_callback == f"https://till.example/webhooks/twilio/status?ref={message.public_id}"
    assert (sms.sender, sms.to, sms.account) == (ACME, ALICE, post.runtime.site.sms_account)


def test_it_sends_mail_in_the_merchant_s_name(post: Post) -> None:
    message = post.message(post.email(headers={"List-Id": "x"}, kind="receipt"))
    post.run()

    [email] = post.mailer.sent
    assert (email.sender_name, email.sender) == ("Acme", "billing@acme.example")
    assert email.message_id == f"<{message.public_id}@till.example>"
    assert email.headers == {"List-Id": "x", "Auto-Submitted": "auto-generated", "X-Auto-Response-Suppress": "All"}


def test_it_says_which_mail_is_an_answer(post: Post) -> None:
    post.email(reply_to_id=post.reply())
    post.run()

    assert post.mailer.sent[0].headers["Auto-Submitted"] == "auto-replied"


def test_it_puts_the_code_into_the_mail_only(post: Post) -> None:
    message_id = post.code()
    post.run()

    [code] = codes_in(email.text for email in post.mailer.sent)
    assert len(code) == 6
    assert post.mailer.sent[0].html == f"<b>Your code is {code}</b>"
    assert post.message(message_id).body == "Your code is {code}"


def test_it_draws_a_code_that_works(post: Post) -> None:
    post.on_file(Channel.EMAIL, "alice@example.com")
    message = post.message(post.code())
    post.run()

    with post.runtime.write() as ctx:
        verification = ctx.session.get_one(Verification, message.verification_id)
        verification.contact_point_id = ctx.session.scalars(
            sa.select(ContactPoint.id).where(ContactPoint.merchant_id == post.merchant_id)
        ).one()
        assert verification.sent_at == NOW
        assert verification.check(post.mailer.sent[0].text.split()[-1], NOW) is VerificationStatus.APPROVED


def test_it_stores_no_code_anywhere(post: Post) -> None:
    for _ in range(20):
        post.code()
    post.run()

    codes = codes_in(email.text for email in post.mailer.sent)
    assert len(codes) == 20
    with post.runtime.read() as ctx:
        stored = [str(row) for table in Base.metadata.sorted_tables for row in ctx.session.execute(sa.select(table))]
    assert not re.search(rf"\b({'|'.join(codes)})\b", " ".join(stored))


# --- what does not go -------------------------------------------------------------------------------------------------
def test_it_sends_nothing_to_who_opted_out_meanwhile(post: Post) -> None:
    message_id = post.text()
    with post.runtime.write() as ctx:
        optouts.opt_out(ctx, post.merchant_id, Channel.SMS, ALICE, "keyword")
    post.run()

    assert (post.carrier.sent, post.status(message_id)) == ([], MessageStatus.CANCELLED)


def test_it_sends_nothing_queued_after_an_opt_out(post: Post) -> None:
    with post.runtime.write() as ctx:
        optouts.opt_out(ctx, post.merchant_id, Channel.SMS, ALICE, "keyword")
    message_id = post.text()
    post.run()

    assert post.carrier.sent == []
    assert post.message(message_id).error_code == "opted_out"


def test_it_sends_a_code_to_who_opted_out_of_mail(post: Post) -> None:
    with post.runtime.write() as ctx:
        optouts.opt_out(ctx, post.merchant_id, Channel.EMAIL, "alice@example.com", "unsubscribe")
    post.code()
    post.run()

    assert len(post.mailer.sent) == 1


def test_it_sends_nothing_to_a_bad_address(post: Post) -> None:
    post.on_file(Channel.SMS, ALICE)
    message_id = post.text()
    with post.runtime.write() as ctx:
        ctx.session.execute(sa.update(ContactPoint).values(bad_since_at=NOW))
    post.run()

    assert (post.carrier.sent, post.message(message_id).error_code) == ([], "bad_address")


def test_it_sends_no_code_that_came_too_late(post: Post) -> None:
    message_id = post.code()
    post.later(timedelta(minutes=10))

    assert (post.mailer.sent, post.status(message_id)) == ([], MessageStatus.CANCELLED)


# --- faults -----------------------------------------------------------------------------------------------------------
def test_it_gives_up_on_a_permanent_refusal(post: Post) -> None:
    post.carrier.troubles.append(REFUSED)
    message_id = post.text()
    post.run()

    message = post.message(message_id)
    assert (message.status, message.failure, message.error_code) == (MessageStatus.FAILED, Failure.PERMANENT, "21211")
    assert post.jobs.waiting == []


def test_it_marks_an_address_that_the_carrier_calls_invalid(post: Post) -> None:
    point = post.on_file(Channel.SMS, ALICE)
    post.carrier.troubles.append(REFUSED)
    post.text()
    post.run()

    with post.runtime.read() as ctx:
        assert ctx.session.get_one(ContactPoint, point).bad_since_at == NOW


def test_it_tries_a_passing_fault_again_without_asking(post: Post) -> None:
    post.carrier.troubles.append(BUSY)
    message_id = post.text()
    post.run()
    assert post.status(message_id) is MessageStatus.QUEUED

    post.later(messenger.BACKOFF[0])

    assert (post.status(message_id), post.carrier.questions) == (MessageStatus.SENT, 0)


def test_it_gives_up_after_six_attempts(post: Post) -> None:
    post.carrier.troubles.extend([BUSY] * 9)
    message_id = post.text()
    for _ in range(8):
        post.later(timedelta(hours=2))

    message = post.message(message_id)
    assert (message.status, message.failure, message.attempt) == (MessageStatus.FAILED, Failure.TEMPORARY, 6)
    assert len(post.carrier.troubles) == 3


def test_it_does_not_repeat_a_text_that_landed_in_silence(post: Post) -> None:
    post.carrier.troubles.append(SILENCE)
    post.carrier.lands = True
    message_id = post.text()
    post.run()
    assert post.status(message_id) is MessageStatus.SENDING

    post.later(messenger.BACKOFF[0])

    assert (len(post.carrier.sent), post.status(message_id)) == (1, MessageStatus.SENT)
    assert post.message(message_id).provider_reference == "SM1"


def test_it_repeats_a_text_that_was_lost_in_silence(post: Post) -> None:
    post.carrier.troubles.append(SILENCE)
    message_id = post.text()
    post.run()

    post.later(messenger.BACKOFF[0])

    assert (len(post.carrier.sent), post.status(message_id)) == (1, MessageStatus.SENT)


@pytest.mark.parametrize("landed", [True, False])
def test_it_asks_before_it_repeats_after_a_crash(post: Post, landed: bool) -> None:
    message_id = post.text()
    crash_before_recording(post, message_id, landed=landed)
    post.run()

    assert (len(post.carrier.sent), post.carrier.questions) == (1, 1)
    assert post.status(message_id) is MessageStatus.SENT


def test_it_does_not_take_another_text_with_the_same_words_for_this_one(post: Post) -> None:
    post.text()
    post.run()
    lost = post.text()
    crash_before_recording(post, lost, landed=False)
    post.run()

    assert (len(post.carrier.sent), post.message(lost).provider_reference) == (2, "SM2")


def test_it_leaves_a_text_for_a_person_when_nobody_can_be_asked(post: Post) -> None:
    message_id = post.text()
    crash_before_recording(post, message_id, landed=True)
    post.carrier.is_mute = ProviderError("503")
    for _ in range(8):
        post.later(timedelta(hours=2))

    assert (len(post.carrier.sent), post.status(message_id)) == (1, MessageStatus.UNKNOWN)


def test_it_leaves_a_mail_for_a_person_after_a_crash(post: Post) -> None:
    message_id = post.email()
    crash_before_recording(post, message_id, landed=True)
    post.run()

    assert (len(post.mailer.sent), post.status(message_id)) == (1, MessageStatus.UNKNOWN)


def test_it_sends_a_second_code_after_a_crash_and_only_that_one_works(post: Post) -> None:
    message_id = post.code()
    crash_before_recording(post, message_id, landed=True)
    post.run()

    first, second = codes_in(email.text for email in post.mailer.sent)
    with post.runtime.read() as ctx:
        verification = ctx.session.get_one(Verification, post.message(message_id).verification_id)
        verification.contact_point_id = 1
        assert first == second or verification.check(first, NOW) is VerificationStatus.PENDING
        assert verification.check(second, NOW) is VerificationStatus.APPROVED
        ctx.session.rollback()
    assert post.status(message_id) is MessageStatus.SENT


def test_it_drops_the_word_of_a_run_that_was_overtaken(post: Post) -> None:
    message_id = post.text()
    slow = delivery._claim(post.runtime, message_id)
    assert isinstance(slow, delivery.Claim)
    post.run()

    assert delivery._record(post.runtime, slow, REFUSED) == "superseded"
    assert post.status(message_id) is MessageStatus.SENT


def test_it_looks_again_after_it_stood_still_whether_a_text_is_still_its_own(post: Post) -> None:
    message_id = post.text()
    frozen = delivery._claim(post.runtime, message_id)
    assert isinstance(frozen, delivery.Claim)
    again = delivery._fresh(post.runtime, replace(frozen, made_at=frozen.made_at - delivery.FRESH_S))
    assert isinstance(again, delivery.Claim)
    assert (again.attempt, again.is_stale) == (frozen.attempt + 1, False)

    assert delivery._fresh(post.runtime, replace(frozen, made_at=frozen.made_at - delivery.FRESH_S)) == "superseded"


def test_it_fails_a_text_that_no_account_can_send(post: Post) -> None:
    message_id = post.text()
    site = replace(post.runtime.site, sms_account=None)

    assert delivery.send(replace(post.runtime, site=site), message_id) == "failed"
    assert post.message(message_id).error_code == "no_sms_account"
