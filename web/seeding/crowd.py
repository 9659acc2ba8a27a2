"""Everybody and everything beyond the cast, made up from a seed: as many merchants, customers and invoices as wanted.
The same seed and day give the same crowd. Knows no table."""

import random  # noqa: TID251 - repeatable is the point
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

import phonenumbers

from web.seeding.cast import SHOPS, CustomerCard, Kind, MerchantCard, PaperCard, Shop

HISTORY_DAYS = 180
TERMS_DAYS = (14, 30, 30, 45)
SPANISH_SHARE = 0.3
INVOICES_PER_CUSTOMER = 15


def _words(text: str) -> list[str]:
    return text.split()


_FIRST = _words(
    "Ada Ben Cleo Dov Elsa Finn Gwen Hana Ivo Jana Kofi Lena Milo Nina Otto Pia Quin Ruth Sami Tess Uma Vera"
)
_LAST = _words("Abbot Birch Cole Drake Ellis Frost Grove Hale Irwin Joss Keller Lowe Marsh Nash Orton Pike Rowe Stone")
_FIRST_ES = _words(
    "Alba Bruno Carmen Diego Elena Fermín Gloria Iñaki Julia Luis Marta Nuria Pablo Raquel Sergio Teresa"
)
_LAST_ES = _words(
    "Arias Bravo Cano Durán Esteban Ferrer Gil Herrero Iglesias Luna Montes Navarro Ortiz Peña Ramos Soler"
)
_PLACES = _words("Alder Bramble Cedar Dune Elm Fern Gable Heron Indigo Juniper Kite Linden Maple North Ochre Pebble")
_TRADES = _words("Supply Print Garden Glass Paper Timber Linen Dairy Ceramics Tools Lighting Laundry")
_COLOURS = ("#1f5aa8", "#6a3fa0", "#0b6e69", "#8a4a00", "#2d6a2f", "#a3341f")

_OVERDUE = {Kind.PAID: 74, Kind.OPEN: 10, Kind.PART_PAID: 5, Kind.VOID: 4, Kind.UNCOLLECTIBLE: 7}
_NOT_YET_DUE = {Kind.OPEN: 62, Kind.PAID: 24, Kind.PART_PAID: 5, Kind.VOID: 4, Kind.DRAFT: 5}
"""What becomes of an invoice, in percent, by whether its day has come. Bank payments under way or returned are only the
cast's: the sandbox bank would have to know each of them."""
_SETTLED = frozenset({Kind.PAID, Kind.VOID})


