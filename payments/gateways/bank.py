"""The sandbox bank: a small outside world in a file of its own, with customers who approve, debits that settle late or
come back, and a count of what it captured. Knows nothing of Till's tables and never holds a card number."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from pathlib import Path

import sqlalchemy as sa

from models.clock import Clock
from models.database import Database
from models.errors import DomainError, ProviderError
from models.gateway import StartPayment, StartRefund
from models.money import Money
from models.payment import Method
from models.refund import DisputeStatus
from payments.gateways import bank_accounts, bank_reversals, pretend
from payments.gateways import bank_tables as tables
from payments.gateways.pretend import Outcome, Pretend
from payments.gateways.troubles import Trouble, Troubles, strikes

LATE_ANSWER = timedelta(minutes=2)
TAKEN_BACK_AFTER = timedelta(days=40)  # R10: a consumer has 60 calendar days


class Status(StrEnum):
    OPEN = "open"
    PROCESSING = "processing"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    CANCELLED = "cancelled"
    RETURNED = "returned"


@dataclass(frozen=True, slots=True)
class BankSession:
    """One payment at the bank. `reference` is the merchant side's. OPEN: its owner has not decided yet."""

    id: str
    reference: str
    short_reference: str
    payee: str
    amount: Money
    method: Method
    description: str
    return_url: str
    status: Status
    method_label: str | None
    failure_code: str | None
    challenged: bool
    """The card asks for one more confirmation: confirm the same choice again."""
    created_at: datetime
    expires_at: datetime


