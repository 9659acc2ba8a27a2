"""Inbound email, one door per provider and merchant. A door whose secret is not set up does not exist (404)."""

from flask import Blueprint, abort, g, request

from bot import dialogue, email_turn
from bot.channels import mailgun, postmark, raw_mime, sendgrid
from bot.channels.form_fields import BODY_BYTES
from models.customer import Channel
from models.merchant import Merchant
from models.ports import InboundEmail, InboundEmailVendor, Mailbox, WebhookRequest
from web.context import retrying, runtime
from web.services import directory
from web.spans import span
from web.webhooks import address_of

blueprint = Blueprint("email_webhooks", __name__, url_prefix="/webhooks/email")

VENDORS: dict[str, InboundEmailVendor] = {
    "sendgrid": sendgrid,
    "mailgun": mailgun,
    "postmark": postmark,
    "mime": raw_mime,
}


@blueprint.post("/<vendor_name>/<slug>")
def email(vendor_name: str, slug: str) -> tuple[str, int]:
    """What a mail contains is never a reason to be sent it again: it is kept, and acknowledged."""
    vendor, merchant = VENDORS.get(vendor_name), directory().by_slug(slug)
    mailbox = mailbox_of(merchant, vendor_name) if merchant is not None else None
    if vendor is None or merchant is None or mailbox is None or not vendor.is_configured(mailbox):
        abort(404)
    request.max_content_length = BODY_BYTES
    mail = vendor.verify_and_parse(_incoming(), mailbox, runtime().clock.now())
    g.outcome = retrying(lambda: _turn(merchant, mail))
    return "", 200  # Mailgun and Postmark take no other word for a yes


def _incoming() -> WebhookRequest:
    """The vendors read forms themselves, as bytes: Flask would decode them all as UTF-8, and count them twice."""
    return WebhookRequest(address_of(request), dict(request.headers.items()), (), request.get_data())


def _turn(merchant: Merchant, mail: InboundEmail) -> str:
    with span("turn", channel=Channel.EMAIL.value), runtime().write() as ctx:
        return email_turn.take_email(ctx, merchant, mail, dialogue.respond)


def mailbox_of(merchant: Merchant, vendor_name: str) -> Mailbox:
    """`email_secrets`: one secret by the vendor's name (Mailgun: its signing key); beside it `sendgrid_key`, the public
    key of signed posts, `mailgun_secret`, for Mailgun's URL, and `mime_authserv_id`, whose verdicts count."""
    secrets = merchant.email_secrets
    addresses = frozenset(address.lower() for address in (merchant.inbound_email, merchant.email) if address)
    if vendor_name == "mailgun":
        return Mailbox(addresses, secrets.get("mailgun_secret"), secrets.get("mailgun"))
    key = secrets.get("sendgrid_key") if vendor_name == "sendgrid" else None
    authserv_id = secrets.get("mime_authserv_id") if vendor_name == "mime" else None
    return Mailbox(addresses, secrets.get(vendor_name), key, authserv_id)
