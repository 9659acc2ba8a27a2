"""What a file would change, without changing it: each line against what is on file now. Reads only one merchant's."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

from bot.exchange import shapes, typed
from bot.exchange.reading import Table
from bot.exchange.shapes import Kind, Shape
from bot.exchange.typed import BadCell, CustomerLine, InvoiceLine, Usual
from bot.exchange.whom import Address, Known, Wanted, Whom, known
from models.consent import ConsentAct
from models.context import Context
from models.invoice import Invoice, InvoiceStatus
from models.merchant import Merchant, Mode
from payments import drafting

STEP = 500
Grown = Callable[[int], None]
"""Hears how many more lines are done."""


@dataclass(frozen=True, slots=True)
class Trouble:
    """Why a line cannot be taken. `line` as a spreadsheet counts, `column` by our name."""

    line: int
    column: str
    code: str


@dataclass(slots=True)
class Plan:
    """`unchanged` and `not_owed` count lines that ask for nothing."""

    shape: Shape
    lines: int = 0
    """Of the file, those in trouble and those that ask for nothing included."""
    customers: list[Wanted] = field(default_factory=list)
    new_invoices: list[tuple[InvoiceLine, Wanted]] = field(default_factory=list)
    changed_invoices: list[tuple[InvoiceLine, Invoice]] = field(default_factory=list)
    consents: dict[Address, ConsentAct] = field(default_factory=dict)
    unchanged: int = 0
    not_owed: int = 0
    troubles: list[Trouble] = field(default_factory=list)

    @property
    def new_customers(self) -> int:
        return sum(one.customer_id is None for one in self.customers)

    @property
    def changes_anything(self) -> bool:
        return bool(self.customers or self.new_invoices or self.changed_invoices or self.consents)


@dataclass(frozen=True, slots=True)
class Parsed:
    """A file's lines as values, and those that are none."""

    shape: Shape
    lines: list[tuple[int, CustomerLine | InvoiceLine]]
    troubles: list[Trouble]
    count: int = 0
    """Lines of the file."""


def usual(ctx: Context, merchant: Merchant) -> Usual:
    return Usual(merchant.country, merchant.currency, drafting.today(ctx, merchant))


def parse(table: Table, usually: Usual, grown: Grown = lambda _: None) -> Parsed:
    """Asks no database, and so is done before any transaction: fifty thousand lines take a while.
    Raises DomainError("file_unknown_columns")."""
    shape = shapes.recognise(table)
    parsed = Parsed(shape, [], [Trouble(number, "", "too_many_cells") for number in table.ragged], len(table.lines))
    for count, line in enumerate(table.lines, start=1):
        try:
            if shape.kind is Kind.CUSTOMERS:
                parsed.lines.append((line.number, typed.customer(shape, line.cells, usually)))
            elif _is_invoice(shape, line.cells):
                parsed.lines.append((line.number, typed.invoice(shape, line.cells, usually)))
        except BadCell as bad:
            parsed.troubles.append(Trouble(line.number, bad.column, bad.code))
        if count % STEP == 0:
            grown(STEP)
    grown(len(table.lines) % STEP)
    return parsed


def plan(ctx: Context, merchant: Merchant, mode: Mode, parsed: Parsed) -> Plan:
    """Against what is on file at this moment."""
    named = [line.customer if isinstance(line, InvoiceLine) else line for _, line in parsed.lines]
    planned = Plan(parsed.shape, parsed.count, troubles=list(parsed.troubles))
    planner = _Planner(planned, known(ctx, merchant.id, mode), named)
    for number, line in parsed.lines:
        try:
            if isinstance(line, InvoiceLine):
                planner.invoice(line)
            else:
                planner.customer(line)
        except BadCell as bad:
            planner.plan.troubles.append(Trouble(number, bad.column, bad.code))
    if mode is not Mode.LIVE:
        planner.plan.consents.clear()  # a test customer agrees to nothing
    planner.plan.troubles.sort(key=lambda trouble: trouble.line)
    return planner.plan


