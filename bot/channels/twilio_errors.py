"""What Twilio's error codes mean to us: one row each, for refusals and for reports alike. A code that is not here fails
its message and nothing else."""

from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum

MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)


class Consequence(StrEnum):
    BAD_ADDRESS = "bad_address"
    """Nothing more goes there; the merchant is told."""
    OPTED_OUT = "opted_out"
    RETRY = "retry"
    """The same once more, after each of the row's waits."""
    AFTER_THE_NIGHT = "after_the_night"
    """Once more when the merchant's morning has come."""
    OTHER_CHANNEL = "other_channel"
    """WhatsApp takes no free words now, or not this template: another channel, or nothing."""
    STOP_CAMPAIGN = "stop_campaign"
    STOP_US = "stop_us"
    STOP_ALL = "stop_all"


@dataclass(frozen=True, slots=True)
class Meaning:
    consequence: Consequence
    event: str
    waits: tuple[timedelta, ...] = ()


_C = Consequence
MEANINGS: dict[str, Meaning] = {
    "21211": Meaning(_C.BAD_ADDRESS, "invalid_number"),
    "21614": Meaning(_C.BAD_ADDRESS, "not_a_mobile_number"),
    "21635": Meaning(_C.BAD_ADDRESS, "landline"),
    "30005": Meaning(_C.BAD_ADDRESS, "unknown_handset"),
    "30006": Meaning(_C.BAD_ADDRESS, "landline_or_unreachable_carrier"),
    "63003": Meaning(_C.BAD_ADDRESS, "not_on_whatsapp"),
    "63024": Meaning(_C.BAD_ADDRESS, "whatsapp_recipient_invalid"),
    "21610": Meaning(_C.OPTED_OUT, "recipient_opted_out"),
    "30004": Meaning(_C.OPTED_OUT, "recipient_blocked_us"),
    "63033": Meaning(_C.OPTED_OUT, "recipient_blocked_us_on_whatsapp"),
    # A phone that is off comes back within the hour (Twilio advises 30 to 60 min); a hiccup passes in minutes.
    "30003": Meaning(_C.RETRY, "handset_unreachable", (45 * MINUTE, HOUR)),
    "30008": Meaning(_C.RETRY, "unknown_carrier_error", (2 * MINUTE, 15 * MINUTE)),
    "20429": Meaning(_C.RETRY, "too_many_requests", (MINUTE, 10 * MINUTE, HOUR)),
    "63018": Meaning(_C.RETRY, "too_many_whatsapp_messages", (MINUTE, 10 * MINUTE, HOUR)),
    "30610": Meaning(_C.AFTER_THE_NIGHT, "quiet_hours"),
    "63016": Meaning(_C.OTHER_CHANNEL, "outside_whatsapp_window"),
    "21655": Meaning(_C.OTHER_CHANNEL, "template_unknown"),  # deleted, or of another account
    "21656": Meaning(_C.OTHER_CHANNEL, "template_does_not_fit"),
    "63027": Meaning(_C.OTHER_CHANNEL, "template_unknown"),
    "63028": Meaning(_C.OTHER_CHANNEL, "template_does_not_fit"),
    "63040": Meaning(_C.OTHER_CHANNEL, "template_rejected"),
    "63041": Meaning(_C.OTHER_CHANNEL, "template_paused"),
    "63042": Meaning(_C.OTHER_CHANNEL, "template_disabled"),
    "30007": Meaning(_C.STOP_CAMPAIGN, "carrier_filtered_us"),
    "30034": Meaning(_C.STOP_US, "sender_not_registered"),
    "20003": Meaning(_C.STOP_ALL, "account_refused"),
}

WORDS_REFUSED = frozenset(code for code, meaning in MEANINGS.items() if meaning.consequence is _C.OTHER_CHANNEL)

TEMPORARY = frozenset({"14107", "20003", "30001", "30017", "30022"}) | {
    code for code, meaning in MEANINGS.items() if meaning.consequence in (_C.RETRY, _C.AFTER_THE_NIGHT)
}
"""Errors of sending and delivery that pass: congestion, limits, a phone that is off, or our own credentials (the
message is good once they are mended). Any other refusal is final."""
