"""Texting as a phone in the sandbox's outside world, and who may: only somebody on this machine."""

import ipaddress

from flask import abort, request

from bot.channels.sandbox_carrier import WHATSAPP
from models.merchant import Merchant
from web.services import directory, sandbox
from web.simulator.people import number_of


def refuse_strangers() -> None:
    """404 for anyone not on loopback: the simulator reads codes out of other people's mailboxes."""
    try:
        here = ipaddress.ip_address(request.remote_addr or "").is_loopback
    except ValueError:
        here = False
    if not here:
        abort(404)


def text(merchant: Merchant, phone: str, body: str) -> tuple[int, tuple[str, ...]]:
    """From that phone to the merchant's number, over HTTP through the real webhook: its status, and the replies.
    A phone that begins with "whatsapp:" writes by WhatsApp."""
    number = number_of(merchant, by_whatsapp=phone.startswith(WHATSAPP))
    texted = sandbox().carrier.text(merchant.twilio_account_sid or "", phone, number, body)
    return texted.status, texted.replies


def merchant_at(number: str) -> Merchant | None:
    by_whatsapp = number.startswith(WHATSAPP)
    plain = number.removeprefix(WHATSAPP)
    found = directory().by_whatsapp(plain) if by_whatsapp else directory().by_number(plain)
    return found if found is not None and found.twilio_account_sid else None
