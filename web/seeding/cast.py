"""The people and papers that every seeded database begins with, written by hand: two merchants, twenty customers, one
invoice in each state. Invented names, numbers from the range kept for fiction (555-01xx), addresses under .example."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum


class Kind(StrEnum):
    """What has become of an invoice."""

    DRAFT = "draft"
    OPEN = "open"
    PART_PAID = "part_paid"
    PAID = "paid"
    VOID = "void"
    UNCOLLECTIBLE = "uncollectible"
    PROCESSING = "processing"
    """A bank payment for it is under way."""
    RETURNED = "returned"
    """Paid from a bank account, and the money came back."""


@dataclass(frozen=True, slots=True)
class MerchantCard:
    slug: str
    name: str
    legal_name: str
    number: str
    phone: str
    address: str
    hours: str
    country: str
    timezone: str
    currency: str
    colour: str
    first_number: int
    goods: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class CustomerCard:
    """`owes` False: everything is paid."""

    name: str
    emails: tuple[str, ...]
    phones: tuple[str, ...]
    locale: str = "en"
    owes: bool = True


@dataclass(frozen=True, slots=True)
class PaperCard:
    """One invoice. `customer` counts within the merchant; days are from today, negative in the past; `number` None: the
    next free one; `currency` None: the merchant's own."""

    customer: int
    kind: Kind
    minor: int
    due_in_days: int
    description: str
    issued_days_ago: int = 23
    number: int | None = None
    currency: str | None = None


@dataclass(frozen=True, slots=True)
class Shop:
    merchant: MerchantCard
    customers: Sequence[CustomerCard]
    papers: Sequence[PaperCard] = ()


_HARBOR_FINCH = MerchantCard(
    slug="harbor-finch",
    name="Harbor & Finch",
    legal_name="Harbor & Finch Roasters LLC",
    number="+12065550142",
    phone="+12065550100",
    address="18 Dock Street, Seattle, WA 98101",
    hours="Mon-Fri 9-5",
    country="US",
    timezone="America/Los_Angeles",
    currency="USD",
    colour="#0b6e69",
    first_number=1001,
    goods=("Espresso beans", "House blend", "Decaf beans", "Cold brew kegs", "Grinder service", "Paper filters"),
)
_MARISOL = MerchantCard(
    slug="marisol-bakehouse",
    name="Marisol Bakehouse",
    legal_name="Marisol Bakehouse S.L.",
    number="+16465550177",
    phone="+16465550100",
    address="Calle del Olivo 7, 28012 Madrid",
    hours="Mon-Sat 7-15",
    country="ES",
    timezone="Europe/Madrid",
    currency="EUR",
    colour="#a3341f",
    first_number=2001,
    goods=("Sourdough loaves", "Rye bread", "Croissants", "Almond tarts", "Catering trays", "Flour, stone milled"),
)

