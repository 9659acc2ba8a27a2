"""What a file would change, without changing it: each line against what is on file now. Reads only one merchant's."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

import sqlalchemy as sa

from bot.exchange import shapes, typed
from bot.exchange.reading import Table
from bot.exchange.shapes import Kind, Shape
from bot.exchange.typed import BadCell, CustomerLine, InvoiceLine, Usual
from models.consent import Consent, ConsentAct, OptOut
from models.context import Context
from models.customer import Channel, ContactPoint, Customer
from models.invoice import Invoice, InvoiceStatus
from models.merchant import Merchant, Mode
from payments import drafting

Address = tuple[Channel, str]
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
class Known:
    """The merchant's file before the import, by what lines name."""

    by_reference: dict[str, int] = field(default_factory=dict)
    by_address: dict[Address, set[int]] = field(default_factory=lambda: defaultdict(set))
    by_name: dict[str, set[int]] = field(default_factory=lambda: defaultdict(set))
    addresses: dict[int, set[Address]] = field(default_factory=lambda: defaultdict(set))
    customers: dict[int, Customer] = field(default_factory=dict)
    invoices: dict[str, Invoice] = field(default_factory=dict)
    refused: set[Address] = field(default_factory=set)
    consents: dict[Address, ConsentAct] = field(default_factory=dict)


@dataclass(slots=True, eq=False)
class Wanted:
    """A customer as the file wants them: on file (`customer_id`), or new."""

    line: CustomerLine
    customer_id: int | None
    new_addresses: list[Address] = field(default_factory=list)


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
    planner = _Planner(Plan(parsed.shape, parsed.count, troubles=list(parsed.troubles)), known(ctx, merchant.id, mode))
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


def known(ctx: Context, merchant_id: int, mode: Mode) -> Known:
    found = Known()
    mine = (Customer.merchant_id == merchant_id) & (Customer.mode == mode)
    for customer in ctx.session.scalars(sa.select(Customer).where(mine)):
        found.customers[customer.id] = customer
        found.by_name[customer.name.casefold()].add(customer.id)
        if customer.reference is not None:
            found.by_reference[customer.reference] = customer.id
    points = sa.select(ContactPoint.customer_id, ContactPoint.channel, ContactPoint.address)
    theirs = (ContactPoint.merchant_id == merchant_id) & (ContactPoint.mode == mode)
    for customer_id, channel, address in ctx.session.execute(points.where(theirs)):
        found.by_address[channel, address].add(customer_id)
        found.addresses[customer_id].add((channel, address))
    ours = (Invoice.merchant_id == merchant_id) & (Invoice.mode == mode)
    found.invoices = {invoice.number: invoice for invoice in ctx.session.scalars(sa.select(Invoice).where(ours))}
    refused = sa.select(OptOut.channel, OptOut.address).where(OptOut.merchant_id == merchant_id)
    found.refused = {(channel, address) for channel, address in ctx.session.execute(refused)}
    acts = sa.select(Consent.channel, Consent.address, Consent.act).where(Consent.merchant_id == merchant_id)
    for channel, address, act in ctx.session.execute(acts.order_by(Consent.id)):
        found.consents[channel, address] = act
    return found


class _Planner:
    """Goes line by line, and remembers what earlier lines of the same file want."""

    def __init__(self, planned: Plan, on_file: Known) -> None:
        self.plan, self._known = planned, on_file
        self._by_key: dict[object, Wanted] = {}
        self._numbers: set[str] = set()
        self._listed: set[Wanted] = set()

    def customer(self, line: CustomerLine) -> Wanted:
        if not line.name and line.reference is None:
            raise BadCell("name", "missing")
        found = self._wanted(line)
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
        found = self._wanted(line)
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

    def _wanted(self, line: CustomerLine) -> Wanted:
        """The same one for every line of the file that means the same customer."""
        on_file = self._find(line)
        keys = self._keys(line, on_file)
        found = next((self._by_key[key] for key in keys if key in self._by_key), None)
        found = found or Wanted(line, on_file)
        for key in keys:
            self._by_key.setdefault(key, found)
        return found

    def _keys(self, line: CustomerLine, on_file: int | None) -> list[object]:
        if on_file is not None:
            return [on_file]
        if line.reference is not None:
            return [("reference", line.reference)]
        return [*line.addresses] or [("name", line.name.casefold())]

    def _find(self, line: CustomerLine) -> int | None:
        """By the merchant's own reference, else by an address, else by the exact name."""
        if line.reference is not None and (found := self._known.by_reference.get(line.reference)):
            return found
        for candidates in self._candidates(line):
            nameless = {one for one in candidates if self._may_be(one, line)}
            if len(nameless) > 1:
                raise BadCell("name", "several_customers")
            if nameless:
                return next(iter(nameless))
        return None

    def _candidates(self, line: CustomerLine) -> Iterable[set[int]]:
        for address in line.addresses:
            on_file = self._known.by_address.get(address, set())
            same_name = {one for one in on_file if self._known.customers[one].name.casefold() == line.name.casefold()}
            yield same_name or on_file
        if not line.addresses and line.name:
            yield self._known.by_name.get(line.name.casefold(), set())

    def _may_be(self, customer_id: int, line: CustomerLine) -> bool:
        """Two references are two customers, whatever they share."""
        reference = self._known.customers[customer_id].reference
        return line.reference is None or reference is None or reference == line.reference

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
        """As the file says, where it says so, and once. A standing refusal is its owner's to lift."""
        for channel, agreed in line.consents.items():
            act = ConsentAct.GRANTED if agreed else ConsentAct.REVOKED
            for address in line.addresses:
                news = address not in self._known.refused and self._known.consents.get(address) is not act
                if address[0] is channel and news and self.plan.consents.get(address) is not ConsentAct.REVOKED:
                    self.plan.consents[address] = act
