"""Whom a line of a file means: somebody on file, somebody whom an earlier line has brought, or somebody new. Two names
at one address are two people, however much they share (acceptance A13)."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field

import sqlalchemy as sa

from bot.exchange.typed import BadCell, CustomerLine
from models.consent import Consent, ConsentAct, OptOut
from models.context import Context
from models.customer import Channel, ContactPoint, Customer
from models.invoice import Invoice
from models.merchant import Mode

Address = tuple[Channel, str]


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


class Whom:
    """Goes line by line, and remembers whom earlier lines of the same file meant."""

    def __init__(self, on_file: Known, lines: Iterable[CustomerLine]) -> None:
        self._known = on_file
        self._by_key: dict[object, Wanted] = {}
        self._named = {one for line in lines for address in line.addresses for one in self._same_name(line, address)}
        """Those of whom a line of the file says their very name: no other line renames them."""

    def wanted(self, line: CustomerLine) -> Wanted:
        """The same one for every line of the file that means the same customer. Raises BadCell."""
        on_file = self._find(line)
        if on_file is not None and self._is_another(line, self._by_key.get(on_file)):
            on_file = None
        keys = self._keys(line, on_file)
        found = next((self._by_key[key] for key in keys if key in self._by_key), None)
        found = found or Wanted(line, on_file)
        for key in (*keys, *line.addresses):
            self._by_key.setdefault(key, found)
        return found

    def _is_another(self, line: CustomerLine, earlier: Wanted | None) -> bool:
        """Than the one whom an earlier line has taken for the same customer on file."""
        if earlier is None or (line.reference is not None and line.reference == earlier.line.reference):
            return False
        told = line.name.casefold()
        return bool(told) and told != earlier.line.name.casefold()

    def _keys(self, line: CustomerLine, on_file: int | None) -> list[object]:
        if on_file is not None:
            return [on_file]
        if line.reference is not None:
            return [("reference", line.reference)]
        name = line.name.casefold()
        return [(address, name) if name else address for address in line.addresses] or [("name", name)]

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
            yield self._same_name(line, address) or (on_file - self._named if line.name else on_file)
        if not line.addresses and line.name:
            yield self._known.by_name.get(line.name.casefold(), set())

    def _same_name(self, line: CustomerLine, address: Address) -> set[int]:
        on_file = self._known.by_address.get(address, set())
        return {one for one in on_file if self._known.customers[one].name.casefold() == line.name.casefold()}

    def _may_be(self, customer_id: int, line: CustomerLine) -> bool:
        """Two references are two customers, whatever they share."""
        reference = self._known.customers[customer_id].reference
        return line.reference is None or reference is None or reference == line.reference
