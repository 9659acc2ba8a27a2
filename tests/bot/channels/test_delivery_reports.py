import pytest

from bot.channels.delivery_reports import delivery_reports
from bot.channels.mime import read_mail
from models.ports import DeliveryReport


def report(kind: str, fields: str, returned: str = "Message-ID: <m7@acme.example>\nTo: alice@example.com") -> bytes:
    part = "message/feedback-report" if kind == "feedback-report" else "message/delivery-status"
    return (
        f'From: MAILER-DAEMON@mx.example\nContent-Type: multipart/report; report-type={kind}; boundary="B"\n\n'
        f"--B\nContent-Type: text/plain\n\nYour mail did not arrive.\n"
        f"--B\nContent-Type: {part}\n\n{fields}\n"
        f"--B\nContent-Type: message/rfc822\n\n{returned}\n\nReply STOP to opt out.\n--B--\n"
    ).encode()


def read(raw: bytes) -> tuple[DeliveryReport, ...]:
    return delivery_reports(raw, read_mail(raw))


def bounce(action: str, status: str, recipient: str = "rfc822; Alice@Example.com") -> bytes:
    return report(
        "delivery-status",
        f"Reporting-MTA: dns; mx.example\n\nFinal-Recipient: {recipient}\nAction: {action}\nStatus: {status}\n",
    )


def test_it_reads_a_bounce() -> None:
    assert read(bounce("failed", "5.1.1")) == (DeliveryReport("alice@example.com", True, False, "<m7@acme.example>"),)


@pytest.mark.parametrize(
    ("action", "status"), [("failed", "4.2.2"), ("delayed", "4.4.1"), ("delayed", "5.1.1"), ("failed", "")]
)
def test_it_takes_no_temporary_failure_for_a_permanent_one(action: str, status: str) -> None:
    assert [one.is_permanent for one in read(bounce(action, status))] == [False]


@pytest.mark.parametrize("action", ["delivered", "relayed", "expanded", ""])
def test_it_reports_no_success(action: str) -> None:
    assert read(bounce(action, "2.0.0")) == ()


def test_it_reads_every_recipient_of_a_bounce() -> None:
    block = "\n\nFinal-Recipient: rfc822; {}@example.com\nAction: failed\nStatus: 5.0.0"
    raw = report("delivery-status", "Reporting-MTA: dns; x" + block.format("alice") + block.format("bob"))

    assert [one.address for one in read(raw)] == ["alice@example.com", "bob@example.com"]


def test_it_reads_a_complaint() -> None:
    raw = report("feedback-report", "Feedback-Type: abuse\nVersion: 1\nOriginal-Rcpt-To: <alice@example.com>\n")

    assert read(raw) == (DeliveryReport("alice@example.com", True, True, "<m7@acme.example>"),)


def test_it_finds_the_one_who_complained_in_the_returned_mail() -> None:
    assert [one.address for one in read(report("feedback-report", "Feedback-Type: abuse\n"))] == ["alice@example.com"]


def test_it_takes_not_spam_for_no_complaint() -> None:
    assert read(report("feedback-report", "Feedback-Type: not-spam\n")) == ()


def test_it_reads_the_failed_recipients_of_a_plain_mail() -> None:
    raw = b"From: Mailer-Daemon@mx.example\nX-Failed-Recipients: alice@example.com, bob@example.com\n\nsorry"

    assert [one.address for one in read(raw)] == ["alice@example.com", "bob@example.com"]


def test_it_names_no_mail_that_was_not_returned() -> None:
    assert read(bounce("failed", "5.1.1").replace(b"Message-ID", b"X-Other"))[0].message_id is None


def test_it_reports_nothing_of_a_person() -> None:
    assert read(b"From: alice@example.com\n\nAction: failed") == ()
