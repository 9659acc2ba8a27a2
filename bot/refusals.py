"""What "stop" covers: the channel it came on, unless its words name another or all. Pure."""

import re
from dataclasses import replace
from datetime import date

from bot import intents
from bot.intents import Intent, Understanding
from models.customer import APPS, Channel

BY_PHONE = frozenset(APPS)

_TEXTS = re.compile(
    r"\b(?:text(?:s|ing)?|sms|whats ?app|texting|phones?|cell(?:phone)?s?|textos?|mensajes? de texto|celular|m[oó]vil|"
    r"tel[eé]fonos?)\b",
    re.IGNORECASE,
)
_EMAILS = re.compile(r"\b(?:e-?mail(?:s|ing)?|mails|mailing|correos?)\b", re.IGNORECASE)
_ALL = re.compile(
    r"\b(?:stop ?all|everything|any ?where|all (?:your |the |of )?(?:messages|contact|communications?)|contact(?:ing)?|"
    r"todo|todos los mensajes|contact(?:en|ar(?:me|nos)?|arme))\b",
    re.IGNORECASE,
)
_MAIL = re.compile(r"\be-?mails?\b(?! address)", re.IGNORECASE)
_CORREO = re.compile(r"\bcorreos?(?: electr[oó]nicos?)?\b", re.IGNORECASE)
_ADDRESS = re.compile(r"\b(?:e-?mail )?address\b", re.IGNORECASE)
_BOTH = re.compile(r"\btexts? (?:or|and) (?=messages\b)", re.IGNORECASE)
_MISSED = re.compile(
    r"resend|send .*again|stopped|never|(?:n[o']t|not) (?:get|got|receive)|recib|lleg|reenv", re.IGNORECASE
)


_WRONG_NUMBER = re.compile(
    r"wrong (?:number|person|guy|phone|e-?mail)|not (?:the|that) person|don'?t know (?:him|her|them|this person)|"
    r"(?:n[uú]mero|persona|tel[eé]fono|correo) equivocad[oa]|no soy (?:esa|la) persona|se equivoc",
    re.IGNORECASE,
)


def says_wrong_number(words: str) -> bool:
    """A refusal of somebody else than the customer: the merchant's file is wrong."""
    return _WRONG_NUMBER.search(words) is not None


def channels_meant(words: str, own: Channel) -> frozenset[Channel]:
    """From a phone always the phone as well: "stop emailing me" may come from who wants neither."""
    if _ALL.search(words):
        return frozenset(Channel)
    emails = frozenset({Channel.EMAIL}) if _EMAILS.search(words) else frozenset()
    if own in BY_PHONE:
        return emails | {own}
    return (emails | (BY_PHONE if _TEXTS.search(words) else frozenset())) or frozenset({own})


def understand_email(text: str, *, expecting: str, today: date) -> Understanding:
    """As a text is understood, with "no more emails" as plain as "no more messages". Who misses a mail refuses none."""
    heard = intents.understand(text, expecting=expecting, today=today)
    if heard.intent is Intent.STOP or _MISSED.search(text):
        return heard
    as_text = _BOTH.sub("", _CORREO.sub("mensajes", _MAIL.sub("messages", _ADDRESS.sub("number", text))))
    if as_text == text or intents.understand(as_text, expecting=expecting, today=today).intent is not Intent.STOP:
        return heard
    return replace(heard, intent=Intent.STOP, also=None)
