"""What the simulator's page shows, as frozen values read from the outside world: bubbles, mails, the clock, mishaps and
what just happened. Words are in templates/web/simulator."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import ClassVar

import sqlalchemy as sa

from bot import gsm
from bot.channels.quoting_words import BOUNDARIES
from bot.channels.sandbox import Outside, Received, carried
from bot.channels.sandbox_carrier import WINDOW
from models.clock import Clock
from web.pages import Page
from web.simulator.feed import Happening, Stage, curl
from web.simulator.people import Entry, Person

BUBBLES = 80
MAILS = 30
PREVIEW_CHARS = 90
CODE_AGE = timedelta(minutes=10)
_URL = re.compile(r"(https?://[^\s<>\"]*[^\s<>\".,;:!?)])")
_CODE = re.compile(r"\b\d{6,8}\b")
_SUGGESTED = ("LIST", "1", "ALL", "HELP", "STOP")
_SUGGESTED_IN_SPANISH = ("LISTA", "1", "TODO", "HELP", "STOP")
_SPANISH = re.compile(r"\b(?:elija|responda|facturas?|pague|gracias|vea|lista)\b")


class Tab(StrEnum):
    HTML = "html"
    TEXT = "text"
    HEADERS = "headers"
    SOURCE = "source"


@dataclass(frozen=True, slots=True)
class Bubble:
    """One text on the phone. `parts`: words and links in turn. `lost_with`: the carrier's code, for one that never
    arrived."""

    key: str
    mine: bool
    parts: Sequence[str]
    at: datetime
    cost: gsm.Segments
    status: str | None = None
    lost_with: str | None = None

    @property
    def room(self) -> int:
        """What its segments hold between them."""
        alone, joined = gsm.LIMITS[self.cost.encoding]
        return alone if self.cost.count == 1 else joined * self.cost.count


@dataclass(frozen=True, slots=True)
class Mail:
    id: int
    to: str
    sender: str
    subject: str
    preview: str
    parts: Sequence[str]
    headers: Sequence[tuple[str, str]]
    source: str
    has_html: bool
    at: datetime


@dataclass(frozen=True, slots=True)
class FeedLine:
    happening: Happening
    curl: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SimulatorPage(Page):
    """`notice_code`: what the last press did, with `notice_detail` where a name or an amount says more."""

    template: ClassVar[str] = "web/simulator/phone.html"
    person: Person
    bubbles: Sequence[Bubble]
    suggestions: Sequence[str]
    mails: Sequence[Mail]
    mail: Mail | None
    tab: Tab
    feed: Sequence[FeedLine]
    switches: Sequence[tuple[str, bool]]
    more_switches: Sequence[tuple[str, bool]]
    base: str
    portal_url: str
    other_app: str
    """Where the same phone's other app is."""
    window_ends_at: datetime | None
    """Until when WhatsApp takes free words; None: by text, or before the first message."""
    following: bool
    """No mail was picked, so the newest one shows."""
    notices: Sequence[tuple[str, str]] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class PeoplePage(Page):
    template: ClassVar[str] = "web/simulator/people.html"
    shops: Sequence[tuple[str, str, Sequence[Entry]]]
    """(slug, name, customers)"""
    typed: str = ""
    bad_number: bool = False


def bubbles(outside: Outside, stage: Stage, person: Person) -> list[Bubble]:
    """Both sides of the thread, and where a text of the merchant's was lost."""
    floor = stage.floors.get(person.thread, 0)
    texts = [text for text in outside.thread(person.address, person.number) if text.id > floor][-BUBBLES:]
    statuses = outside.status_of([text.id for text in texts])
    shown = [_bubble(text, person.address, statuses.get(text.id)) for text in texts]
    since = texts[0].at if texts else None
    return sorted([*shown, *_lost(outside, person, since)], key=lambda bubble: bubble.at)


def window_ends_at(outside: Outside, person: Person) -> datetime | None:
    opened_at = outside.window_opened_at(person.address, person.number) if person.by_whatsapp else None
    return opened_at + WINDOW if opened_at else None


def _bubble(text: Received, phone: str, status: str | None) -> Bubble:
    mine = text.sender == phone
    return Bubble(f"t{text.id}", mine, _URL.split(text.text), text.at, gsm.segments(text.text), status)


def _lost(outside: Outside, person: Person, since: datetime | None) -> list[Bubble]:
    """What the carrier took and never delivered: no phone shows it, but whoever tries things out must see it."""
    if since is None:
        return []
    query = sa.select(carried).where(
        carried.c.sender == person.number,
        carried.c.recipient == person.address,
        carried.c.received_id.is_(None),
        carried.c.at >= since,
    )
    with outside.database.read() as db:
        rows = db.execute(query).all()
    return [
        Bubble(row.sid, False, _URL.split(row.body), row.at, gsm.segments(row.body), row.status, row.error_code or "?")
        for row in rows
    ]


def mails(outside: Outside, stage: Stage, person: Person) -> list[Mail]:
    """The newest first, over all mailboxes of whoever holds the phone."""
    found = [
        _mail(one)
        for address in person.emails
        for one in outside.messages(address, stage.floors.get(address, 0))
        if one.channel == "email"
    ]
    return sorted(found, key=lambda mail: -mail.id)[:MAILS]


def _mail(one: Received) -> Mail:
    known = (one.sender, *BOUNDARIES.values())
    subject = (one.subject or "").casefold()
    told = [line.strip() for line in one.text.splitlines() if line.strip()]
    # What the subject has said already, in the heading, is no preview.
    lines = [line for line in told if not any(line in old for old in known) and line.casefold() not in subject]
    return Mail(
        id=one.id,
        to=one.recipient,
        sender=one.sender,
        subject=one.subject or "",
        preview=" ".join(" ".join(lines).split())[:PREVIEW_CHARS],
        parts=_URL.split(one.text),
        headers=list(one.headers.items()),
        source=one.source or "",
        has_html=one.html is not None,
        at=one.at,
    )


def suggestions(person: Person, shown: Sequence[Bubble], received: Sequence[Mail], clock: Clock) -> list[str]:
    """What one would say next: a greeting, the email that was asked for, the code that has just come."""
    if not shown:
        return ["hi, what do I owe?", "pay my invoices", "HELP"]
    heard = next((bubble for bubble in reversed(shown) if not bubble.mine), None)
    words = "".join(heard.parts).lower() if heard else ""
    answers = []
    # These two words stand in our own texts, in English and in Spanish.
    if "code" in words or "clave" in words:
        fresh = [mail for mail in received if clock.now() - mail.at < CODE_AGE]
        answers = _CODE.findall(fresh[0].subject + " " + fresh[0].preview)[:1] if fresh else []
        answers += ["OTRA" if "clave" in words else "AGAIN"]
    elif "email" in words:
        answers = list(person.emails[:2])
    usual = _SUGGESTED_IN_SPANISH if _SPANISH.search(words) else _SUGGESTED
    return answers or list(usual)


def feed(stage: Stage) -> list[FeedLine]:
    return [FeedLine(happening, curl(happening)) for happening in stage.latest()]
