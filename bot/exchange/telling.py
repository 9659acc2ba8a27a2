"""What a plan says to whoever has to press: numbers, the first changes and troubles, and a fingerprint of all of it."""

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice

from bot.exchange.planning import Plan
from bot.exchange.whom import Wanted
from models.file_import import FileImport

SHOWN_CHANGES = 30
SHOWN_TROUBLES = 100

Change = tuple[str, str, str]


@dataclass(frozen=True, slots=True)
class Told:
    shape: str
    kind: str
    lines: int
    numbers: dict[str, int]
    sample: Sequence[Change]
    troubles: Sequence[tuple[int, str, str]]
    trouble_count: int
    fingerprint: str


def tell(planned: Plan) -> Told:
    """While the plan's transaction is open: it reads what is on file."""
    new = planned.new_customers
    numbers = {
        "new_customers": new,
        "changed_customers": len(planned.customers) - new,
        "new_invoices": len(planned.new_invoices),
        "changed_invoices": len(planned.changed_invoices),
        "consents": len(planned.consents),
        "unchanged": planned.unchanged,
        "not_owed": planned.not_owed,
    }
    troubles = [(one.line, one.column, one.code) for one in planned.troubles]
    return Told(
        shape=planned.shape.name,
        kind=planned.shape.kind.value,
        lines=planned.lines,
        numbers=numbers,
        sample=list(islice(changes(planned), SHOWN_CHANGES)),
        troubles=troubles[:SHOWN_TROUBLES],
        trouble_count=len(troubles),
        fingerprint=_fingerprint(planned, numbers),
    )


def note(found: FileImport, told: Told) -> None:
    found.shape, found.kind, found.lines = told.shape, told.kind, told.lines
    found.told, found.sample = told.numbers, [list(change) for change in told.sample]
    found.troubles, found.trouble_count = [list(trouble) for trouble in told.troubles], told.trouble_count
    found.fingerprint, found.done = told.fingerprint, told.lines


def changes(planned: Plan) -> Iterator[Change]:
    """What is on file already first: that is where a wrong file does harm."""
    for line, invoice in planned.changed_invoices:
        before, after = f"{invoice.total.decimal:f}, due {invoice.due_on}", f"{line.total.decimal:f}, due {line.due_on}"
        yield "changed_invoice", line.number, before if before == after else f"{before} to {after}"
    for one in planned.customers:
        if one.customer_id is not None:
            yield "changed_customer", _name(one), ", ".join(address for _, address in one.new_addresses)
    for invoice_line, wanted in planned.new_invoices:
        owed = f"{invoice_line.total.decimal:f} {invoice_line.total.currency}, due {invoice_line.due_on}"
        yield "new_invoice", invoice_line.number, f"{_name(wanted)}, {owed}"
    for one in planned.customers:
        if one.customer_id is None:
            yield "new_customer", _name(one), ", ".join(address for _, address in one.new_addresses)
    for (_, address), act in planned.consents.items():
        yield "consent", address, act.value


def _name(one: Wanted) -> str:
    return one.line.name or one.line.reference or ""


def _fingerprint(planned: Plan, numbers: dict[str, int]) -> str:
    told = hashlib.sha256(repr(sorted(numbers.items())).encode())
    for change in changes(planned):
        told.update(repr(change).encode())
    for one in planned.customers:
        told.update(repr((one.customer_id, one.line.reference, one.line.locale, one.line.postal_code)).encode())
    for _, wanted in planned.new_invoices:
        told.update(repr(wanted.customer_id).encode())
    return told.hexdigest()
