"""How a merchant is reached: its numbers, its texting account, the doors of its mail. Read strictly, from the console
and from the command line alike; what is secret can be set and taken away, and is never shown."""

import re
import secrets
from collections.abc import Callable, Mapping
from typing import Any

import sqlalchemy as sa
from cryptography.exceptions import UnsupportedAlgorithm

from bot import whatsapp
from bot.channels import sendgrid_signature
from bot.rendering import REGIONS
from models.context import Context
from models.customer import Channel
from models.errors import DomainError
from models.merchant import Merchant
from web.typed import address as read_address

UNIQUE = ("number", "messaging_service_sid", "whatsapp_number", "inbound_email")
OF_THE_ACCOUNT = ("number", "messaging_service_sid", "whatsapp_number")
MAIL_SECRETS = ("sendgrid", "sendgrid_key", "mailgun", "mailgun_secret", "postmark", "mime", "mime_authserv_id")
DRAWN = {"sendgrid": "sendgrid", "mailgun": "mailgun_secret", "postmark": "postmark", "mime": "mime"}
"""By door, the secret that we draw ourselves for its address. The others are the provider's."""
HIDDEN = frozenset({"twilio_auth_token", *MAIL_SECRETS}) - {"mime_authserv_id"}
POSTMARK_USER = "till"
SECRET_BYTES = 24
SHOWN = "kept"
"""What stands for a secret wherever it would be shown."""

Changes = Mapping[str, str | None]
"""By name, what was typed. None takes it away."""


def change(all_merchants: Context, merchant: Merchant, typed: Changes, *, of_its_own: bool) -> dict[str, str]:
    """Set what was typed if all of it is right, else nothing: the codes of what is wrong, by name.
    `all_merchants`: sees them, to tell what another one uses already.
    `of_its_own`: numbers only with the merchant's own texting account. On the operator's account a merchant could
    else take a number that is meant for another."""
    wanted: dict[str, Any] = {}
    problems: dict[str, str] = {}
    shown = told(merchant)
    for name, text in typed.items():
        if name not in HIDDEN and (text or "").replace("\r\n", "\n").strip() == shown[name]:
            continue
        try:
            wanted[name] = READERS[name](text.strip(), merchant) if text is not None else None
        except DomainError as error:
            problems[name] = error.code
    problems |= _together(merchant, wanted, of_its_own) | _taken(all_merchants, merchant, wanted)
    if not problems:
        _apply(merchant, wanted)
    return problems


def draw(merchant: Merchant, vendor: str) -> str:
    """A new secret for this door, in use at once; its text is shown this one time. Raises DomainError("no_door")."""
    if vendor not in DRAWN:
        raise DomainError("no_door")
    drawn = secrets.token_urlsafe(SECRET_BYTES)
    secret = f"{POSTMARK_USER}:{drawn}" if vendor == "postmark" else drawn
    _apply(merchant, {DRAWN[vendor]: secret})
    return secret


def door_url(base_url: str, merchant: Merchant, vendor: str, secret: str) -> str:
    """What to enter at the provider."""
    path = f"/webhooks/email/{vendor}/{merchant.slug}"
    if vendor == "postmark":
        scheme, _, host = base_url.partition("://")
        return f"{scheme}://{secret}@{host}{path}"
    return f"{base_url}{path}" + ("" if vendor == "mime" else f"?secret={secret}")


def told(merchant: Merchant) -> dict[str, str]:
    """All that is set, by name; secrets as SHOWN."""
    plain = {name: getattr(merchant, name) or "" for name in (*UNIQUE, "twilio_account_sid")}
    plain["twilio_auth_token"] = SHOWN if merchant.twilio_auth_token else ""
    for name in MAIL_SECRETS:
        value = merchant.email_secrets.get(name, "")
        plain[name] = SHOWN if value and name in HIDDEN else value
    plain["whatsapp_templates"] = template_lines(merchant)
    return plain


def template_lines(merchant: Merchant) -> str:
    """As they are typed: `receipt en HX…`, one a line."""
    kinds = sorted(merchant.whatsapp_templates.items())
    return "\n".join(f"{kind} {language} {sid}" for kind, by in kinds for language, sid in sorted(by.items()))


# --- what was typed --------------------------------------------------------------------------------------------------
def _phone(text: str, merchant: Merchant) -> str:
    return read_address(Channel.SMS, text, merchant.country)


