"""Opening hours in both languages."""

import pytest

from bot.opening_hours import opening_hours


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("Mon-Fri 9-5", "lun-vie 9-5"),
        ("Monday to Friday, 9 am to 5 pm, not 12-1", "lunes a viernes, 9 am a 5 pm, no 12-1"),
        ("Tues, Thurs 10-6; Sun closed", "mar, jue 10-6; dom cerrado"),
        ("24/7", "24/7"),
        ("lunes a viernes de 9 a 17", "lunes a viernes de 9 a 17"),
    ],
)
def test_it_writes_hours_in_spanish(written: str, read: str) -> None:
    assert opening_hours(written, "es") == read


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("Lun-Vie 9-17", "Mon-Fri 9-17"),
        ("lunes a viernes de 9 a 17, sábado cerrado", "Monday to Friday from 9 to 17, Saturday closed"),
        ("Mon-Fri 9-5, a short Sat", "Mon-Fri 9-5, a short Sat"),
    ],
)
def test_it_writes_hours_in_english(written: str, read: str) -> None:
    assert opening_hours(written, "en") == read