HARBOR_FINCH = Shop(
    _HARBOR_FINCH,
    customers=(
        CustomerCard("Rosa Delgado", ("rosa@delgadocafe.example", "accounts@delgadocafe.example"), ("+12065550111",)),
        CustomerCard("Theo Park", ("theo@parkandsons.example",), ("+12065550112", "+14255550112")),
        CustomerCard("Lucía Fuentes", ("lucia@mercadofuentes.example",), ("+12065550113",), "es"),
        # One phone, two customers: they run a guest house each.
        CustomerCard("Nora Quill", ("nora@quillhouse.example",), ("+13605550114",)),
        CustomerCard("Amos Quill", ("amos@harborinn.example",), ("+13605550114",)),
        # One mailbox, two customers.
        CustomerCard("Raman Tea House", ("priya@raman.example",), ("+15035550115",)),
        CustomerCard("Raman Spice Market", ("priya@raman.example",), ("+15035550116",)),
        CustomerCard("Hugo Salas", ("hugo@salasydiaz.example", "cuentas@salasydiaz.example"), ("+12535550117",), "es"),
        CustomerCard("Dana Whitlock", ("dana@whitlock.example",), ("+12065550118",), owes=False),
        CustomerCard("Owen Brandt", ("owen@brandtbooks.example",), ("+14255550119",)),
        CustomerCard("Mei Tanaka", ("mei@tanakadesign.example",), ("+12065550120",)),
        CustomerCard("Kestrel Imports", ("accounts@kestrel.example",), ("+15035550121", "+15035550122")),
    ),
    papers=(
        PaperCard(0, Kind.OPEN, 128450, -7, "Espresso beans, 60 kg", 37, number=1042),
        PaperCard(0, Kind.OPEN, 64000, 1, "House blend, 32 kg", 29, number=1051),
        PaperCard(0, Kind.OPEN, 38550, 12, "Cold brew kegs, 3", 18, number=1060),
        PaperCard(0, Kind.PAID, 21900, -40, "Paper filters, 20 boxes", 70),
        PaperCard(1, Kind.PART_PAID, 90000, -12, "Grinder service, yearly", 42),
        PaperCard(2, Kind.OPEN, 45775, 0, "House blend, 22 kg", 30),
        PaperCard(3, Kind.VOID, 15000, -20, "Decaf beans, sent twice", 50),
        PaperCard(4, Kind.OPEN, 27520, 4, "Decaf beans, 12 kg", 10),
        PaperCard(7, Kind.DRAFT, 33310, 30, "House blend, 16 kg", 0),
        PaperCard(9, Kind.PROCESSING, 52400, 3, "Espresso beans, 24 kg", 27),
        PaperCard(10, Kind.RETURNED, 31880, -2, "House blend, 15 kg", 31),
        PaperCard(10, Kind.UNCOLLECTIBLE, 8640, -95, "Paper filters, 8 boxes", 125),
        PaperCard(11, Kind.OPEN, 74900, 9, "Espresso beans, 35 kg", 21),
        PaperCard(11, Kind.OPEN, 118000, 9, "Green coffee, Trieste warehouse", 21, currency="EUR"),
    ),
)
MARISOL = Shop(
    _MARISOL,
    customers=(
        CustomerCard("Clara Whitcombe", ("clara@whitcombetea.example", "ap@whitcombetea.example"), ("+16465550123",)),
        CustomerCard("Iker Sanz", ("iker@hotelsanz.example",), ("+16465550124",), "es"),
        CustomerCard("Beatriz Lomas", ("bea@lomascatering.example",), ("+16465550125", "+12125550125"), "es"),
        CustomerCard("Café Aurora", ("pagos@cafeaurora.example",), ("+12125550126",), "es"),
        CustomerCard("James Alder", ("james@alderevents.example",), ("+19175550127",)),
        CustomerCard("Inés Alder", ("ines@alderevents.example",), ("+19175550127",), "es"),
        CustomerCard("Tomás Vidal", ("tomas@vidalvinos.example",), ("+16465550128",), "es"),
        # The same person, phone and mailbox as at the other merchant: two accounts that must never meet.
        CustomerCard("Theo Park", ("theo@parkandsons.example",), ("+12065550112",)),
    ),
    papers=(
        PaperCard(0, Kind.OPEN, 41200, -3, "Catering trays, 8", 33, number=2018),
        PaperCard(0, Kind.OPEN, 9650, 0, "Croissants, 90", 14, number=2023),
        PaperCard(0, Kind.OPEN, 23075, 9, "Sourdough loaves, 65", 5, number=2031),
        PaperCard(0, Kind.OPEN, 5820, 20, "Almond tarts, 12", 1, number=2034),
        PaperCard(0, Kind.PAID, 18000, -33, "Catering trays, 4", 63),
        PaperCard(1, Kind.OPEN, 36290, -15, "Rye bread, 110", 45),
        PaperCard(2, Kind.PART_PAID, 62000, -5, "Catering trays, 12", 35),
        PaperCard(3, Kind.DRAFT, 14400, 30, "Almond tarts, 30", 0),
        PaperCard(5, Kind.OPEN, 12750, 6, "Croissants, 120", 9),
        PaperCard(6, Kind.VOID, 7700, -8, "Rye bread, cancelled", 38),
        PaperCard(7, Kind.OPEN, 20450, 11, "Flour, stone milled, 50 kg", 4),
    ),
)
SHOPS = (HARBOR_FINCH, MARISOL)
