"""What merchants may word, with the placeholders of each. Nothing else can be stored or sent."""

from dataclasses import dataclass
from enum import StrEnum

from models.errors import DomainError

LANGUAGES = ("en", "es")
MOST_SEGMENTS = 2
"""As Till's own words keep to: a carrier charges for each, and three parts of a text may arrive in any order."""
CUSTOMER_CHARS, NUMBER_CHARS, PHONE_CHARS = 24, 16, 20
"""What a text shows of a customer's name, an invoice's number and the merchant's phone, at most."""
TEXT_CHARS, SUBJECT_CHARS, OPENING_CHARS = 400, 120, 600
"""Of words as they are typed: two segments hold 306; a subject keeps room for what stands in it (cut at 150)."""

LINKS = frozenset({"link", "portal"})
"""Addresses of ours: they stand alone between spaces, and nothing is ever cut from them."""
MAY_LACK = frozenset({"amount"})
"""Nothing to say: the merchant shows no amounts in texts, or they are of several currencies."""


class Part(StrEnum):
    """`text`: all of a text message. `subject`, `opening`: of an email, whose frame, table and button are Till's."""

    TEXT = "text"
    SUBJECT = "subject"
    OPENING = "opening"


MOST_CHARS = {Part.TEXT: TEXT_CHARS, Part.SUBJECT: SUBJECT_CHARS, Part.OPENING: OPENING_CHARS}


@dataclass(frozen=True, slots=True)
class Template:
    """`needed`: without these words nobody would know where to pay or how to stop."""

    name: str
    placeholders: tuple[str, ...]
    needed: tuple[str, ...] = ()

    @property
    def is_email(self) -> bool:
        return self.name.endswith("_email")

    @property
    def parts(self) -> tuple[Part, ...]:
        return (Part.SUBJECT, Part.OPENING) if self.is_email else (Part.TEXT,)


_REMINDER = ("merchant", "customer", "invoice", "amount", "due", "link", "stop", "phone")
_SEVERAL = tuple("count" if name == "invoice" else name for name in _REMINDER)
_REMINDER_EMAIL = ("merchant", "customer", "invoice", "amount", "due")
_FRAME = ("merchant", "link", "stop")

TEMPLATES: dict[str, Template] = {
    template.name: template
    for template in (
        Template("welcome", ("merchant", "portal", "help", "stop", "phone"), ("merchant", "portal", "help", "stop")),
        Template("remind_before", _REMINDER, _FRAME),
        Template("remind_due", _REMINDER, _FRAME),
        Template("remind_after", _REMINDER, _FRAME),
        Template("remind_several", _SEVERAL, _FRAME),
        Template(
            "receipt",
            ("merchant", "customer", "invoice", "amount", "reference", "link", "phone"),
            ("merchant", "amount", "link"),
        ),
        Template("remind_before_email", _REMINDER_EMAIL),
        Template("remind_due_email", _REMINDER_EMAIL),
        Template("remind_after_email", _REMINDER_EMAIL),
        Template("remind_several_email", ("merchant", "customer", "count", "amount", "due")),
        Template("invoice_email", _REMINDER_EMAIL),
        Template("receipt_email", ("merchant", "customer", "invoice", "amount", "reference")),
    )
}
TEXTS = frozenset(name for name, template in TEMPLATES.items() if not template.is_email)

ALIASES = {
    **dict.fromkeys(("name", "client", "cliente", "nombre", "who", "customer_name"), "customer"),
    **dict.fromkeys(("number", "inv", "factura", "invoice_number", "bill"), "invoice"),
    **dict.fromkeys(("total", "amt", "sum", "balance", "importe", "monto", "saldo", "cantidad"), "amount"),
    **dict.fromkeys(("date", "day", "due_date", "due_on", "vence", "fecha", "vencimiento"), "due"),
    **dict.fromkeys(("url", "pay", "pay_link", "enlace", "website"), "link"),
    **dict.fromkeys(("biz", "business", "company", "shop", "negocio", "empresa"), "merchant"),
    **dict.fromkeys(("n", "invoices", "facturas"), "count"),
    **dict.fromkeys(("ref", "referencia"), "reference"),
    **dict.fromkeys(("optout", "opt_out", "unsubscribe", "baja"), "stop"),
    **dict.fromkeys(("tel", "telephone", "telefono"), "phone"),
}
"""What people write instead, for the hint."""


def find(name: str) -> Template:
    """Raises DomainError("not_found")."""
    if name not in TEMPLATES:
        raise DomainError("not_found")
    return TEMPLATES[name]


def check_language(language: str) -> str:
    """Raises DomainError("not_found")."""
    if language not in LANGUAGES:
        raise DomainError("not_found")
    return language
