import pytest

from web.amounts import parse


@pytest.mark.parametrize(
    ("typed", "minor"),
    [
        ("100", 10_000),
        ("$1,284.50", 128_450),
        ("1284.5", 128_450),
        (" 1 284.50 USD", 128_450),
        ("USD1284.50", 128_450),
        ("1.284,50", 128_450),
        ("1284,50", 128_450),
        ("1,284", 128_400),
        ("1,284,000.01", 128_400_001),
        ("0.01", 1),
        ("5.", 500),
        ("0", 0),
    ],
)
def test_it_reads_amounts_as_people_type_them(typed: str, minor: int) -> None:
    found = parse(typed, "USD")
    assert found is not None
    assert found.minor == minor


@pytest.mark.parametrize(
    ("typed", "currency", "minor"), [("1.500", "KWD", 1_500), ("500", "JPY", 500), ("2,310.250", "KWD", 2_310_250)]
)
def test_it_knows_how_many_decimals_a_currency_has(typed: str, currency: str, minor: int) -> None:
    found = parse(typed, currency)
    assert found is not None
    assert found.minor == minor


@pytest.mark.parametrize(
    "typed",
    [
        "",
        "ten",
        "-1",
        "+1",
        "1e3",
        "NaN",
        "Infinity",
        "1.2.3",
        "1,28,4",
        "1.005",
        "0x10",
        "1_000",
        "9" * 16,
        "\uff11\uff12",
        "1,2,3",
        "EUR 5",
        "5 5 5 x",
        ".",
    ],
)
def test_it_refuses_what_is_no_amount(typed: str) -> None:
    assert parse(typed, "USD") is None


@pytest.mark.parametrize("typed", ["0.5", "500.1"])
def test_it_refuses_parts_that_a_currency_does_not_have(typed: str) -> None:
    assert parse(typed, "JPY") is None
