"""Delivery reports: monotonic, matched to the right row, and each error code with its consequence."""

from datetime import timedelta

import pytest
import sqlalchemy as sa
import structlog

from bot import addresses, optouts, receipts
from bot.channels.twilio_errors import MEANINGS
from models.customer import Channel, ContactPoint, Customer
from models.merchant import Mode
from models.message import Failure, Message, MessageStatus
from models.ports import DeliveryReceipt
from tests.support.post import ALICE, NOW, Post
from tests.support.post import merchant as another

S = MessageStatus


def report(post: Post, message_id: int, status: MessageStatus | None, code: str | None = None, **other: object) -> None:
    failure = Failure.TEMPORARY if code in ("30003", "30008") else Failure.PERMANENT
    fields = {
        "reference": post.message(message_id).public_id,
        "provider_reference": "SM1",
        "status": status,
        "failure": failure if code else None,
        "error_code": code,
        **other,
    }
    with post.runtime.write() as ctx:
        receipts.apply_receipt(ctx, post.merchant_id, DeliveryReceipt(**fields))  # type: ignore[arg-type]


@pytest.fixture
def sent(post: Post) -> int:
    message_id = post.text()
    post.run()
    return message_id


@pytest.mark.parametrize(
    ("reports", "status"),
    [
        ([S.SENT, S.DELIVERED], S.DELIVERED),
        ([S.DELIVERED, S.SENT], S.DELIVERED),
        ([S.DELIVERED, S.FAILED], S.DELIVERED),
        ([S.FAILED, S.DELIVERED], S.FAILED),
        ([S.DELIVERED, None, S.DELIVERED], S.DELIVERED),
        ([S.QUEUED, S.SENDING], S.SENT),
    ],
)
def test_it_never_takes_a_report_back(post: Post, sent: int, reports: list[S | None], status: S) -> None:
    for each in reports:
        report(post, sent, each)

    assert post.status(sent) is status


def test_it_believes_a_callback_over_a_guess_by_the_same_words(post: Post) -> None:
    """The first reply was lost with its response; asked about it, the carrier showed the second one, whose callback was
    late."""
    lost, second = post.reply(), post.reply()
    with post.runtime.write() as ctx:
        guessed = ctx.session.get_one(Message, lost)
        guessed.provider_reference, guessed.status = "SM2", S.SENT

    report(post, second, S.DELIVERED, provider_reference="SM2")

    named = {post.message(one).provider_reference for one in (lost, second)}
    assert (post.status(second), post.message(second).provider_reference, named) == (S.DELIVERED, "SM2", {None, "SM2"})


def test_it_takes_a_callback_as_proof_that_a_reply_arrived(post: Post) -> None:
    reply = post.reply()

    report(post, reply, S.SENT)

    assert (post.status(reply), post.message(reply).provider_reference) == (S.SENT, "SM1")


def test_it_finds_the_message_by_the_carrier_s_reference(post: Post, sent: int) -> None:
    report(post, sent, S.DELIVERED, reference=None)

    assert post.status(sent) is S.DELIVERED


def test_it_ignores_reports_about_another_merchant_s_message(post: Post, sent: int) -> None:
    with post.runtime.write() as ctx:
        globex = another("Globex")
        ctx.session.add(globex)
        ctx.session.flush()
        receipt = DeliveryReceipt(post.message(sent).public_id, "SM1", S.DELIVERED, None, None)
        receipts.apply_receipt(ctx, globex.id, receipt)

    assert post.status(sent) is S.SENT


@pytest.mark.parametrize("code", ["21211", "21614", "21635", "30005", "30006"])
def test_it_stops_using_an_address_that_cannot_be_reached(post: Post, sent: int, code: str) -> None:
    point = post.on_file(Channel.SMS, ALICE)

    report(post, sent, S.FAILED, code)

    with post.runtime.read() as ctx:
        assert ctx.session.get_one(ContactPoint, point).bad_since_at == NOW
    assert (post.message(sent).failure, post.message(sent).error_code) == (Failure.PERMANENT, code)


@pytest.mark.parametrize("code", ["21610", "30004"])
def test_it_takes_a_block_for_an_opt_out(post: Post, sent: int, code: str) -> None:
    report(post, sent, S.FAILED, code)

    with post.runtime.read() as ctx:
        assert optouts.is_opted_out(ctx, post.merchant_id, Channel.SMS, ALICE)


@pytest.mark.parametrize("code", ["30007", "30034", "20003"])
def test_it_calls_for_help_over_trouble_with_the_carrier(post: Post, sent: int, code: str) -> None:
    with structlog.testing.capture_logs() as logs:
        report(post, sent, S.FAILED, code)
        post.run()

    [alert] = [entry for entry in logs if entry["log_level"] == "error"]
    assert (alert["event"], alert["code"]) == (MEANINGS[code].event, code)
    assert [(email.to, code in email.subject) for email in post.mailer.sent] == [("billing@acme.example", True)]
    assert len(post.carrier.sent) == 1


def test_it_fails_the_message_alone_for_a_code_it_does_not_know(post: Post, sent: int) -> None:
    report(post, sent, S.FAILED, "39999")

    assert (post.status(sent), post.jobs.waiting) == (S.FAILED, [])


@pytest.mark.parametrize("code", ["30003", "30008"])
def test_it_sends_again_after_a_while(post: Post, sent: int, code: str) -> None:
    report(post, sent, S.FAILED, code)
    post.run()
    assert len(post.carrier.sent) == 1

    post.later(MEANINGS[code].waits[0])

    assert [sms.body for sms in post.carrier.sent] == ["Acme: hello"] * 2


def test_it_sends_again_once_for_a_repeated_report(post: Post, sent: int) -> None:
    for _ in range(3):
        report(post, sent, S.FAILED, "30008")
    post.later(timedelta(hours=1))

    assert len(post.carrier.sent) == 2


def test_it_sends_again_twice_at_most(post: Post, sent: int) -> None:
    for place in range(1, 5):
        reference = post.carrier.sent[-1].reference
        report(post, sent, S.FAILED, "30008", reference=reference, provider_reference=f"SM{place}")
        post.later(timedelta(hours=1))

    assert len(post.carrier.sent) == 1 + len(MEANINGS["30008"].waits)


def test_it_tells_the_merchant_about_no_test_customer(post: Post) -> None:
    """Who writes from a number that only a test customer has is nobody on file."""
    sent = post.text(customer_id=None)
    post.run()
    with post.runtime.write() as ctx:
        tess = Customer(merchant_id=post.merchant_id, mode=Mode.TEST, name="Tess", created_at=NOW)
        ctx.session.add(tess)
        ctx.session.flush()
        addresses.add(ctx, tess, Channel.SMS, ALICE)

    report(post, sent, S.FAILED, "30005")

    with post.runtime.read() as ctx:
        kinds = sa.select(Message.kind).where(Message.merchant_id == post.merchant_id)
        assert ctx.session.scalars(kinds).all() == ["remind_due"]
