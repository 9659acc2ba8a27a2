"""The sandbox bank: a small outside world in a file of its own, with customers who approve, debits that settle late or
come back, and a count of what it captured. Knows nothing of Till's tables and never holds a card number."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

import sqlalchemy as sa

from models.clock import Clock
from models.database import Database
from models.errors import DomainError, ProviderError
from models.gateway import StartPayment, StartRefund
from models.money import Money
from models.payment import Method
from models.refund import DisputeStatus
from payments.gateways import bank_accounts, bank_deposits, bank_moves, bank_reversals, pretend
from payments.gateways import bank_tables as tables
from payments.gateways.bank_moves import Status
from payments.gateways.pretend import Outcome, Pretend
from payments.gateways.troubles import Trouble, Troubles, strikes

__all__ = ["Bank", "BankSession", "Status"]

BASIS_POINTS = 10_000
LATE_ANSWER = timedelta(minutes=2)
_UNCONFIRMED = (Status.OPEN, Status.VERIFYING)


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
    fee: Money | None
    """What the bank keeps for itself of a card payment, once it is captured."""


class Bank:
    def __init__(self, path: Path, clock: Clock, *, card_basis_points: int = 0) -> None:
        """`card_basis_points`: what it keeps of card payments. 0: it tells of no fees at all."""
        self.clock = clock
        self.card_basis_points = card_basis_points
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
            if found.status in _UNCONFIRMED:
                bank_moves.end(db, found, Status.CANCELLED, "cancelled", self.clock.now())
            return found.status in (*_UNCONFIRMED, Status.CANCELLED)

    def charge(self, reference: str) -> None:
        """Take the money with nobody at the page: for CHARGES_THEN_HANGS."""
        with self.database.write() as db:
            bank_moves.capture(db, tables.row(db, tables.sessions.c.reference == reference), self.clock.now(), None)

    def refund(self, wanted: StartRefund) -> tables.Row:
        """Once for a reference. Raises ProviderError."""
        with self.database.write() as db:
            return bank_reversals.refund(db, wanted, self.clock.now())

    def refunds_of(self, payment: str) -> Sequence[tables.Row]:
        c = tables.refunds.c
        mine = sa.select(tables.refunds).where(c.payment == payment).order_by(c.created_at, c.id)
        with self.database.read() as db:
            return db.execute(mine).all()

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
                bank_moves.end(db, found, Status.CANCELLED, "expired", self.clock.now())
            elif found.status == Status.OPEN:
                tables.change(db, found.id, method_label=pretend.label(method, chosen, institution))
                if chosen.deposit_days and institution is not None:
                    bank_deposits.send(db, found, chosen, institution, self.clock.now())
                else:
                    bank_accounts.keep(db, found, chosen, institution)
                    self._decide(db, found, chosen)
        return self.session(session_id)

    def confirm_deposits(self, session_id: str, amounts: Collection[int]) -> BankSession:
        """Its owner read them from the statement. Raises DomainError("not_found"), DomainError("deposits_not_there"),
        DomainError("deposits_wrong") while there are tries left."""
        self.session(session_id)
        with self.database.write() as db:
            bank_deposits.end_due(db, self.clock.now())  # ten days are ten days, whether somebody looked or not
            found = tables.row(db, tables.sessions.c.id == session_id)
            right = bank_deposits.confirm(db, found, amounts, self.clock.now())
        session = self.session(session_id)
        if not right and session.status is Status.VERIFYING:
            raise DomainError("deposits_wrong")
        return session

    def deposits_in(self, session_id: str) -> tables.Row | None:
        with self.database.read() as db:
            return bank_deposits.find(db, session_id)

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
            bank_moves.end(db, found, Status.FAILED, pretend.FAILURE_CODES[outcome], self.clock.now())
        elif found.method == Method.BANK:
            bank_moves.debit(db, found, chosen, self.clock.now())
        else:
            delays = {Outcome.ANSWERS_LATE: LATE_ANSWER, Outcome.NEVER_ANSWERS: None}
            if found.method == Method.CARD and self.card_basis_points:
                tables.change(db, found.id, fee_minor=found.amount_minor * self.card_basis_points // BASIS_POINTS)
            bank_moves.capture(db, found, self.clock.now(), delays.get(outcome, timedelta()))

    # --- what time and its back office do ----------------------------------------------------------------------------
    def settle_due(self, now: datetime | None = None) -> int:
        """Everything that time has brought by `now`: debits settle or bounce, money is taken back, open pages close."""
        at = now or self.clock.now()
        sessions = tables.sessions.c
        done = 0
        with self.database.write() as db:
            for found in tables.rows(db, (sessions.status == Status.OPEN) & (sessions.expires_at <= at)):
                bank_moves.end(db, found, Status.CANCELLED, "expired", self.clock.now())
                done += 1
            for found in tables.rows(db, (sessions.status == Status.PROCESSING) & (sessions.settles_at <= at)):
                if found.bounces_with is not None:
                    bank_moves.end(db, found, Status.FAILED, found.bounces_with, self.clock.now())
                else:
                    bank_moves.capture(db, found, self.clock.now(), timedelta())
                done += 1
            for found in tables.rows(db, (sessions.status == Status.SUCCEEDED) & (sessions.returns_at <= at)):
                code = pretend.FAILURE_CODES[Outcome.RETURNS_UNAUTHORISED]
                bank_moves.end(db, found, Status.RETURNED, code, self.clock.now())
                done += 1
            done += bank_deposits.end_due(db, at)
            done += bank_reversals.settle_refunds(db, at)
        return done

    def send_back(self, reference: str, code: str = "R01") -> BankSession:
        """Return a bank debit, settled or not. Raises DomainError("not_returnable")."""
        with self.database.write() as db:
            found = tables.by_reference(db, reference)
            if found is None or found.status not in (Status.PROCESSING, Status.SUCCEEDED):
                raise DomainError("not_returnable")
            ended = Status.FAILED if found.status == Status.PROCESSING else Status.RETURNED
            bank_moves.end(db, found, ended, code, self.clock.now())
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
        fee=Money(row.fee_minor, row.currency) if row.fee_minor is not None else None,
    )
