"""Email out by SMTP, whoever's server it is: STARTTLS with a verified certificate everywhere but on loopback."""

import ipaddress
import re
import smtplib
import ssl
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import formataddr
from urllib.parse import unquote, urlsplit

from models.errors import ProviderError
from models.ports import OutboundEmail

TIMEOUT_S = 15.0
_UNSAFE = re.compile(r"[\x00-\x1f\x7f\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]+")


class SmtpEmail:
    """models.ports.EmailChannel."""

    def __init__(self, url: str) -> None:
        """`smtp://user:password@host:587` (STARTTLS) or `smtps://...:465`. Raises ValueError."""
        parts = urlsplit(url)
        if parts.scheme not in ("smtp", "smtps") or not parts.hostname:
            raise ValueError("SMTP_URL must look like smtp://user:password@host:587")
        self._implicit_tls = parts.scheme == "smtps"
        self._host = parts.hostname
        self._port = parts.port or (465 if self._implicit_tls else 587)
        self._user, self._password = unquote(parts.username or ""), unquote(parts.password or "")

    def send(self, email: OutboundEmail) -> str:
        message = compose(email)
        try:
            server = self._connect()
        except (smtplib.SMTPException, OSError) as error:
            raise _provider_error(error) from error
        try:
            server.send_message(message, from_addr=email.sender, to_addrs=[email.to])
        except (smtplib.SMTPException, OSError) as error:
            raise _provider_error(error, began=True) from error
        finally:
            _hang_up(server)
        return email.message_id

    def _connect(self) -> smtplib.SMTP:
        context = ssl.create_default_context()
        if self._implicit_tls:
            server: smtplib.SMTP = smtplib.SMTP_SSL(self._host, self._port, timeout=TIMEOUT_S, context=context)
        else:
            server = smtplib.SMTP(self._host, self._port, timeout=TIMEOUT_S)
            if not _is_loopback(self._host):
                server.starttls(context=context)
        if self._user:
            server.login(self._user, self._password)
        return server


def compose(email: OutboundEmail) -> EmailMessage:
    """Text first, HTML as the alternative. Names with line breaks or bidi marks are cleaned, never a failed send."""
    message = EmailMessage(policy=SMTP)
    message["Message-ID"] = email.message_id
    message["From"] = formataddr((_header(email.sender_name), email.sender))
    message["To"] = email.to
    message["Subject"] = _header(email.subject)
    for name, value in email.headers.items():
        message[name] = _header(value)
    message.set_content(email.text)
    if email.html is not None:
        message.add_alternative(email.html, subtype="html")
    return message


def _header(value: str) -> str:
    return _UNSAFE.sub(" ", value).strip()


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _hang_up(server: smtplib.SMTP) -> None:
    try:
        server.quit()
    except (smtplib.SMTPException, OSError):
        server.close()


def _provider_error(error: Exception, *, began: bool = False) -> ProviderError:
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        code = next(iter(error.recipients.values()))[0]
        return ProviderError(str(code), permanent=code >= 500)
    if isinstance(error, smtplib.SMTPResponseException):
        return ProviderError(str(error.smtp_code), permanent=error.smtp_code >= 500)
    return ProviderError(type(error).__name__, accepted_unknown=began)
