"""What a text costs, and how it is spelled so that it costs no more."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.gsm import BASIC, EXTENSION, Encoding, Segments, segments, to_gsm

gsm_texts = st.text(st.sampled_from(BASIC + EXTENSION))


@pytest.mark.parametrize(
    ("text", "cost"),
    [
        ("", Segments(1, Encoding.GSM_7, 0)),
        ("a" * 160, Segments(1, Encoding.GSM_7, 160)),
        ("a" * 161, Segments(2, Encoding.GSM_7, 161)),
        ("a" * 306, Segments(2, Encoding.GSM_7, 306)),
        ("a" * 307, Segments(3, Encoding.GSM_7, 307)),
        ("€" * 80, Segments(1, Encoding.GSM_7, 160)),
        ("€" * 81, Segments(2, Encoding.GSM_7, 162)),
        ("a" * 152 + "€" + "a" * 152, Segments(3, Encoding.GSM_7, 306)),
        ("á" * 70, Segments(1, Encoding.UCS_2, 70)),
        ("á" * 71, Segments(2, Encoding.UCS_2, 71)),
        ("\U0001f44d" * 35, Segments(1, Encoding.UCS_2, 70)),
        ("á" * 66 + "\U0001f44d" + "á" * 66, Segments(3, Encoding.UCS_2, 134)),
    ],
)
def test_it_counts_as_carriers_do(text: str, cost: Segments) -> None:
    assert segments(text) == cost


@pytest.mark.parametrize(
    ("text", "spelled"),
    [
        ("Señor Ñuñez, ¿qué?", "Señor Ñuñez, ¿qué?"),
        ("Íñigo Pérez Álvarez", "Iñigo Pérez Alvarez"),
        ("n\u0303", "ñ"),
        ("\u201cO\u2019Brien\u201d \u2013 50\u00a0% \u2026", '"O\'Brien" - 50 % ...'),
        ("Łódź, Sœur, Þór", "Lodz, Soeur, Thor"),
        ("ok \U0001f44d\u200d", "ok "),
        ("\uff21\uff22\uff23 \u2122 \u2460", "ABC TM 1"),
    ],
)
def test_it_spells_with_what_gsm_has(text: str, spelled: str) -> None:
    assert to_gsm(text) == spelled


@given(gsm_texts)
@pytest.mark.fuzz
def test_it_leaves_gsm_alone(text: str) -> None:
    assert to_gsm(text) == text


@given(st.text())
@pytest.mark.fuzz
def test_it_always_ends_in_gsm(text: str) -> None:
    assert segments(to_gsm(text)).encoding is Encoding.GSM_7
