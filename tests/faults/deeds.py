"""What people and vendors do to a Till that may die under it: each deed is tried until it is acknowledged, as its
sender would, and knows afterwards whether its effect is there, once."""

import re
import time
from abc import ABC, abstractmethod
from dataclasses import dataclass, field
from html import unescape
from pathlib import Path
from typing import Any

import requests
import sqlalchemy as sa

from models.conversation import Conversation
from models.invoice import Invoice, InvoiceStatus
from models.message import Direction, Message, MessageStatus
from models.payment import Allocation, Payment, PaymentStatus
from models.received_text import ReceivedText
from models.reminder import Campaign, CampaignSource, Reminder, ReminderStatus
from models.verification import Verification
from tests.faults.outside import NUMBER, SID
from tests.faults.pulse import Beat
from tests.faults.town import PATIENCE_S, Town, end
from tests.support.stripe_server import VISA
from tests.support.workers import eventually

TIMEOUT_S = 60.0
GONE = {MessageStatus.SENT, MessageStatus.DELIVERED, MessageStatus.UNKNOWN}


@dataclass
class Deed(ABC):
    """`acknowledged`: Till said 2xx (or 303). `delay_s`: after the others begin."""

    town: Town = field(repr=False)
    delay_s: float = 0.0
    acknowledged: bool = False
    told: str = ""
    """The last refusal."""

    def go(self) -> None:
        """Once. A dead process is no error here."""
        try:
            self.acknowledged = self.attempt()
        except requests.RequestException as error:
            self.acknowledged, self.told = False, repr(error)

    def repeat(self, within_s: float = PATIENCE_S) -> None:
        """Until it is acknowledged."""
        give_up_at = time.monotonic() + within_s
        while not self.acknowledged:
            assert time.monotonic() < give_up_at, f"{self} was never acknowledged"
            self.go()
            if not self.acknowledged:
                time.sleep(0.05)

    @abstractmethod
    def attempt(self) -> bool: ...

    @abstractmethod
    def faults(self) -> list[str]:
        """What is missing or there twice, once nothing is under way any more."""

    def count(self, *where: sa.ColumnElement[bool]) -> int:
        with self.town.database.read() as db:
            return db.scalar(sa.select(sa.func.count()).where(*where)) or 0


@dataclass
class Text(Deed):
    """One text in, and its replies."""

    phone: str = ""
    body: str = "what do I owe?"
    is_of_a_flood: bool = False
    """So many from one phone are kept, and answered by silence."""
    form: dict[str, str] = field(default_factory=dict)

    def attempt(self) -> bool:
        return self.post().status_code == 200

    def post(self) -> requests.Response:
        self.form = self.form or self.town.carrier.form(SID, self.phone, NUMBER, self.body)
        path = "/webhooks/twilio/sms"
        headers = self.town.carrier.signed(SID, path, self.form)
        answer = requests.post(f"{self.town.base_url}{path}", data=self.form, headers=headers, timeout=TIMEOUT_S)
        if answer.status_code == 200:
            self.town.pulse.beat(Beat.ANSWER)
            assert self.town.carrier.hand_over(self.phone, answer.text) or self.is_of_a_flood, "no reply"
            self.acknowledged = True
        return answer

    def faults(self) -> list[str]:
        sid = self.form["MessageSid"]
        there = self.count(Message.provider_reference == sid, Message.direction == Direction.IN)
        return [] if there == 1 else [f"text {sid} is there {there} times"]


@dataclass
class AskForCode(Deed):
    """A stranger's first two texts; the second one gives the email on file."""

    phone: str = ""
    email: str = ""
    texts: list[Text] = field(default_factory=list)

    def attempt(self) -> bool:
        self.texts = self.texts or [Text(self.town, phone=self.phone, body=body) for body in ("hi", self.email)]
        for text in self.texts:
            if not text.acknowledged:
                text.go()
            if not text.acknowledged:
                return False
        return True

    def faults(self) -> list[str]:
        asked = sa.select(Verification.id).join(Conversation, Conversation.id == Verification.conversation_id)
        mine = Message.verification_id.in_(asked.where(Conversation.address == self.phone).scalar_subquery())
        with self.town.database.read() as db:
            statuses = list(db.scalars(sa.select(Message.status).where(mine)))
        mails = [one for one in self.town.outside.messages(self.email) if one.channel == "email"]
        missing = [] if statuses and mails else [f"no code went to {self.email} ({statuses})"]
        return missing + [fault for text in self.texts for fault in text.faults()]


