"""A customer's mail as each provider brings it: by the providers' documentation, signed and with their verdict."""

import base64
import hashlib
import hmac
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from urllib.parse import urlencode

from cryptography.hazmat.primitives.asymmetric.ec import ECDSA, SECP256R1, derive_private_key
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from bot.channels import mailgun, postmark, raw_mime, sendgrid
from models.ports import InboundEmail, InboundEmailVendor, Mailbox, WebhookRequest

NOW = datetime(2026, 3, 2, 15, 0, tzinfo=UTC)
OURS = "pay@acme.example"
SECRET = "till:correct horse"
MAILGUN_KEY = "key-of-acme"
_PRIVATE_KEY = derive_private_key(0x7111, SECP256R1())
SENDGRID_KEY = base64.b64encode(
    _PRIVATE_KEY.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
).decode()

_BOUNDARY = "xYzZY"
_AUTHSERV = "mx.acme.example"


@dataclass(frozen=True)
class Mail:
    senders: tuple[str, ...] = ("Alice Jones <alice@example.com>",)
    to: str = "Acme <pay+t.Ab3-x_9@acme.example>"
    subject: str = "Re: Invoice INV-1042"
    text: str = (
        "I already paid.\n\nOn Mon, Mar 2, 2026 at 9:00 AM Acme <pay@acme.example> wrote:\n\n> Reply STOP to opt out.\n"
    )
    html: str = ""
    headers: tuple[tuple[str, str], ...] = (
        ("Message-ID", "<a1@mail.example.com>"),
        ("In-Reply-To", "<m7@acme.example>"),
        ("References", "<m6@acme.example> <m7@acme.example>"),
    )
    signed_by: str | None = "example.com"
    """The domain that the provider found in a valid DKIM signature."""
    envelope_from: str = "bounce@relay.example"
    """As far as the provider tells it."""

    def lines(self) -> list[tuple[str, str]]:
        names = [("From", sender) for sender in self.senders]
        return [*names, ("To", self.to), ("Subject", self.subject), *self.headers]

    def raw(self, on_top: Sequence[tuple[str, str]] = ()) -> bytes:
        kind = ("Content-Type", "text/html; charset=utf-8" if self.html else "text/plain; charset=utf-8")
        head = "".join(f"{name}: {value}\r\n" for name, value in [*on_top, *self.lines(), kind])
        return f"{head}\r\n{self.html or self.text}".encode()

    def with_headers(self, *more: tuple[str, str]) -> "Mail":
        return replace(self, headers=(*self.headers, *more))


def multipart(fields: Sequence[tuple[str, str | bytes]]) -> bytes:
    """With a file at the end: every provider sends attachments so."""
    parts = []
    for name, value in fields:
        data = value if isinstance(value, bytes) else value.encode()
        parts.append(
            f'--{_BOUNDARY}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n'.encode() + data + b"\r\n"
        )
    parts.append(
        f'--{_BOUNDARY}\r\nContent-Disposition: form-data; name="attachment1"; filename="../../etc/x.pdf"\r\n'
        f"Content-Type: application/pdf\r\n\r\n%PDF\r\n--{_BOUNDARY}--\r\n".encode()
    )
    return b"".join(parts)


def post(body: bytes, kind: str, headers: dict[str, str] | None = None, query: str = "") -> WebhookRequest:
    url = f"https://till.example/webhooks/email/x/acme{query}"
    return WebhookRequest(url, {"Content-Type": kind, **(headers or {})}, (), body)


def basic(secret: str = SECRET) -> dict[str, str]:
    return {"Authorization": "Basic " + base64.b64encode(secret.encode()).decode()}


def sendgrid_signed(fields: Sequence[tuple[str, str | bytes]], at: datetime = NOW) -> WebhookRequest:
    body, timestamp = multipart(fields), str(int(at.timestamp()))
    signature = base64.b64encode(_PRIVATE_KEY.sign(timestamp.encode() + body, ECDSA(SHA256()))).decode()
    signed = {sendgrid.SIGNATURE: signature, sendgrid.TIMESTAMP: timestamp}
    return post(body, f"multipart/form-data; boundary={_BOUNDARY}", signed)


def sendgrid_verdict(mail: Mail) -> list[tuple[str, str | bytes]]:
    dkim = f"{{@{mail.signed_by} : pass}}" if mail.signed_by else "none"
    envelope = json.dumps({"to": ["pay+t.Ab3-x_9@acme.example"], "from": mail.envelope_from})
    return [("dkim", dkim), ("SPF", "pass"), ("envelope", envelope), ("spam_score", "0.011")]


def sendgrid_parsed(mail: Mail) -> WebhookRequest:
    headers = "".join(f"{name}: {value}\n" for name, value in mail.lines())
    charsets = json.dumps({"to": "UTF-8", "text": "utf-8", "html": "utf-8"})
    fields: list[tuple[str, str | bytes]] = [("headers", headers), ("from", ", ".join(mail.senders)), ("to", mail.to)]
    fields += [("subject", mail.subject), ("text", mail.text), ("html", mail.html), ("charsets", charsets)]
    return sendgrid_signed([*fields, *sendgrid_verdict(mail)])


def sendgrid_raw(mail: Mail) -> WebhookRequest:
    return sendgrid_signed([("email", mail.raw()), ("to", mail.to), *sendgrid_verdict(mail)])


def mailgun_signed(fields: Sequence[tuple[str, str]], token: str = "t" * 50, at: datetime = NOW) -> WebhookRequest:
    timestamp = str(int(at.timestamp()))
    signature = hmac.new(MAILGUN_KEY.encode(), f"{timestamp}{token}".encode(), hashlib.sha256).hexdigest()
    proof = [("timestamp", timestamp), ("token", token), ("signature", signature)]
    return post(urlencode([*fields, *proof]).encode(), "application/x-www-form-urlencoded")


