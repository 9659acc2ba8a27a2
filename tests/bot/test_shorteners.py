import pytest

from bot import shorteners


@pytest.mark.parametrize(
    "words",
    [
        *(
            "bit.ly/x",
            "HTTP://WWW.BIT.LY/x",
            "x.bit.ly",
            "bit .ly/x",
            "bit. ly",
            "bit . ly",
            "bit dot ly/x",
            "bit(.)ly",
        ),
        *(
            "bit(.)ly",
            "bit [dot] ly",
            "bit punto ly",
            "tinyurl dot com",
            "bit.ly.",
            "\uff42\uff49\uff54.ly",
            "bit\u3002ly",
        ),
        *("bit\u2024ly", "b\u00adit.ly", "t.co/1", "is . gd"),
    ],
)
def test_it_knows_a_shortener_however_it_is_written(words: str) -> None:
    assert shorteners.named(f"pay at {words} now")


@pytest.mark.parametrize(
    "words",
    [
        *("rabbit.ly", "fair-bit.ly", "bit.lyon", "bit.ly.example.com", "Wait a bit. Lyon is far", "so tiny. CC us"),
        *("We can't. Co-owners can", "A. T. Co of Boston", "Alice's. ID please", "a bit ly", "it is. Good"),
    ],
)
def test_it_takes_no_sentence_for_one(words: str) -> None:
    assert shorteners.named(words) == ()
