"""The particulars of a text: sums, picks, invoice numbers, addresses, codes."""

from datetime import date
from decimal import Decimal

import pytest

from bot.intents import understand
from bot.slots import Slots

TODAY = date(2026, 3, 4)


def slots_of(text: str, expecting: str = "choosing") -> Slots:
    return understand(text, expecting=expecting, today=TODAY).slots


@pytest.mark.parametrize(
    ("text", "amount", "currency"),
    [
        ("pay $50", "50", "USD"),
        ("pay $1,250.50 please", "1250.50", "USD"),
        ("quiero pagar 1.250,50 €", "1250.50", "EUR"),
        ("pay 50 bucks", "50", "USD"),
        ("quiero abonar 200 pesos", "200", None),
        ("pay £20", "20", "GBP"),
        ("pay 2", None, None),
        ("$640", "640", "USD"),
        ("a hundred bucks", "100", "USD"),
        ("cien dolares", "100", "USD"),
        ("I can give you two hundred and fifty dollars", "250", "USD"),
        ("le doy mil pesos", "1000", None),
        ("pay five hundred", "500", None),
        ("pay 125.50", "125.50", None),
        ("put 60 on my bill", "60", None),
        ("can I do 75 today", "75", None),
        ("200 now and the rest friday", "200", None),
        ("pay 1042 today", "1042", None),
        ("pay 1 on the 15th", None, None),
        ("pay 1042 and 1051", None, None),
    ],
)
def test_it_reads_a_sum(text: str, amount: str | None, currency: str | None) -> None:
    slots = slots_of(text)

    assert (slots.amount, slots.currency) == (Decimal(amount) if amount else None, currency)


@pytest.mark.parametrize(
    ("text", "choices"),
    [
        ("2", (2,)),
        ("1 3", (1, 3)),
        ("1, 2 and 3", (1, 2, 3)),
        ("1-3", (1, 2, 3)),
        ("pay 1 and 3 please", (1, 3)),
        ("the first two", (1, 2)),
        ("las dos primeras", (1, 2)),
        ("the second one", (2,)),
        ("la primera y la tercera", (1, 3)),
        ("2️⃣ y 3️⃣", (2, 3)),
        ("#2", (2,)),
        ("one", (1,)),
    ],
)
def test_it_reads_picks(text: str, choices: tuple[int, ...]) -> None:
    assert slots_of(text).choices == choices


@pytest.mark.parametrize(
    ("text", "amount", "number"),
    [
        ("pay 200 on 1042", "200", "1042"),
        ("200 a la 1042", "200", "1042"),
        ("$50 toward invoice 12", "50", "12"),
        ("one hundred dollars on INV-1042", "100", "INV-1042"),
        ("quiero abonar 50 a la factura 1042", "50", "1042"),
    ],
)
def test_it_tells_a_sum_from_the_invoice_it_is_for(text: str, amount: str, number: str) -> None:
    slots = slots_of(text, "idle")

    assert (slots.amount, slots.invoice_numbers) == (Decimal(amount), (number,))


@pytest.mark.parametrize(
    "text", ["half of 1042", "pay half now", "la mitad de la 1042", "can I make a partial payment"]
)
def test_it_reads_a_wish_to_pay_a_part(text: str) -> None:
    assert slots_of(text, "idle").part


@pytest.mark.parametrize("text", ["both", "pay both", "las dos", "ambas por favor", "the two of them"])
def test_it_reads_both_as_two_and_never_as_all(text: str) -> None:
    slots = slots_of(text)

    assert (slots.both, slots.everything, slots.choices) == (True, False, ())


@pytest.mark.parametrize("text", ["ALL", "pay everything", "quiero pagar todo", "todas por favor"])
def test_it_reads_everything(text: str) -> None:
    assert slots_of(text).everything


@pytest.mark.parametrize("text", ["pay all but 2", "everything except the last", "todas menos la 1"])
def test_it_leaves_exceptions_to_be_asked_about(text: str) -> None:
    slots = slots_of(text)

    assert (slots.everything, slots.choices) == (False, ())


@pytest.mark.parametrize("text", ["pay the oldest", "la mas antigua", "the oldest one please"])
def test_it_reads_the_oldest(text: str) -> None:
    assert slots_of(text).oldest


@pytest.mark.parametrize(
    ("text", "numbers"),
    [
        ("pay inv-1042", ("INV-1042",)),
        ("pay 1042 and 1043", ("1042", "1043")),
        ("#1042", ("1042",)),
        ("invoice 12 please", ("12",)),
        ("la factura 1042", ("1042",)),
        ("2", ()),
    ],
)
def test_it_reads_invoice_numbers(text: str, numbers: tuple[str, ...]) -> None:
    assert slots_of(text, "idle").invoice_numbers == numbers


@pytest.mark.parametrize(
    ("text", "email"),
    [
        ("alice@example.com", "alice@example.com"),
        ("My email is Alice.Smith+bills@Example.CO.UK.", "alice.smith+bills@example.co.uk"),
        ("alice at example dot com", "alice@example.com"),
        ("rosa at delgadocafe dot example", "rosa@delgadocafe.example"),
        ("rosa arroba cafe punto ar", "rosa@cafe.ar"),
        ("alice arroba example punto com", "alice@example.com"),
        ("alice (at) example (dot) com", "alice@example.com"),
        ("alice@example,com", "alice@example.com"),
        ("alice @ example .com", "alice@example.com"),
        ("alice at gmail.com", "alice@gmail.com"),
        ("it was bob@example.com but now alice@example.com", "alice@example.com"),
        ("alice@example", None),
        ("meet me at example.com", None),
        ("look at this", None),
    ],
)
def test_it_reads_an_address(text: str, email: str | None) -> None:
    assert slots_of(text, "asking_email").email == email


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("417202", "417202"),
        ("4172 0244", "41720244"),
        ("it says 417-202", "417202"),
        ("four one seven two zero two", "417202"),
        ("41720", "41720"),
        ("what do I owe on 1042", None),
        ("call 305-555-0100", None),
        ("I paid $417202", None),
    ],
)
def test_it_reads_a_code_only_while_verifying(text: str, code: str | None) -> None:
    assert (slots_of(text, "verifying").code, slots_of(text, "idle").code) == (code, None)


def test_it_gives_a_code_no_second_meaning() -> None:
    assert slots_of("417202", "verifying") == Slots(code="417202")


@pytest.mark.parametrize(
    ("typed", "address"),
    [
        ("a l i c e @gmail.com", "alice@gmail.com"),
        ("alice underscore smith at gmail dot com", "alice_smith@gmail.com"),
        ("alice@gmail.con", "alice@gmail.com"),
        ("alice@gmial.com.", "alice@gmail.com"),
        ("alice@example.con", "alice@example.con"),
    ],
)
def test_it_puts_slips_in_addresses_right(typed: str, address: str) -> None:
    assert slots_of(typed, "asking_email").email == address


def test_it_reads_a_letter_o_in_a_code_as_nought() -> None:
    assert slots_of("4172O2", "verifying").code == "417202"
