"""Twilio's two webhooks: a text that came in, and what became of one that went out."""

from flask import Blueprint, Response, g, request

from bot import dialogue, put_off, receipts
from bot.channels import twilio
from bot.turn import Answer, take_turn
from models.context import Site
from models.customer import Channel
from models.errors import UnverifiedWebhook
from models.merchant import Merchant
from models.ports import DeliveryReceipt, InboundSms, SmsAccount
from web.context import retrying, runtime
from web.services import crowd, directory, keeping
from web.spans import span
from web.webhooks import webhook_request

blueprint = Blueprint("sms_webhooks", __name__, url_prefix="/webhooks/twilio")

MAX_BODY = 64 * 1024  # an SMS webhook is 2 kB; Werkzeug has no limit of its own for urlencoded bodies


@blueprint.post("/sms")
def sms() -> Response:
    """Answers TwiML. One signed request is one turn, however often it arrives."""
    request.max_content_length = MAX_BODY
    till, incoming = runtime(), webhook_request()
    fields = dict(incoming.form)
    merchant = _merchant(fields, "To")
    inbound = till.ports.sms.parse_inbound(incoming, _account(merchant, fields))
    if merchant is None or not twilio.is_answerable(inbound.sender):
        g.outcome = "unknown number" if merchant is None else "sender cannot be answered"
        return _twiml(till.site, Answer(()))
    take = _keep if crowd().is_here() and put_off.may_wait(inbound, till.clock.now().date()) else _turn
    return _twiml(till.site, retrying(lambda: take(merchant, inbound), bears_repeating=True))


@blueprint.post("/status")
def status() -> tuple[str, int]:
    """Delivery reports, in any order, any number of times."""
    request.max_content_length = MAX_BODY
    incoming = webhook_request()
    fields = dict(incoming.form)
    merchant = _merchant(fields, "From")
    receipt = runtime().ports.sms.parse_receipt(incoming, _account(merchant, fields))
    g.outcome = receipt.status.value if receipt.status else "ignored"
    if merchant is not None:
        retrying(lambda: _report(merchant, receipt))
    return "", 204


def _turn(merchant: Merchant, inbound: InboundSms) -> Answer:
    with span("turn", channel=inbound.channel.value), runtime().of(merchant.id).write_together() as ctx:
        return take_turn(ctx, merchant, inbound, dialogue.respond)


def _keep(merchant: Merchant, inbound: InboundSms) -> Answer:
    """A worker takes the turn later (bot/catching_up.py)."""
    with span("put off", channel=inbound.channel.value):
        keeping().put((merchant.id, inbound))
    return Answer((), is_put_off=True)


def _report(merchant: Merchant, receipt: DeliveryReceipt) -> None:
    with runtime().of(merchant.id).write() as ctx:
        receipts.apply_receipt(ctx, merchant.id, receipt)


def _merchant(fields: dict[str, str], ours: str) -> Merchant | None:
    """By our number, or by the Messaging Service where the number is one of its pool."""
    channel, number = twilio.channel_and_address(fields.get(ours, ""))
    found = directory().by_whatsapp(number) if channel is Channel.WHATSAPP else directory().by_number(number)
    return found or directory().by_messaging_service(fields.get("MessagingServiceSid", ""))


def _account(merchant: Merchant | None, fields: dict[str, str]) -> SmsAccount:
    """Whose token must have signed. A number that nobody owns is checked against the account that it names."""
    merchant = merchant or directory().by_account(fields.get("AccountSid", ""))
    if merchant is not None and merchant.twilio_account_sid and merchant.twilio_auth_token:
        return SmsAccount(merchant.twilio_account_sid, merchant.twilio_auth_token)
    account = runtime().site.sms_account
    if account is None:
        raise UnverifiedWebhook("no account to check against")
    return account


def _twiml(site: Site, answer: Answer) -> Response:
    replies = [(text, f"{site.base_url}/webhooks/twilio/status?ref={reference}") for reference, text in answer.texts]
    if "outcome" not in g:
        g.outcome = _outcome(answer)
    return Response(twilio.twiml(replies), content_type="text/xml; charset=utf-8")


def _outcome(answer: Answer) -> str:
    if answer.is_put_off:
        return "put off"
    if answer.is_duplicate:
        return "duplicate"
    return "1 reply" if len(answer.texts) == 1 else f"{len(answer.texts)} replies"
