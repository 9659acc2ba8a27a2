"""How words are weighed: learned the same way every time, written and read back without loss."""

import pytest

from bot import evidence, learning
from bot.intents import Intent
from bot.scoring import Row
from bot.understanding_grammar import read
from bot.understanding_text import clean, tokens_of

TAUGHT = [
    Row(Intent(intent), "idle", text)
    for intent, texts in {
        "dispute": ["my fence still leans", "the fence leans badly"],
        "thanks": ["splendid fellows", "you are splendid"],
    }.items()
    for text in texts
]


def test_it_learns_what_words_speak_for() -> None:
    _, weights = learning.learn(TAUGHT)

    assert weights["'fence"]["dispute"] > 0 > weights["'fence"]["thanks"]


def test_it_learns_the_same_every_time() -> None:
    assert learning.learn(TAUGHT) == learning.learn(TAUGHT)


def test_it_learns_nothing_from_an_answer_to_a_question() -> None:
    _, weights = learning.learn([*TAUGHT, *[Row(Intent.CODE, "verifying", "beep boop")] * 3])

    assert "'boop" not in weights


def test_it_overlooks_a_word_met_once() -> None:
    _, weights = learning.learn([*TAUGHT, Row(Intent.THANKS, "idle", "hooray")])

    assert "'hooray" not in weights


@pytest.mark.parametrize("text", ["pay $40 on 1042", "^ $ _ '", "quiero pagar, gracias!"])
def test_it_writes_a_table_that_reads_back(text: str) -> None:
    tokens = tokens_of(clean(text))
    weights = {clue: {"pay": 3, "unknown": -2} for clue in evidence.clues(read(tokens).symbols, tokens)}
    lines = evidence.written_lines(("pay", "unknown"), weights)

    assert evidence.parsed(lines) == (("pay", "unknown"), weights)
