"""What templates are filled with: an ordinary shop, and one whose every name and amount is as long as it gets."""

import re
from typing import Any

from bot.rendering import TEMPLATES

LANGUAGES = ("en", "es")
TEXT_KINDS = sorted(path.stem for path in (TEMPLATES / "sms" / "en").glob("*.txt"))
LETTER_KINDS = sorted(path.name for path in (TEMPLATES / "email" / "en").iterdir())
TOKEN = "A" * 41
PAY_URL = f"https://pay.example.com/p/{TOKEN}"
RECEIPT_URL = f"https://pay.example.com/receipt/{TOKEN}"
LINKS_ITSELF = re.compile(r"://|\w\.[^\W\d_]{2}|\d+\.\d+\.\d+\.\d+")
"""What phones and mail readers make a link of."""

Slots = dict[str, object]

_TYPICAL: Slots = {
    "biz": "Harbor & Finch",
    "inv": "INV-1042",
    "amt": "$1,284.50",
    "total": "$2,310.00",
    "n": 3,
    "count": 3,
    "digits": 8,
    "ref": "7F3K2Q",
    "phone": "(555) 010-0142",
    "hours": "9-5 Mon-Fri",
    "has_more": False,
    "url": "https://pay.example.com/m/harbor-finch",
    "name": "Delgado Café",
    "who": "Rosa",
    "about": "handoff",
    "quiet": True,
    "all": True,
    "others": True,
    "reason": "case_open",
    "method": "cash",
    "method_is_known": True,
    "notes": ["First we say this.", "And then that."],
    "button": "portal",
    "payable": "$2,310.00",
    "is_complaint": False,
    "channel": "whatsapp",
    "number": "+15550142",
    "reach": "us",
    "code": "30034",
    "minutes": 10,
    "when": "several",
    "paid": "$100.00",
    "files": ["INV-1042.pdf"],
    "more_files": True,
    "why": "funds",
    "deposits": 2,
    "kinds": [("amount", 1), ("state", 2)],
    "are_here": True,
    "alert": "returned",
}
_WORST: Slots = _TYPICAL | {
    "biz": "Nineteen Chars & Co",
    "inv": "INV-104299",
    "amt": "$128,284.50",
    "total": "$128,284.50",
    "n": 120,
    "count": 120,
    "phone": "+441632960961234",
    "hours": "Monday to Friday, 9 am to 5 pm, not 12-1",
    "has_more": True,
    "url": "https://pay.example.com/m/a-shop-with-a-very-long-name-indeed",
    "name": "N" * 5_000,
}


def typical(language: str, kind: str) -> Slots:
    lines = [(1, "INV-1042", "$1,284.50"), (2, "INV-1051", "$640.00"), (3, "INV-1060", "$385.50")]
    return _filled(_TYPICAL, language, kind, lines, ["Delgado Cafe", "Delgado Tacos"])


def worst(language: str, kind: str) -> Slots:
    lines = [(n, "INV-104299", "$128,284.50") for n in (118, 119, 120)]
    return _filled(_WORST, language, kind, lines, ["A customer with 24 chars"] * 5)


def _filled(usual: Slots, language: str, kind: str, invoices: list[tuple[int, str, str]], accounts: list[str]) -> Slots:
    day = {"en": "Sep 12", "es": "12 sept"}[language]
    listed = [(number, inv, amt, day) for number, inv, amt in invoices]
    lines = list(enumerate(accounts, 1)) if kind == "choose_account" else listed
    return {**usual, "date": day, "lines": lines, "numbers": ", ".join(str(number) for number, *_ in invoices)}


def letter_slots(language: str, kind: str) -> dict[str, Any]:
    if kind in ("list", "reminder"):
        return worst(language, kind)
    if kind == "invoice":
        lines = [("Paper cups, 8 oz, white", "12.5 x $1,284.50", "$16,056.25"), ("Delivery", None, "$5.00")]
        return {**worst(language, kind), "lines": lines}
    return {**worst(language, kind), "lines": [("INV-1042", "$1,284.50"), ("INV-1051", "$640.00")]}


def source(language: str, kind: str) -> str:
    return (TEMPLATES / "sms" / language / f"{kind}.txt").read_text()