class Bank:
    def __init__(self, path: Path, clock: Clock) -> None:
        self.clock = clock
        self.database = Database(f"sqlite:///{path}")
        self.troubles = Troubles(self.database)
        tables.metadata.create_all(self.database.engine)

    # --- what the merchant's side asks for ---------------------------------------------------------------------------
    def open(self, payment: StartPayment) -> BankSession:
        """The session for this reference, made on first sight. Raises ProviderError for one closed unseen, and for a
        reference used for something else."""
        with self.database.write() as db:
            if db.execute(sa.select(tables.refused).where(tables.refused.c.reference == payment.reference)).first():
                raise ProviderError("session_closed", permanent=True)
            found = tables.by_reference(db, payment.reference)
            if found is None:
                db.execute(sa.insert(tables.sessions).values(**tables.session_values(payment, self.clock.now())))
                found = tables.row(db, tables.sessions.c.reference == payment.reference)
                tables.emit(db, found, "payment.created", self.clock.now())
                if payment.saves_account:
                    db.execute(sa.insert(tables.saving).values(session_id=found.id))
                if payment.saved_token is not None:
                    self._use(db, found, bank_accounts.known(db, payment.saved_token))
            session = _session(tables.row(db, tables.sessions.c.id == found.id))
        if (session.amount, session.method) != (payment.amount, payment.method):
            raise ProviderError("idempotency_mismatch", permanent=True)
        return session

    def remember(self, past: Sequence[tuple[StartPayment, Status, str, datetime]]) -> None:
        """Payments of a time before this bank: how each ended, the id of its session, when it began. Tells nobody."""
        rows = [
            tables.session_values(payment, self.clock.now())
            | {"id": session_id, "status": status.value, "created_at": at}
            for payment, status, session_id, at in past
        ]
        with self.database.write() as db:
            db.execute(sa.insert(tables.sessions), rows)

    def refuse(self, reference: str) -> bool:
        """Close a session for good, or see to it that it is never opened. False: its owner has approved already."""
        with self.database.write() as db:
            found = tables.by_reference(db, reference)
            if found is None:
                db.execute(sa.insert(tables.refused).prefix_with("OR IGNORE").values(reference=reference))
                return True
            if found.status == Status.OPEN:
                self._end(db, found, Status.CANCELLED, "cancelled")
            return found.status in (Status.OPEN, Status.CANCELLED)

    def charge(self, reference: str) -> None:
        """Take the money with nobody at the page: for CHARGES_THEN_HANGS."""
        with self.database.write() as db:
            self._capture(db, tables.row(db, tables.sessions.c.reference == reference), None)

    def refund(self, wanted: StartRefund) -> tables.Row:
        """Once for a reference. Raises ProviderError."""
        with self.database.write() as db:
            return bank_reversals.refund(db, wanted, self.clock.now())

    def find_refund(self, reference: str) -> tables.Row | None:
        with self.database.read() as db:
            return bank_reversals.find_refund(db, reference)

    def opened_since(self, since: datetime) -> Sequence[tuple[BankSession, int]]:
        """Every session, the newest first, and what of it was refunded, in minor units."""
        c = tables.sessions.c
        with self.database.read() as db:
            found = db.execute(
                sa.select(tables.sessions).where(c.created_at >= since).order_by(c.created_at.desc(), c.id)
            ).all()
            back = bank_reversals.given_back(db, [row.reference for row in found])
        return [(_session(row), back.get(row.reference, 0)) for row in found]

    def find(self, reference: str) -> BankSession | None:
        with self.database.read() as db:
            found = tables.by_reference(db, reference)
        return _session(found) if found is not None else None

    # --- what its customers do on its pages --------------------------------------------------------------------------
    def session(self, session_id: str) -> BankSession:
        """Raises DomainError("not_found")."""
        with self.database.read() as db:
            found = db.execute(sa.select(tables.sessions).where(tables.sessions.c.id == session_id)).first()
        if found is None:
            raise DomainError("not_found")
        return _session(found)

    def confirm(self, session_id: str, choice: str, institution: str | None = None) -> BankSession:
        """Approve with an account or card (`pretend`). A session decided before, or too late, stays as it is.
        Raises DomainError("not_found"), DomainError("choice_unknown")."""
        method = self.session(session_id).method
        chosen = pretend.find(method, choice, institution)
        with self.database.write() as db:
            found = tables.row(db, tables.sessions.c.id == session_id)
            if found.status == Status.OPEN and self.clock.now() >= found.expires_at:
                self._end(db, found, Status.CANCELLED, "expired")
            elif found.status == Status.OPEN:
                bank_accounts.keep(db, found, chosen, institution)
                tables.change(db, found.id, method_label=pretend.label(method, chosen, institution))
                self._decide(db, found, chosen)
        return self.session(session_id)

    def _use(self, db: tables.Db, found: tables.Row, account: tables.Row) -> None:
        """Its owner has agreed before: nobody is asked."""
        method = Method(account.method)
        chosen = pretend.find(method, account.choice, account.institution)
        tables.change(db, found.id, method_label=pretend.label(method, chosen, account.institution), challenged=True)
        self._decide(db, tables.row(db, tables.sessions.c.id == found.id), chosen)

    def saved_in(self, session_id: str) -> tables.Row | None:
        with self.database.read() as db:
            return tables.saved_of(db, session_id)

    def forget(self, token: str) -> None:
        with self.database.write() as db:
            db.execute(sa.delete(tables.saved).where(tables.saved.c.token == token))

    def decline(self, session_id: str) -> BankSession:
        """Cancel and go back. Raises DomainError("not_found")."""
        self.refuse(self.session(session_id).reference)
        return self.session(session_id)

    def _decide(self, db: tables.Db, found: tables.Row, chosen: Pretend) -> None:
        outcome = chosen.outcome
        if found.method == Method.CARD and strikes(db, Trouble.DECLINES_CARDS):
            outcome = Outcome.DECLINES
        if outcome is Outcome.CHALLENGES and not found.challenged:
            tables.change(db, found.id, challenged=True)
        elif outcome in (Outcome.DECLINES, Outcome.LACKS_FUNDS, Outcome.EXPIRED):
            self._end(db, found, Status.FAILED, pretend.FAILURE_CODES[outcome])
        elif found.method == Method.BANK:
            self._debit(db, found, chosen)
        else:
            delays = {Outcome.ANSWERS_LATE: LATE_ANSWER, Outcome.NEVER_ANSWERS: None}
            self._capture(db, found, delays.get(outcome, timedelta()))

    def _debit(self, db: tables.Db, found: tables.Row, chosen: Pretend) -> None:
        settles_at = self.clock.now() + timedelta(days=chosen.days)
        code = pretend.FAILURE_CODES.get(chosen.outcome)
        late = chosen.outcome is Outcome.RETURNS_UNAUTHORISED
        tables.change(
            db,
            found.id,
            status=Status.PROCESSING.value,
            settles_at=settles_at,
            bounces_with=None if late else code,
            returns_at=settles_at + TAKEN_BACK_AFTER if late else None,
        )
        self._tell(db, found.id, "payment.processing", timedelta())

    # --- what time and its back office do ----------------------------------------------------------------------------
    def settle_due(self, now: datetime | None = None) -> int:
        """Everything that time has brought by `now`: debits settle or bounce, money is taken back, open pages close."""
        at = now or self.clock.now()
        sessions = tables.sessions.c
        done = 0
        with self.database.write() as db:
            for found in tables.rows(db, (sessions.status == Status.OPEN) & (sessions.expires_at <= at)):
                self._end(db, found, Status.CANCELLED, "expired")
                done += 1
            for found in tables.rows(db, (sessions.status == Status.PROCESSING) & (sessions.settles_at <= at)):
                if found.bounces_with is not None:
                    self._end(db, found, Status.FAILED, found.bounces_with)
                else:
                    self._capture(db, found, timedelta())
                done += 1
            for found in tables.rows(db, (sessions.status == Status.SUCCEEDED) & (sessions.returns_at <= at)):
                self._end(db, found, Status.RETURNED, pretend.FAILURE_CODES[Outcome.RETURNS_UNAUTHORISED])
                done += 1
            done += bank_reversals.settle_refunds(db, at)
        return done

    def send_back(self, reference: str, code: str = "R01") -> BankSession:
        """Return a bank debit, settled or not. Raises DomainError("not_returnable")."""
        with self.database.write() as db:
            found = tables.by_reference(db, reference)
            if found is None or found.status not in (Status.PROCESSING, Status.SUCCEEDED):
                raise DomainError("not_returnable")
            ended = Status.FAILED if found.status == Status.PROCESSING else Status.RETURNED
            self._end(db, found, ended, code)
            return _session(tables.row(db, tables.sessions.c.id == found.id))

    def dispute(self, reference: str, amount: Money | None = None, reason: str = "fraudulent") -> str:
        """A card's holder says no. Returns the dispute's id. Raises DomainError("not_disputable")."""
        with self.database.write() as db:
            return bank_reversals.dispute(db, reference, amount.minor if amount else None, reason, self.clock.now())

    def decide_dispute(self, dispute_id: str, status: DisputeStatus) -> None:
        with self.database.write() as db:
            bank_reversals.decide(db, dispute_id, status, self.clock.now())

    def fail_refund(self, reference: str) -> None:
        """Its money comes back, whatever was said before. Raises DomainError("not_found")."""
        with self.database.write() as db:
            bank_reversals.fail_refund(db, reference, self.clock.now())

    def captures(self) -> Sequence[tuple[str, Money]]:
        """Reference and amount of every capture, in order: what really moved."""
        in_order = sa.select(tables.captures).order_by(tables.captures.c.id)
        with self.database.read() as db:
            return [(row.reference, Money(row.amount_minor, row.currency)) for row in db.execute(in_order)]

    def _capture(self, db: tables.Db, found: tables.Row, told_after: timedelta | None) -> None:
        tables.change(db, found.id, status=Status.SUCCEEDED.value)
        taken = {"reference": found.reference, "amount_minor": found.amount_minor, "currency": found.currency}
        db.execute(sa.insert(tables.captures).values(**taken, created_at=self.clock.now()))
        if told_after is not None:
            self._tell(db, found.id, "payment.succeeded", told_after)

    def _end(self, db: tables.Db, found: tables.Row, status: Status, code: str) -> None:
        tables.change(db, found.id, status=status.value, failure_code=code)
        self._tell(db, found.id, f"payment.{status.value}", timedelta())

    def _tell(self, db: tables.Db, session_id: str, kind: str, after: timedelta) -> None:
        tables.emit(db, tables.row(db, tables.sessions.c.id == session_id), kind, self.clock.now() + after)


def _session(row: tables.Row) -> BankSession:
    return BankSession(
        id=row.id,
        reference=row.reference,
        short_reference=row.short_reference,
        payee=row.payee,
        amount=Money(row.amount_minor, row.currency),
        method=Method(row.method),
        description=row.description,
        return_url=row.return_url,
        status=Status(row.status),
        method_label=row.method_label,
        failure_code=row.failure_code,
        challenged=row.challenged,
        created_at=row.created_at,
        expires_at=row.expires_at,
    )
