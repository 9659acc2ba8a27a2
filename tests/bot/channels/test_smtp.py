"""Email out, against real servers on loopback: one that takes it, and ones that refuse or fall silent at each step."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from email import message_from_string
from email.message import Message

import pytest

from bot.channels import smtp
from bot.channels.sandbox_mail import MailServer
from bot.channels.smtp import SmtpEmail, compose
from models.errors import ProviderError
from models.ports import OutboundEmail
from tests.support.wire import NOW, Wire

LINK = "https://payments.harborandfinchsupply.example.com/p/" + "A" * 41


def email(**fields: object) -> OutboundEmail:
    usual: dict[str, object] = {
        "message_id": "<c0ffee@pay.example.com>",
        "sender_name": "Acme",
        "sender": "pay@acme.example",
        "to": "alice@example.com",
        "subject": "Your code is 417202",
        "text": f"Hello\n\n{LINK}\n",
        "html": f'<p>Hello</p><a href="{LINK}">Pay</a>',
        "headers": {"Auto-Submitted": "auto-generated"},
    }
    return OutboundEmail(**(usual | fields))  # type: ignore[arg-type]


@pytest.fixture
def server(wire: Wire) -> Iterator[MailServer]:
    server = MailServer(wire.outside)
    server.start()
    yield server
    server.close()


@contextmanager
def scripted(*answers: str) -> Iterator[str]:
    """A server that greets, answers each command with the next line, and hangs up when it has none."""
    listener = socket.create_server(("127.0.0.1", 0))

    def converse() -> None:
        connection, _ = listener.accept()
        with connection, connection.makefile("rwb") as wire:
            wire.write(b"220 ready\r\n")
            for answer in answers:
                wire.flush()
                while answer == "250 taken" and wire.readline() not in (b".\r\n", b""):
                    continue
                if answer != "250 taken":
                    wire.readline()
                wire.write(f"{answer}\r\n".encode())

    thread = threading.Thread(target=converse)
    thread.start()
    yield f"smtp://127.0.0.1:{listener.getsockname()[1]}"
    thread.join()
    listener.close()


def failure(url: str, **fields: object) -> ProviderError:
    with pytest.raises(ProviderError) as caught:
        SmtpEmail(url).send(email(**fields))
    return caught.value


def parsed(**fields: object) -> Message:
    return message_from_string(compose(email(**fields)).as_string())


# --- what arrives ----------------------------------------------------------------------------------------------------
def test_it_delivers_both_parts_and_the_link_unaltered(server: MailServer, wire: Wire) -> None:
    assert SmtpEmail(server.url, wire.clock).send(email()) == "<c0ffee@pay.example.com>"
    [mail] = wire.outside.messages("alice@example.com")
    assert (mail.channel, mail.subject, mail.text.split()) == ("email", "Your code is 417202", ["Hello", LINK])
    assert mail.html is not None
    assert LINK in mail.html


def test_it_keeps_our_message_id_and_says_nobody_wrote_this(server: MailServer, wire: Wire) -> None:
    SmtpEmail(server.url, wire.clock).send(email())
    [mail] = wire.outside.messages("ALICE@example.com")
    assert mail.headers["Message-ID"] == "<c0ffee@pay.example.com>"
    assert mail.headers["Auto-Submitted"] == "auto-generated"
    assert mail.headers["Date"] == NOW.strftime("%a, %d %b %Y %H:%M:%S +0000")


def test_it_reaches_addresses_beyond_ascii(server: MailServer, wire: Wire) -> None:
    SmtpEmail(server.url).send(email(to="señora@example.com"))
    assert len(wire.outside.messages("señora@example.com")) == 1


# --- headers ---------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("field", ["sender_name", "subject"])
def test_it_lets_no_name_add_a_header(field: str) -> None:
    mail = parsed(**{field: "Acme\r\nBcc: eve@evil.example\r\n\r\nHi"})
    assert (mail["Bcc"], mail.is_multipart()) == (None, True)


def test_it_drops_direction_marks_from_names() -> None:
    assert "\u202e" not in str(compose(email(sender_name="Acme \u202eelpmaxe"))["From"])


def test_it_shortens_a_subject_that_never_ends() -> None:
    assert len(str(compose(email(subject="x" * 5_000))["Subject"])) == smtp.SUBJECT_CHARS


def test_it_keeps_extra_headers_from_replacing_ours() -> None:
    mail = parsed(headers={"Subject": "other", "bcc": "eve@evil.example", "Bad Name:": "x", "X-Ok": "a\r\nB: c"})
    assert (mail["Subject"], mail["Bcc"], mail["X-Ok"], mail["B"]) == ("Your code is 417202", None, "a B: c", None)


def test_it_breaks_no_long_url_in_a_header() -> None:
    unsubscribe = f"<{LINK}{'B' * 60}>"
    assert unsubscribe.encode() in compose(email(headers={"List-Unsubscribe": unsubscribe})).as_bytes()


# --- what goes wrong -------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("to", ["", "x", "a@b@c", "(", "a b@c.example", "a@b.example\r\nBcc: eve@evil.example", "@"])
def test_it_gives_up_on_an_address_that_is_none(to: str) -> None:
    error = failure("smtp://127.0.0.1:9", to=to)
    assert (error.code, error.permanent) == ("bad_message", True)


def test_it_tries_again_when_nobody_listens() -> None:
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    error = failure(f"smtp://127.0.0.1:{port}")
    assert (error.permanent, error.accepted_unknown) == (False, False)


@pytest.mark.parametrize(
    ("answers", "code", "permanent", "accepted_unknown"),
    [
        (["250 hi", "550 no such sender"], "550", True, False),
        (["250 hi", "250 ok", "550 no such user"], "550", True, False),
        (["250 hi", "250 ok", "452 mailbox full"], "452", False, False),
        (["250 hi", "250 ok", "250 ok", "554 not that"], "554", True, False),
        (["250 hi", "250 ok", "250 ok", "354 go on", "451 later"], "451", False, False),
        (["250 hi", "250 ok"], "SMTPServerDisconnected", False, False),
        (["250 hi", "250 ok", "250 ok", "354 go on"], "SMTPServerDisconnected", False, True),
    ],
)
def test_it_says_whether_to_try_again(answers: list[str], code: str, permanent: bool, accepted_unknown: bool) -> None:
    with scripted(*answers) as url:
        error = failure(url, text="hello", html=None)
    assert (error.code, error.permanent, error.accepted_unknown) == (code, permanent, accepted_unknown)


def test_it_does_not_take_a_mail_back_when_the_goodbye_fails() -> None:
    with scripted("250 hi", "250 ok", "250 ok", "354 go on", "250 taken") as url:
        assert SmtpEmail(url).send(email()) == "<c0ffee@pay.example.com>"


def test_it_tries_again_while_the_mail_server_is_down(server: MailServer, wire: Wire) -> None:
    wire.outside.cause("mail_is_down")
    error = failure(server.url)
    assert (error.code, error.permanent) == ("451", False)


@pytest.mark.parametrize("url", ["", "http://mail.example", "smtp://", "mail.example:25"])
def test_it_refuses_an_address_that_is_no_mail_server(url: str) -> None:
    with pytest.raises(ValueError, match="SMTP_URL"):
        SmtpEmail(url)
