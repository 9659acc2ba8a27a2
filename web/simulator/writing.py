"""Writing an email as somebody in the sandbox's outside world: their mail program quotes what it answers, and a relay
brings it to the real webhook with its verdict on top."""

from email.message import EmailMessage
from email.utils import format_datetime, parseaddr
from uuid import uuid4

from models.merchant import Merchant
from web.context import runtime
from web.services import sandbox
from web.simulator.screen import Mail

SECRET_HEADER = "X-Webhook-Secret"  # noqa: S105 - its name
NEW_SUBJECT = "A question about my invoices"


def send(merchant: Merchant, sender: str, body: str, answered: Mail | None, *, is_forged: bool) -> int:
    """The webhook's status. `is_forged`: it came from somebody else's server, and the relay says so."""
    mail = _compose(merchant, sender, body, answered)
    authserv_id = merchant.email_secrets.get("mime_authserv_id", "")
    verdict, domain = "fail" if is_forged else "pass", sender.rpartition("@")[2]
    top = f"Authentication-Results: {authserv_id}; dmarc={verdict} header.from={domain}\r\n".encode()
    url = f"{runtime().site.base_url}/webhooks/email/mime/{merchant.slug}"
    return sandbox().post(url, headers_for(merchant), top + mail.as_bytes())


def headers_for(merchant: Merchant) -> dict[str, str]:
    return {"Content-Type": "message/rfc822", SECRET_HEADER: merchant.email_secrets.get("mime", "")}


def _compose(merchant: Merchant, sender: str, body: str, answered: Mail | None) -> EmailMessage:
    mail, now = EmailMessage(), runtime().clock.now()
    headers = {name.lower(): value for name, value in answered.headers} if answered else {}
    mail["From"] = sender
    mail["To"] = parseaddr(headers.get("reply-to", ""))[1] or merchant.inbound_email or merchant.email
    mail["Subject"] = _reply_subject(answered.subject) if answered else NEW_SUBJECT
    mail["Date"] = format_datetime(now)
    mail["Message-ID"] = f"<{uuid4().hex}@{sender.rpartition('@')[2]}>"
    if answered and "message-id" in headers:
        mail["In-Reply-To"] = headers["message-id"]
        mail["References"] = f"{headers.get('references', '')} {headers['message-id']}".strip()
    mail.set_content(body + (_quote(answered) if answered else ""))
    return mail


def _reply_subject(subject: str) -> str:
    return subject if subject.lower().startswith("re:") else f"Re: {subject}"


def _quote(answered: Mail) -> str:
    lines = "".join(answered.parts).splitlines()
    return f"\n\nOn {answered.at:%a, %b %d, %Y at %H:%M} {answered.sender} wrote:\n\n" + "".join(
        f"> {line}\n" for line in lines
    )