@dataclass(frozen=True, slots=True)
class Size:
    """How much to make. The cast and its papers are always there; `customers` None: one for every 15 invoices."""

    invoices: int = 300
    customers: int | None = None
    merchants: int = len(SHOPS)
    seed: int = 1

    @property
    def people(self) -> int:
        return self.customers or max(sum(len(shop.customers) for shop in SHOPS), self.invoices // INVOICES_PER_CUSTOMER)


def shops(size: Size) -> list[Shop]:
    """The cast's two and as many more as wanted, with all their customers, and the cast's papers."""
    found = [*SHOPS, *(_shop(n) for n in range(size.merchants - len(SHOPS)))]
    extra = _shares(size.people - sum(len(shop.customers) for shop in found), len(found))
    numbers = iter(range(sum(extra)))
    return [
        Shop(
            shop.merchant, [*shop.customers, *(_customer(size.seed, next(numbers)) for _ in range(count))], shop.papers
        )
        for shop, count in zip(found, extra, strict=True)
    ]


def papers(size: Size, position: int, shop: Shop) -> Iterator[PaperCard]:
    """The invoices of the shop at this position, the oldest first; its hand-written ones are among the count."""
    count = _shares(size.invoices, max(size.merchants, len(SHOPS)))[position] - len(shop.papers)
    dice = random.Random(f"papers {size.seed} {position}")  # noqa: S311
    for n in range(max(count, 0)):
        yield _paper(dice, shop, HISTORY_DAYS - HISTORY_DAYS * n // count)


def _shares(total: int, parts: int) -> list[int]:
    share, rest = divmod(max(total, 0), parts)
    return [share + (n < rest) for n in range(parts)]


def _paper(dice: random.Random, shop: Shop, days_ago: int) -> PaperCard:
    due_in = dice.choice(TERMS_DAYS) - days_ago
    outcomes = _OVERDUE if due_in < 0 else _NOT_YET_DUE
    kind = dice.choices(list(outcomes), list(outcomes.values()))[0]
    goods = dice.choice(shop.merchant.goods)
    return PaperCard(
        customer=_customer_for(dice, shop.customers, kind),
        kind=kind,
        minor=round(dice.lognormvariate(9.8, 0.9)) + 500,  # median 185, now and then thousands
        due_in_days=due_in,
        description=f"{goods}, {dice.randint(2, 60)}",
        issued_days_ago=days_ago,
    )


def _customer_for(dice: random.Random, customers: Sequence[CustomerCard], kind: Kind) -> int:
    """Anybody; but the first customer owes exactly what the cast says, and some owe nothing."""
    while True:
        position = dice.randrange(len(customers))
        if kind in _SETTLED or (position > 0 and customers[position].owes) or len(customers) == 1:
            return position


def _customer(seed: int, n: int) -> CustomerCard:
    dice = random.Random(f"customer {seed} {n}")  # noqa: S311
    spanish = dice.random() < SPANISH_SHARE
    first = dice.choice(_FIRST_ES if spanish else _FIRST)
    last = dice.choice(_LAST_ES if spanish else _LAST)
    mailbox = f"accounts{n}@{dice.choice(_PLACES).lower()}-{dice.choice(_TRADES).lower()}.example"
    phones = (phone(2 * n), phone(2 * n + 1)) if dice.random() < 0.1 else (phone(2 * n),)
    return CustomerCard(f"{first} {last}", (mailbox,), phones, "es" if spanish else "en")


def _shop(n: int) -> Shop:
    """Like the cast's: the first customer speaks English, shares nothing and owes three invoices."""
    first = CustomerCard(f"{_FIRST[n % len(_FIRST)]} First", (f"first{n}@crowd.example",), (phone(-2 - 2 * n),))
    owed = [PaperCard(0, Kind.OPEN, 12000 + 350 * days, days, "Monthly delivery") for days in (-6, 2, 15)]
    return Shop(_merchant(n), (first,), owed)


def _merchant(n: int) -> MerchantCard:
    name = f"{_PLACES[n % len(_PLACES)]} {_TRADES[n // len(_PLACES) % len(_TRADES)]}" + (f" {n}" if n >= 192 else "")
    zones = ("America/New_York", "America/Chicago", "America/Denver", "America/Los_Angeles")
    return MerchantCard(
        slug=name.lower().replace(" ", "-"),
        name=name,
        legal_name=f"{name} Inc.",
        number=phone(-1 - 2 * n),
        phone=phone(-1 - 2 * n),
        address=f"{n + 1} Mill Road, Springfield",
        hours="Mon-Fri 9-5",
        country="US",
        timezone=zones[n % len(zones)],
        currency="USD",
        colour=_COLOURS[n % len(_COLOURS)],
        first_number=1001,
        goods=("Monthly delivery", "Repair", "Consulting hours", "Spare parts"),
    )


def phone(n: int) -> str:
    """The n-th number kept for fiction, over every area code; negative ones count from the end. Begins again after some
    thirty thousand: then phones are shared, as they may be."""
    codes = _area_codes()
    area, line = divmod(n % (len(codes) * 100), 100)
    return f"+1{codes[area]}55501{line:02d}"


@lru_cache(maxsize=1)
def _area_codes() -> list[int]:
    """Real ones, without those of the cast."""
    taken = {card.phones[0][2:5] for shop in SHOPS for card in shop.customers}
    numbers = {code: phonenumbers.parse(f"+1{code}5550100") for code in range(201, 990) if str(code) not in taken}
    return [code for code, number in numbers.items() if phonenumbers.is_valid_number(number)]
