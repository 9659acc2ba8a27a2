"""What every way to bring an email must do alike."""

from dataclasses import replace

import pytest

from bot.channels.quoting_words import BOUNDARIES
from models.errors import MalformedWebhook, UnverifiedWebhook
from models.ports import InboundEmail, Mailbox, WebhookRequest
from tests.support.inbound_mail import NOW, OURS, WAYS, Mail, Way

EVIL = ("Mallory <mallory@evil.example>",)


@pytest.fixture(params=WAYS, ids=lambda way: way.name)
def way(request: pytest.FixtureRequest) -> Way:
    chosen: Way = request.param
    return chosen


def brought(way: Way, mail: Mail) -> InboundEmail:
    return way.vendor.verify_and_parse(way.bring(mail), way.mailbox, NOW)


def test_it_reads_the_newest_text_only(way: Way) -> None:
    assert brought(way, Mail()).text == "I already paid."


def test_it_reads_who_and_to_whom(way: Way) -> None:
    email = brought(way, Mail())

    assert (email.from_address, email.to) == ("alice@example.com", ("pay+t.ab3-x_9@acme.example",))


def test_it_keeps_the_case_of_the_reply_tag(way: Way) -> None:
    assert brought(way, Mail()).reply_tag == "t.Ab3-x_9"


def test_it_reads_the_thread(way: Way) -> None:
    email = brought(way, Mail())

    assert (email.provider_reference, email.in_reply_to) == ("<a1@mail.example.com>", "<m7@acme.example>")
    assert email.references == ("<m6@acme.example>", "<m7@acme.example>")


def test_it_reads_mail_that_is_html_only(way: Way) -> None:
    html = f'<div>wrong amount</div><div class="till-boundary">{BOUNDARIES["en"]}</div><p>Reply STOP</p>'

    assert brought(way, Mail(text="", html=html)).text == "wrong amount"


def test_it_reads_other_letters_than_english(way: Way) -> None:
    email = brought(way, Mail(subject="=?utf-8?B?w7xiZXJmw6RsbGln?=", text="Ya pagué, ¿verdad? 你好"))

    assert (email.subject, email.text) == ("überfällig", "Ya pagué, ¿verdad? 你好")


def test_it_trusts_a_sender_whom_the_provider_has_verified(way: Way) -> None:
    assert brought(way, Mail()).is_authenticated


@pytest.mark.parametrize("domain", [None, "evil.example", "example.com.evil.example", "notexample.com"])
def test_it_trusts_no_other_domain(way: Way, domain: str | None) -> None:
    assert not brought(way, Mail(signed_by=domain)).is_authenticated


def test_it_ignores_verdicts_that_the_sender_wrote(way: Way) -> None:
    forged = Mail(signed_by=None).with_headers(
        ("Authentication-Results", "mx.acme.example; dmarc=pass header.from=example.com"),
        ("X-Mailgun-Spam-Rules", "DKIM_VALID_AU"),
        ("X-Mailgun-Dkim-Check-Result", "Pass"),
        ("X-Spam-Tests", "DKIM_VALID_AU"),
        ("dkim", "{@example.com : pass}"),
    )

    assert not brought(way, forged).is_authenticated


@pytest.mark.parametrize(
    "senders",
    [
        ("alice@example.com", "mallory@evil.example"),
        ("alice@example.com, mallory@evil.example",),
        ("alice@example.com <mallory@evil.example>",),
        ("alice@example.com (Alice)",),
        ("Friends: alice@example.com;",),
        ("<@evil.example:alice@example.com>",),
        ("=?utf-8?q?alice=40example.com?= <mallory@evil.example>",),
    ],
)
def test_it_knows_no_sender_of_an_ambiguous_from(way: Way, senders: tuple[str, ...]) -> None:
    email = brought(way, Mail(senders=senders))

    assert (email.from_address, email.is_authenticated) == (None, False)


def test_it_takes_nobody_by_the_reply_to(way: Way) -> None:
    email = brought(way, Mail(senders=EVIL, signed_by="evil.example").with_headers(("Reply-To", "alice@example.com")))

    assert email.from_address == "mallory@evil.example"


def test_it_marks_what_no_person_wrote(way: Way) -> None:
    assert brought(way, Mail().with_headers(("Auto-Submitted", "auto-replied"))).automatic == "auto-submitted"


def test_it_marks_our_own_mail(way: Way) -> None:
    assert brought(way, Mail(senders=(OURS,))).automatic == "own-address"


def test_it_takes_a_person_for_a_person(way: Way) -> None:
    assert brought(way, Mail()).automatic is None


def test_it_gives_a_repeat_the_same_checksum(way: Way) -> None:
    assert brought(way, Mail()).checksum == brought(way, Mail()).checksum


def test_it_gives_another_text_another_checksum(way: Way) -> None:
    assert brought(way, Mail()).checksum != brought(way, Mail(text="something else")).checksum


def test_it_makes_a_reference_for_mail_without_one(way: Way) -> None:
    email = brought(way, Mail(headers=()))

    assert email.provider_reference == f"sha256:{email.checksum}"


def test_it_keeps_what_it_cannot_read(way: Way) -> None:
    email = brought(way, Mail(headers=tuple((f"X-{n}", "y" * 200) for n in range(400))))

    assert email.raw
    assert email.is_unreadable == (way.name in ("sendgrid raw", "mailgun mime", "postmark raw", "raw mime"))


def test_it_refuses_mail_without_proof(way: Way) -> None:
    request = replace(way.bring(Mail()), headers={"Content-Type": way.bring(Mail()).headers["Content-Type"]})
    unsigned = replace(request, body=request.body.replace(b"signature=", b"x="))

    with pytest.raises(UnverifiedWebhook):
        way.vendor.verify_and_parse(unsigned, way.mailbox, NOW)


def test_it_refuses_the_proof_of_somebody_else(way: Way) -> None:
    other = Mailbox(way.mailbox.addresses, secret="wrong", signing_key="d3Jvbmc=")

    with pytest.raises(UnverifiedWebhook):
        way.vendor.verify_and_parse(way.bring(Mail()), other, NOW)


def test_it_is_no_door_until_it_is_set_up(way: Way) -> None:
    closed = Mailbox(way.mailbox.addresses)

    assert way.vendor.is_configured(way.mailbox)
    assert not way.vendor.is_configured(closed)
    with pytest.raises(UnverifiedWebhook):
        way.vendor.verify_and_parse(way.bring(Mail()), closed, NOW)


@pytest.mark.parametrize("body", [b"", b"\x00", b"{", b"[]", b"--xYzZY", b"a=b", b"\xff" * 100, b"[" * 100_000])
def test_it_raises_its_own_errors_only(way: Way, body: bytes) -> None:
    request = replace(way.bring(Mail()), body=body)

    assert outcome(way, request) in (("refused", "read") if way.name == "raw mime" else ("refused",))


def outcome(way: Way, request: WebhookRequest) -> str:
    try:
        way.vendor.verify_and_parse(request, way.mailbox, NOW)
    except (UnverifiedWebhook, MalformedWebhook):
        return "refused"
    return "read"


def test_it_takes_an_empty_envelope_sender_for_a_machine(way: Way) -> None:
    is_told = way.name in ("sendgrid parsed", "sendgrid raw", "mailgun parsed")
    reason = brought(way, Mail(text="I am away.\n", envelope_from="")).automatic
    assert reason == ("null-return-path" if is_told else None)