def mailgun_verdict(mail: Mail) -> list[tuple[str, str]]:
    aligned = any(mail.signed_by == sender.rpartition("@")[2].rstrip(">") for sender in mail.senders)
    rules = "DKIM_SIGNED, DKIM_VALID" + (", DKIM_VALID_AU" if aligned else "")
    return [
        ("X-Mailgun-Spam-Rules", rules if mail.signed_by else "SPF_NONE"),
        ("X-Mailgun-Incoming", "Yes"),
        ("Received", "from mail.example.com by mxa.mailgun.org with ESMTP id 1"),
    ]


def mailgun_parsed(mail: Mail) -> WebhookRequest:
    headers = json.dumps([list(pair) for pair in [*mailgun_verdict(mail), *mail.lines()]])
    fields = [
        ("recipient", "pay+t.Ab3-x_9@acme.example"),
        ("sender", mail.envelope_from),
        ("from", mail.senders[0]),
    ]
    fields += [("subject", mail.subject), ("body-plain", mail.text), ("body-html", mail.html)]
    return mailgun_signed([*fields, ("stripped-text", "never read"), ("message-headers", headers)])


def mailgun_mime(mail: Mail) -> WebhookRequest:
    raw = mail.raw(mailgun_verdict(mail)).decode()
    return mailgun_signed([("recipient", "pay+t.Ab3-x_9@acme.example"), ("body-mime", raw)])


def postmark_json(mail: Mail) -> dict[str, object]:
    aligned = any(mail.signed_by == sender.rpartition("@")[2].rstrip(">") for sender in mail.senders)
    added = [
        ("Received", "by p-pm-inboundg02a.inbound.postmarkapp.com (Postfix, from userid 996)"),
        ("X-Spam-Status", "No"),
        ("X-Spam-Tests", "DKIM_SIGNED,DKIM_VALID" + (",DKIM_VALID_AU" if aligned else "")),
        (
            "Received-SPF",
            "Pass (sender SPF authorized) identity=mailfrom; envelope-from=bounce@relay.example; receiver=x",
        ),
        ("Received", "by mail.example.com with SMTP id 1"),
    ]
    listed = [{"Name": name, "Value": value} for name, value in [*added, *mail.headers]]
    own = {"MessageID": "22c74902-a0c1-4511-804f2-341342852c90", "MailboxHash": "t.Ab3-x_9", "Attachments": []}
    words = {"From": ", ".join(mail.senders), "To": mail.to, "Subject": mail.subject, "TextBody": mail.text}
    more = {"OriginalRecipient": "pay+t.Ab3-x_9@acme.example", "HtmlBody": mail.html, "StrippedTextReply": "never read"}
    return {**own, **words, **more, "Headers": listed}


def postmark_parsed(mail: Mail) -> WebhookRequest:
    return post(json.dumps(postmark_json(mail)).encode(), "application/json", basic())


def postmark_raw(mail: Mail) -> WebhookRequest:
    brought = {**postmark_json(mail), "RawEmail": mail.raw().decode()}
    return post(json.dumps(brought).encode(), "application/json", basic())


def piped(mail: Mail) -> WebhookRequest:
    verdict = f"dmarc=pass (p=none dis=none) header.from={mail.signed_by}" if mail.signed_by else "dmarc=none"
    results = ("Authentication-Results", f"{_AUTHSERV}; spf=pass smtp.mailfrom=relay.example; {verdict}")
    return post(
        mail.raw([results, ("Received", "from mail.example.com by mx.acme.example")]), "message/rfc822", basic()
    )


def is_storable(email: InboundEmail) -> bool:
    """Every text fits a database: no NUL, no half of a surrogate pair, within its column."""
    short = [email.provider_reference, email.from_address, email.in_reply_to, email.reply_tag, *email.references]
    texts = [text for text in [*short, email.subject, email.text, *email.to, *email.cc] if text is not None]
    within = len(email.subject) <= 200 and len(email.text) <= 4_000 and all(len(text or "") <= 255 for text in short)
    joined = "".join(texts)
    return within and "\x00" not in joined and joined == joined.encode("utf-8", "replace").decode()


@dataclass(frozen=True)
class Way:
    """One of the ways in which a mail is brought."""

    name: str
    vendor: InboundEmailVendor
    bring: Callable[[Mail], WebhookRequest] = field(repr=False)
    mailbox: Mailbox


_ADDRESSES = frozenset({OURS})
_SENDGRID = Mailbox(_ADDRESSES, signing_key=SENDGRID_KEY)
_MAILGUN = Mailbox(_ADDRESSES, signing_key=MAILGUN_KEY)
_POSTMARK = Mailbox(_ADDRESSES, secret=SECRET)
_PIPE = Mailbox(_ADDRESSES, secret=SECRET, authserv_id=_AUTHSERV)
WAYS = (
    Way("sendgrid parsed", sendgrid, sendgrid_parsed, _SENDGRID),
    Way("sendgrid raw", sendgrid, sendgrid_raw, _SENDGRID),
    Way("mailgun parsed", mailgun, mailgun_parsed, _MAILGUN),
    Way("mailgun mime", mailgun, mailgun_mime, _MAILGUN),
    Way("postmark parsed", postmark, postmark_parsed, _POSTMARK),
    Way("postmark raw", postmark, postmark_raw, _POSTMARK),
    Way("raw mime", raw_mime, piped, _PIPE),
)