@dataclass
class Pay(Deed):
    """The button behind a link, the bank's page, and the event that says so."""

    link: str = ""
    invoice_id: int = 0
    browser: requests.Session = field(default_factory=requests.Session)
    form: dict[str, str] = field(default_factory=dict)
    session_id: str | None = None
    confirmed: bool = False

    def attempt(self) -> bool:
        if self.session_id is None:
            self.session_id = self._press()
        if self.session_id is not None and not self.confirmed:
            self.town.stripe.confirm(self.session_id, VISA)
            self.confirmed = True
        return self.session_id is not None and self._tell(self.session_id)

    def _press(self) -> str | None:
        if not self.form:
            page = self.browser.get(self.link, timeout=TIMEOUT_S)
            if page.status_code != 200:
                return None
            names = ("csrf_token", "idempotency_key", "seen_amount", "seen_version")
            self.form = {name: _value(page.text, name) for name in names} | {"method": "card"}
        answer = self.browser.post(self.link, data=self.form, allow_redirects=False, timeout=TIMEOUT_S)
        if answer.status_code != 303:
            assert answer.status_code >= 500, (answer.status_code, answer.text[-500:])
            return None
        assert "/c/pay/" in answer.headers["Location"], answer.headers["Location"]
        return answer.headers["Location"].rpartition("/")[2]

    def _tell(self, session_id: str) -> bool:
        event = self.town.stripe.event("checkout.session.completed", session_id, id=f"evt_{session_id}")
        url = f"{self.town.base_url}/webhooks/stripe"
        answers = [requests.post(url, event.body, headers=dict(event.headers), timeout=TIMEOUT_S) for _ in range(2)]
        return all(answer.status_code == 204 for answer in answers)

    def faults(self) -> list[str]:
        with self.town.database.read() as db:
            paid = sa.select(Payment).join(Allocation).where(Allocation.invoice_id == self.invoice_id)
            payments = list(db.scalars(paid))
            invoice = db.get_one(Invoice, self.invoice_id)
        found = [f"invoice {invoice.number}: {len(payments)} payments"] if len(payments) != 1 else []
        if [one.status for one in payments] != [PaymentStatus.SUCCEEDED] or invoice.status is not InvoiceStatus.PAID:
            found.append(f"invoice {invoice.number} is {invoice.status}, its payments {[p.status for p in payments]}")
        references = {payment.public_id for payment in payments}
        opened = [s for s in list(self.town.stripe.sessions.values()) if references & set(s["metadata"].values())]
        if len(opened) != 1:
            found.append(f"invoice {invoice.number}: {len(opened)} sessions at Stripe")
        return found


@dataclass
class Call(Deed):
    """A merchant's program."""

    api_key: str = ""
    path: str = ""
    body: dict[str, Any] = field(default_factory=dict)
    key: str = ""

    def attempt(self) -> bool:
        headers = {"Authorization": f"Bearer {self.api_key}", "Idempotency-Key": self.key}
        url = f"{self.town.base_url}/api/v1{self.path}"
        answer = requests.post(url, json=self.body, headers=headers, timeout=TIMEOUT_S)
        self.told = answer.text
        if answer.status_code in (400, 404, 409, 422):
            raise AssertionError(f"{self.path}: {answer.text}")
        return answer.ok

    def faults(self) -> list[str]:
        return []


@dataclass
class SendInvoice(Call):
    invoice_id: int = 0

    def faults(self) -> list[str]:
        there = self.count(Message.invoice_id == self.invoice_id, Message.kind == "invoice")
        return [] if there == 1 else [f"invoice {self.invoice_id} was queued {there} times"]


@dataclass
class Remind(Call):
    """One press for some customers."""

    customers: int = 0
    customer_ids: tuple[int, ...] = ()

    def faults(self) -> list[str]:
        mine = Reminder.customer_id.in_(self.customer_ids)
        told = sa.select(Reminder.status, Message.status).outerjoin(Message, Message.id == Reminder.message_id)
        pressed = sa.select(sa.func.count(sa.distinct(Reminder.campaign_id))).join(Campaign)
        with self.town.database.read() as db:
            rows = db.execute(told.where(mine)).all()
            campaigns = db.scalar(pressed.where(mine, Campaign.source == CampaignSource.API))
        sent = [row for row in rows if row[0] is ReminderStatus.SENT and row[1] in GONE]
        if len(sent) != self.customers or len(rows) != self.customers or campaigns != 1:
            return [f"reminders {[(str(a), str(b)) for a, b in rows]} of {campaigns} campaigns"]
        return []


@dataclass
class Import(Deed):
    """`flask import FILE`, the first time killed by itself."""

    file: Path = Path()
    prefix: str = ""
    lines: int = 0
    dies_after_s: float = 0.0

    def attempt(self) -> bool:
        log = self.file.with_suffix(".log")
        group = self.town.run("import", str(self.file), "--merchant", "acme", log=log)
        eventually(lambda: "Imported." in log.read_text() if log.exists() else False, self.dies_after_s or TIMEOUT_S)
        end(group)
        self.dies_after_s = 0.0
        there = self.rows()
        assert there in (0, self.lines), f"half a file: {there} of {self.lines}"
        return "Imported." in log.read_text()

    def rows(self) -> int:
        return self.count(Invoice.number.like(f"{self.prefix}%"))

    def faults(self) -> list[str]:
        there = self.rows()
        return [] if there == self.lines else [f"{there} of {self.lines} lines of {self.prefix}"]


def on_its_way(town: Town) -> int:
    """Messages that the messenger still owes an answer about, reminders that are due, and texts that were put off, as a
    process that has just started does."""
    out = sa.select(sa.func.count()).where(
        Message.direction == Direction.OUT,
        Message.status.in_([MessageStatus.QUEUED, MessageStatus.SENDING]),
        Message.route == "messenger",
    )
    due = sa.select(sa.func.count()).where(Reminder.status == ReminderStatus.SCHEDULED)
    waiting = sa.select(sa.func.count()).where(ReceivedText.put_aside_at.is_(None))
    with town.database.read() as db:
        return sum(db.scalar(asked) or 0 for asked in (out, due, waiting))


def _value(page: str, name: str) -> str:
    found = re.search(rf'name="{name}"[^>]*?value="([^"]*)"', page, re.DOTALL)
    assert found is not None, (name, page[-1500:])
    return unescape(found[1])