def _is_invoice(shape: Shape, cells: Mapping[str, str]) -> bool:
    """QuickBooks lists payments and totals among its invoices."""
    told = shapes.cell(shape, cells, "type").casefold()
    return told in ("", "invoice") and (shape.name != "quickbooks" or bool(shapes.cell(shape, cells, "number")))


class _Planner:
    """Goes line by line, and remembers what earlier lines of the same file want."""

    def __init__(self, planned: Plan, on_file: Known, lines: Iterable[CustomerLine]) -> None:
        self.plan, self._known = planned, on_file
        self._whom = Whom(on_file, lines)
        self._numbers: set[str] = set()
        self._listed: set[Wanted] = set()

    def customer(self, line: CustomerLine) -> Wanted:
        if not line.name and line.reference is None:
            raise BadCell("name", "missing")
        found = self._whom.wanted(line)
        self._consent(line)
        self._address(found, line.addresses)
        if found.customer_id is None or found.new_addresses or self._differs(found):
            self._refuse_erased(found)
            self._list(found)
        else:
            self.plan.unchanged += 1
        return found

    def invoice(self, line: InvoiceLine) -> None:
        if line.number in self._numbers:
            raise BadCell("number", "repeated")
        self._numbers.add(line.number)
        before = self._known.invoices.get(line.number)
        if before is not None:
            self._existing(line, before)
        elif not line.is_owed:
            self.plan.not_owed += 1
        else:
            debtor = self._debtor(line.customer)
            self._refuse_erased(debtor)
            self.plan.new_invoices.append((line, debtor))

    def _existing(self, line: InvoiceLine, before: Invoice) -> None:
        open_now = before.status in (InvoiceStatus.OPEN, InvoiceStatus.DRAFT)
        same = (line.total, line.due_on, line.description) == (before.total, before.due_on, before.description)
        if same or not open_now or not line.is_owed:
            self.plan.unchanged += 1
            return
        if line.total.currency != before.currency:
            raise BadCell("currency", "other_currency")
        if line.total.minor <= before.total_minor - before.balance_minor:
            raise BadCell("amount", "below_paid")
        self.plan.changed_invoices.append((line, before))

    def _debtor(self, line: CustomerLine) -> Wanted:
        if not line.name and line.reference is None and not line.addresses:
            raise BadCell("name", "missing")
        found = self._whom.wanted(line)
        if found.customer_id is None:
            if not found.line.name:
                raise BadCell("name", "missing")
            self._address(found, line.addresses)
            self._list(found)
        return found

    def _refuse_erased(self, found: Wanted) -> None:
        """Whoever they were is to be added anew, under their own name."""
        if found.customer_id is not None and self._known.customers[found.customer_id].erased_at is not None:
            raise BadCell("name", "customer_erased")

    def _list(self, found: Wanted) -> None:
        if found not in self._listed:
            self._listed.add(found)
            self.plan.customers.append(found)

    def _differs(self, found: Wanted) -> bool:
        on_file = self._known.customers[found.customer_id or 0]
        told = found.line
        return any(
            value is not None and value not in ("", getattr(on_file, name))
            for name, value in (
                *(("name", told.name), ("locale", told.locale)),
                *(("reference", told.reference), ("postal_code", told.postal_code)),
            )
        )

    def _address(self, found: Wanted, told: Iterable[Address]) -> None:
        have = self._known.addresses.get(found.customer_id or 0, set())
        found.new_addresses += [one for one in told if one not in have and one not in found.new_addresses]

    def _consent(self, line: CustomerLine) -> None:
        """As the file says, where it says so, and once. A standing refusal is its owner's to lift, also where it was
        said in the other app of the same number (decision 8)."""
        for channel, agreed in line.consents.items():
            act = ConsentAct.GRANTED if agreed else ConsentAct.REVOKED
            for address in line.addresses:
                said = self._known.consents.get(address)
                news = address not in self._known.refused and said not in (act, ConsentAct.REVOKED)
                if address[0] is channel and news and self.plan.consents.get(address) is not ConsentAct.REVOKED:
                    self.plan.consents[address] = act