def _email(text: str, merchant: Merchant) -> str:
    return read_address(Channel.EMAIL, text, merchant.country)


def _shaped(pattern: str, code: str) -> Callable[[str, Merchant], str]:
    shape = re.compile(pattern, re.ASCII)

    def read(text: str, _merchant: Merchant) -> str:
        if not shape.fullmatch(text):
            raise DomainError(code)
        return text

    return read


def _public_key(text: str, _merchant: Merchant) -> str:
    try:
        sendgrid_signature.public_key(text)
    except (ValueError, UnsupportedAlgorithm) as error:
        raise DomainError("key_malformed") from error
    return text


def _templates(text: str, _merchant: Merchant) -> dict[str, dict[str, str]]:
    found: dict[str, dict[str, str]] = {}
    for line in text.splitlines():
        if not line.strip():
            continue
        kind, language, sid = (*line.split(), "", "", "")[:3]
        known = kind in whatsapp.VARIABLES and language in REGIONS
        if not known or not re.fullmatch(r"HX[0-9a-f]{32}", sid) or len(line.split()) != 3:
            raise DomainError("template_malformed")
        found.setdefault(kind, {})[language] = sid
    return found


READERS: dict[str, Callable[[str, Merchant], Any]] = {
    "number": _phone,
    "whatsapp_number": _phone,
    "messaging_service_sid": _shaped(r"MG[0-9a-f]{32}", "service_malformed"),
    "twilio_account_sid": _shaped(r"AC[0-9a-f]{32}", "account_malformed"),
    "twilio_auth_token": _shaped(r"[0-9a-f]{32}", "token_malformed"),
    "whatsapp_templates": _templates,
    "inbound_email": _email,
    "sendgrid": _shaped(r"[\w-]{16,128}", "secret_malformed"),
    "sendgrid_key": _public_key,
    "mailgun": _shaped(r"[\w-]{16,128}", "secret_malformed"),
    "mailgun_secret": _shaped(r"[\w-]{16,128}", "secret_malformed"),
    "postmark": _shaped(r"[\w-]{1,64}:[\w-]{16,128}", "secret_malformed"),
    "mime": _shaped(r"[\w-]{16,128}", "secret_malformed"),
    "mime_authserv_id": _shaped(r"[a-z0-9](?:[a-z0-9.-]{0,126}[a-z0-9])?", "host_malformed"),
}


def _together(merchant: Merchant, wanted: Mapping[str, Any], of_its_own: bool) -> dict[str, str]:
    """Account and token come and go together; a new account has a token of its own; numbers stay with their account."""
    was, sid = merchant.twilio_account_sid, wanted.get("twilio_account_sid", merchant.twilio_account_sid)
    token = wanted.get("twilio_auth_token", merchant.twilio_auth_token if sid == was else None)
    if bool(sid) != bool(token):
        return {"twilio_auth_token": "token_missing"} if sid else {"twilio_account_sid": "account_missing"}
    if not of_its_own or sid:
        return {}
    after = {name: wanted.get(name, getattr(merchant, name)) for name in OF_THE_ACCOUNT}
    claimed = [name for name, value in after.items() if value and (was or value != getattr(merchant, name))]
    return dict.fromkeys(claimed, "account_first")


def _taken(all_merchants: Context, merchant: Merchant, wanted: Mapping[str, Any]) -> dict[str, str]:
    """An account may serve several merchants, if both know its token."""
    given = {name: wanted[name] for name in (*UNIQUE, "twilio_account_sid") if wanted.get(name)}
    token = wanted.get("twilio_auth_token", merchant.twilio_auth_token) or ""
    taken = {}
    for name, value in given.items():
        others = sa.select(Merchant).where(getattr(Merchant, name) == value, Merchant.id != merchant.id)
        rivals = all_merchants.session.scalars(others).all()
        if name == "twilio_account_sid":
            rivals = [other for other in rivals if not secrets.compare_digest(other.twilio_auth_token or "", token)]
        if rivals:
            taken[name] = "taken_elsewhere"
    return taken


def _apply(merchant: Merchant, wanted: Mapping[str, Any]) -> None:
    mail = dict(merchant.email_secrets)
    for name, value in wanted.items():
        if name in MAIL_SECRETS:
            mail[name] = value
        else:
            setattr(merchant, name, value if value is not None or name != "whatsapp_templates" else {})
    merchant.email_secrets = {name: value for name, value in mail.items() if value}
