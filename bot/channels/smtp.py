"""Email out by SMTP, whoever's server it is: STARTTLS with a verified certificate everywhere but on loopback.
Refuses nothing because of a name: what headers cannot hold is cleaned out of them."""

import ipaddress
import re
import smtplib
import ssl
from email.errors import MessageError
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import EmailPolicy
from email.utils import format_datetime
from functools import cached_property
from urllib.parse import unquote, urlsplit

from models.clock import Clock, SystemClock
from models.errors import ProviderError
from models.ports import OutboundEmail

TIMEOUT_S = 15.0
HEADER_CHARS = 900  # RFC 5322: 998 for the whole line
NAME_CHARS = 60
SUBJECT_CHARS = 150

_UNWANTED = re.compile(r"[\x00-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ud800-\udfff]+")
_ADDRESS = re.compile(r"([^\s\x00-\x1f\x7f@,;:<>()\[\]\\\"]+)@([^\s\x00-\x1f\x7f@,;:<>()\[\]\\\"]+)")
_HEADER_NAME = re.compile(r"[A-Za-z0-9-]+")
_OURS = frozenset({"message-id", "date", "from", "to", "cc", "bcc", "subject", "content-type", "mime-version"})


class _Unbroken(EmailPolicy):
    """Folds no header of plain ASCII: the library would break a long URL into encoded words that nobody follows."""

    def fold_binary(self, name: str, value: str) -> bytes:
        if value.isascii():
            return f"{name}: {value}\r\n".encode("ascii")
        return super().fold_binary(name, value)


_POLICY = _Unbroken(linesep="\r\n")


class SmtpEmail:
    """models.ports.EmailChannel."""

    def __init__(self, url: str, clock: Clock | None = None) -> None:
        """`smtp://user:password@host:587` (STARTTLS) or `smtps://...:465`. Raises ValueError."""
        parts = urlsplit(url)
        if parts.scheme not in ("smtp", "smtps") or not parts.hostname:
            raise ValueError("SMTP_URL must look like smtp://user:password@host:587")
        self._clock = clock or SystemClock()
        self._implicit_tls = parts.scheme == "smtps"
        self._host = parts.hostname
        self._port = parts.port or (465 if self._implicit_tls else 587)
        self._user, self._password = unquote(parts.username or ""), unquote(parts.password or "")

    def send(self, email: OutboundEmail) -> str:
        content = self._wire(email)
        server = self._connected()
        try:
            self._address(server, email)
            self._hand_over(server, content)
        finally:
            _hang_up(server)
        return email.message_id

    def greet(self) -> None:
        """Connect as for a mail, and leave. Raises ProviderError."""
        _hang_up(self._connected())

    def _wire(self, email: OutboundEmail) -> bytes:
        try:
            message = compose(email)
            message["Date"] = format_datetime(self._clock.now())
            return message.as_bytes()
        except (ValueError, MessageError) as error:
            raise ProviderError("bad_message", permanent=True) from error

    def _connected(self) -> smtplib.SMTP:
        """Whatever fails here, a refused password included, is our side's fault and passes: the message is good."""
        try:
            return self._connect()
        except (smtplib.SMTPException, OSError) as error:
            raise ProviderError(_code(error)) from error

    @cached_property
    def _tls(self) -> ssl.SSLContext:
        """Once for all mails: to read the machine's authorities takes 50 ms of a processor."""
        return ssl.create_default_context()

    def _connect(self) -> smtplib.SMTP:
        if self._implicit_tls:
            server: smtplib.SMTP = smtplib.SMTP_SSL(self._host, self._port, timeout=TIMEOUT_S, context=self._tls)
        else:
            server = smtplib.SMTP(self._host, self._port, timeout=TIMEOUT_S)
        try:
            if not self._implicit_tls and not _is_loopback(self._host):
                server.starttls(context=self._tls)
            if self._user:
                server.login(self._user, self._password)
            server.ehlo_or_helo_if_needed()
        except BaseException:
            server.close()
            raise
        return server

    def _address(self, server: smtplib.SMTP, email: OutboundEmail) -> None:
        options = [] if email.to.isascii() and email.sender.isascii() else ["SMTPUTF8"]
        if options and not server.has_extn("smtputf8"):
            raise ProviderError("smtputf8_not_supported", permanent=True)
        try:
            _expect(server.mail(email.sender, options))
            _expect(server.rcpt(email.to))
        except (smtplib.SMTPServerDisconnected, OSError) as error:
            raise ProviderError(_code(error)) from error

    def _hand_over(self, server: smtplib.SMTP, content: bytes) -> None:
        """From here on silence means that the server may have the mail."""
        try:
            _expect(server.data(content))
        except smtplib.SMTPDataError as error:
            _expect((error.smtp_code, b""))
        except (smtplib.SMTPException, OSError) as error:
            raise ProviderError(_code(error), accepted_unknown=True) from error


def compose(email: OutboundEmail) -> EmailMessage:
    """Text, HTML as the alternative, then the files. Raises ValueError or MessageError for an address that is none."""
    is_ascii = email.to.isascii() and email.sender.isascii()
    message = EmailMessage(policy=_POLICY.clone(utf8=not is_ascii))
    message["Message-ID"] = email.message_id
    message["From"] = _mailbox(email.sender, _header(email.sender_name)[:NAME_CHARS])
    message["To"] = _mailbox(email.to)
    message["Subject"] = _header(email.subject)[:SUBJECT_CHARS]
    for name, value in email.headers.items():
        if _HEADER_NAME.fullmatch(name) and name.lower() not in _OURS:
            message[name] = _header(value)[:HEADER_CHARS]
    message.set_content(email.text)
    if email.html is not None:
        message.add_alternative(email.html, subtype="html")
    for file in email.files:
        kind, _, subtype = file.content_type.partition("/")
        message.add_attachment(file.content, maintype=kind, subtype=subtype, filename=_header(file.name)[:NAME_CHARS])
    return message


def _mailbox(address: str, name: str = "") -> Address:
    """Split by hand: the library reads no address beyond ASCII, and falls over some that are none (IndexError)."""
    parts = _ADDRESS.fullmatch(address)
    if parts is None:
        raise ValueError("not an address")
    return Address(name, parts[1], parts[2])


def _header(value: str) -> str:
    """On one line and without direction marks: a name cannot add a header or pose as another one."""
    return " ".join(_UNWANTED.sub(" ", value).split())


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _expect(answer: tuple[int, bytes]) -> None:
    code, _ = answer
    if not 200 <= code < 300:
        raise ProviderError(str(code), permanent=code >= 500)


def _hang_up(server: smtplib.SMTP) -> None:
    """The mail's fate is known by now: a failing goodbye must not make it look unsent."""
    try:
        server.quit()
    except (smtplib.SMTPException, OSError):
        server.close()


def _code(error: Exception) -> str:
    return str(error.smtp_code) if isinstance(error, smtplib.SMTPResponseException) else type(error).__name__
