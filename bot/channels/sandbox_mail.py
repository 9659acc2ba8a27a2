"""The sandbox's mail server: takes every mail by real SMTP on loopback and puts it into the Outside's mailboxes."""

import socket
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default as default_policy

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session

from bot.channels.sandbox import Outside


class _Mailboxes:
    """aiosmtpd's handler, in the server's own thread: that it writes to a file there holds up nobody else.
    It parses our own mails only, so the policy that chokes on hostile ones is safe here."""

    def __init__(self, outside: Outside) -> None:
        self._outside = outside

    async def handle_DATA(self, _server: SMTP, _session: Session, envelope: Envelope) -> str:  # noqa: N802 - its name
        if self._outside.strikes("mail_is_down") is not None:
            return "451 try again later"
        self._store(envelope)
        return "250 OK"

    def _store(self, envelope: Envelope) -> None:
        content = envelope.content
        raw = content if isinstance(content, bytes) else str(content).encode()
        mail = message_from_bytes(raw, _class=EmailMessage, policy=default_policy)
        text, html = mail.get_body(("plain",)), mail.get_body(("html",))
        for recipient in envelope.rcpt_tos:
            self._outside.deliver(
                "email",
                str(mail["From"]),
                recipient,
                str(text.get_content()) if text else "",
                subject=str(mail["Subject"]),
                html=str(html.get_content()) if html else None,
                headers={name: str(value) for name, value in mail.items()},
                source=raw.decode("utf-8", "replace"),
            )


class MailServer:
    """Its address is known before it listens."""

    def __init__(self, outside: Outside) -> None:
        self._outside = outside
        self._port = _free_port()
        self._controller: Controller | None = None

    @property
    def url(self) -> str:
        return f"smtp://127.0.0.1:{self._port}"

    def start(self) -> None:
        """Listen, in a thread of its own. A controller opens its event loop when it is made, so not before."""
        self._controller = Controller(
            _Mailboxes(self._outside), hostname="127.0.0.1", port=self._port, enable_SMTPUTF8=True
        )
        self._controller.start()

    def close(self) -> None:
        """End and join the thread, if there is one."""
        if self._controller is not None:
            self._controller.stop()
            self._controller = None


def _free_port() -> int:
    """aiosmtpd cannot be told 0: it calls its own port once to see that it listens."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
