"""The doors that mail comes in by: what each answers, what it lets in, and what it keeps."""

import pytest
import sqlalchemy as sa
from werkzeug.test import TestResponse

from models.merchant import Merchant
from models.message import Direction, Message
from models.ports import WebhookRequest
from models.received_mail import ReceivedMail
from tests.support import inbound_mail
from tests.support.inbound_mail import MAILGUN_KEY, NOW, SECRET, SENDGRID_KEY, WAYS, Mail, Way
from tests.support.world import ALICE_EMAIL, World

QUESTION = Mail(text="What do I owe?\n", subject="Re: Invoice INV-1042")
SECRETS = {
    "sendgrid_key": SENDGRID_KEY,
    "mailgun": MAILGUN_KEY,
    "postmark": SECRET,
    "mime": SECRET,
    "mime_authserv_id": "mx.acme.example",
}
every_way = pytest.mark.parametrize("way", WAYS, ids=lambda way: way.name)


@pytest.fixture(autouse=True)
def doors(world: World) -> None:
    """Every provider set up, at the time at which the samples were signed."""
    world.clock.advance(NOW - world.clock.now())
    with_secrets(world, SECRETS)


def with_secrets(world: World, secrets: dict[str, str]) -> None:
    with world.runtime.write() as ctx:
        ctx.session.execute(sa.update(Merchant).where(Merchant.slug == "acme").values(email_secrets=secrets))
    world.directory.forget()


def vendor_of(way: Way) -> str:
    return {"raw": "mime"}.get(way.name.split()[0], way.name.split()[0])


def posts(world: World, vendor: str, incoming: WebhookRequest, slug: str = "acme") -> TestResponse:
    answer = world.client.post(f"/webhooks/email/{vendor}/{slug}", data=incoming.body, headers=dict(incoming.headers))
    world.settle_down()
    return answer


def received(world: World) -> list[Message]:
    with world.runtime.read() as ctx:
        return list(ctx.session.scalars(sa.select(Message).where(Message.direction == Direction.IN)))


@every_way
def test_it_answers_a_customer_whoever_brings_the_mail(world: World, way: Way) -> None:
    assert posts(world, vendor_of(way), way.bring(QUESTION)).status_code == 200
    [answer] = world.mails_to(ALICE_EMAIL)
    assert "3 open invoices" in answer.text


@every_way
def test_it_tells_nothing_where_the_provider_vouches_for_nobody(world: World, way: Way) -> None:
    posts(world, vendor_of(way), way.bring(Mail(text="What do I owe?\n", signed_by=None)))
    [answer] = world.mails_to(ALICE_EMAIL)
    assert "INV-" not in answer.subject + answer.text


@every_way
def test_it_answers_a_mail_that_comes_again_once(world: World, way: Way) -> None:
    statuses = {posts(world, vendor_of(way), way.bring(QUESTION)).status_code for _ in range(3)}
    assert (statuses, len(world.mails_to(ALICE_EMAIL))) == ({200}, 1)


@every_way
def test_it_has_no_door_without_its_secret(world: World, way: Way) -> None:
    with_secrets(world, {})
    assert posts(world, vendor_of(way), way.bring(QUESTION)).status_code == 404


@every_way
def test_it_refuses_what_another_merchant_s_provider_would_accept(world: World, way: Way) -> None:
    others = dict.fromkeys(("mailgun", "postmark", "mime", "sendgrid"), "another-secret-altogether")
    with_secrets(world, others)
    assert posts(world, vendor_of(way), way.bring(QUESTION)).status_code == 403
    assert received(world) == []


def test_it_knows_no_door_for_a_stranger(world: World) -> None:
    piped = inbound_mail.piped(QUESTION)
    assert posts(world, "mime", piped, slug="nobody").status_code == 404
    assert posts(world, "ses", piped).status_code == 404


def test_it_calls_an_empty_post_malformed(world: World) -> None:
    assert posts(world, "mime", inbound_mail.post(b"", "message/rfc822", inbound_mail.basic())).status_code == 400


def test_it_takes_a_signature_for_one_mail_only(world: World) -> None:
    posts(world, "mailgun", inbound_mail.mailgun_parsed(QUESTION))
    swapped = inbound_mail.mailgun_parsed(Mail(text="STOP\n"))
    assert posts(world, "mailgun", swapped).status_code == 403
    assert len(received(world)) == 1


def test_it_takes_a_mail_with_a_great_body(world: World) -> None:
    great = Mail(text="What do I owe?\n", html=f"<p>What do I owe?</p><!--{'x' * 2_000_000}-->")
    assert posts(world, "sendgrid", inbound_mail.sendgrid_parsed(great)).status_code == 200
    assert len(world.mails_to(ALICE_EMAIL)) == 1


def test_it_refuses_a_body_past_the_limit(world: World) -> None:
    huge = inbound_mail.post(b"x" * (38 * 1024 * 1024), "message/rfc822", inbound_mail.basic())
    assert posts(world, "mime", huge).status_code == 413


def test_it_keeps_what_it_cannot_read_and_is_not_sent_it_again(world: World) -> None:
    deep = b"".join(b'Content-Type: multipart/mixed; boundary="b%d"\r\n\r\n--b%d\r\n' % (n, n) for n in range(60))
    mail = b"From: alice@example.com\r\nMIME-Version: 1.0\r\n" + deep
    assert posts(world, "mime", inbound_mail.post(mail, "message/rfc822", inbound_mail.basic())).status_code == 200
    with world.runtime.read() as ctx:
        assert ctx.session.scalars(sa.select(ReceivedMail.raw)).one() == mail
    assert received(world)[0].error_code == "unreadable"


@pytest.mark.parametrize(
    "text", ["", "\x00what do I owe?\x00", "\U0001f600" * 9000, "{link} {{7*7}} {code}", "x" * 99_999]
)
def test_it_survives_whatever_a_mail_says(world: World, text: str) -> None:
    assert posts(world, "mime", inbound_mail.piped(Mail(text=text, subject=text[:150]))).status_code == 200
