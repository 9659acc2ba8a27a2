"""What people type is taken for what they want: the corpus as a whole, and the cases where a mistake is dear."""

from datetime import date
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.intents import Intent, understand
from bot.scoring import Scorecard, rows_in, score
from bot.understanding_grammar import MOST_IN_A_ROW, MOST_SYMBOLS, read
from bot.understanding_text import MOST_TOKENS, clean, tokens_of

CORPUS = Path(__file__).parents[1] / "corpus" / "utterances.tsv"
HELD_OUT = CORPUS.with_name("held_out.tsv")
TODAY = date(2026, 3, 4)
STATES = ("idle", "asking_email", "verifying", "choosing", "human")
LEAST_ACCURACY = 0.90
LEAST_OPT_OUT_RECALL = 0.99


def intent_of(text: str, expecting: str = "idle") -> Intent:
    return understand(text, expecting=expecting, today=TODAY).intent


@pytest.fixture(scope="module")
def card() -> Scorecard:
    return score(rows_in(CORPUS))


@pytest.fixture(scope="module")
def held_out() -> Scorecard:
    return score(rows_in(HELD_OUT))


@pytest.mark.parametrize("intent", list(Intent))
def test_it_understands_every_intent(card: Scorecard, intent: Intent) -> None:
    assert card.accuracy_of(intent) >= LEAST_ACCURACY, card.confusions()


def test_it_understands_texts_it_never_learned_from(held_out: Scorecard) -> None:
    assert held_out.accuracy >= LEAST_ACCURACY, held_out.confusions()


def test_it_learns_from_no_text_that_is_held_out() -> None:
    learned = {(row.state, row.text.casefold()) for row in rows_in(CORPUS)}

    assert [row.text for row in rows_in(HELD_OUT) if (row.state, row.text.casefold()) in learned] == []


def test_it_never_takes_small_talk_for_a_payment_or_an_opt_out(card: Scorecard, held_out: Scorecard) -> None:
    assert [miss.row.text for miss in (*card.dangerous, *held_out.dangerous)] == []


def test_it_hears_opt_outs_in_plain_words(card: Scorecard) -> None:
    assert card.totals[Intent.STOP] >= 200
    assert card.accuracy_of(Intent.STOP) >= LEAST_OPT_OUT_RECALL


@pytest.mark.parametrize(
    "word", ["STOP", "stopall", "Unsubscribe.", " end ", "QUIT!", "cancel", "Revoke", "OPTOUT", "opt out"]
)
def test_it_obeys_the_carriers_words(word: str) -> None:
    assert intent_of(word) is Intent.STOP


@pytest.mark.parametrize(
    "word", ["ARRET", "baja", "Alto", "PARAR", "s t o p", "S.T.O.P.", "“Stop”", "\uff33\uff34\uff2f\uff30", "stoppp"]
)
def test_it_obeys_them_in_other_dress(word: str) -> None:
    assert intent_of(word) is Intent.STOP


@pytest.mark.parametrize("state", STATES)
def test_it_hears_an_opt_out_in_every_state(state: str) -> None:
    assert intent_of("please stop texting me", state) is Intent.STOP


@pytest.mark.parametrize(
    "text",
    [
        "stop by tomorrow",
        "can't stop laughing",
        "I'll stop at the bank and pay",
        "end of the month",
        "bus stop",
        "no paro de reir",
    ],
)
def test_it_is_not_silenced_by_chance(text: str) -> None:
    assert intent_of(text) is not Intent.STOP


@pytest.mark.parametrize(
    "text",
    [
        "STOP\n\nCarol",
        "stop - Carol Cruz",
        "Stop\r\nSent from my iPhone",
        "UNSUBSCRIBE\n--\n305 555 0142",
        "Baja\nCarlos",
    ],
)
def test_it_hears_a_signed_refusal(text: str) -> None:
    assert intent_of(text) is Intent.STOP


@pytest.mark.parametrize("text", ["STOP HELP", "help stop"])
def test_it_asks_where_two_commands_contradict(text: str) -> None:
    assert intent_of(text) is Intent.QUESTION_STOP


@pytest.mark.parametrize(
    "text", ["cancel invoice 12?", "stop the payment", "cancelar la factura 1042", "I want to cancel"]
)
def test_it_asks_back_where_cancel_may_mean_either(text: str) -> None:
    assert intent_of(text) is Intent.QUESTION_STOP


@pytest.mark.parametrize("word", ["yes", "YES", "si", "sure", "yep", "claro"])
@pytest.mark.parametrize("state", STATES)
def test_it_takes_a_bare_yes_for_nothing(word: str, state: str) -> None:
    assert intent_of(word, state) is Intent.UNKNOWN


@pytest.mark.parametrize(
    ("command", "intent"),
    [
        ("LIST", Intent.LIST),
        ("lista", Intent.LIST),
        ("Link", Intent.LINK),
        ("ENLACE", Intent.LINK),
        ("AGENT", Intent.HUMAN),
        ("agente", Intent.HUMAN),
        ("AGAIN", Intent.AGAIN),
        ("otra", Intent.AGAIN),
        ("MORE", Intent.MORE),
        ("más", Intent.MORE),
        ("HELP", Intent.HELP),
        ("ayuda", Intent.HELP),
        ("START", Intent.START),
        ("unstop", Intent.START),
    ],
)
@pytest.mark.parametrize("state", STATES)
def test_it_takes_commands_in_both_languages(command: str, intent: Intent, state: str) -> None:
    assert intent_of(command, state) is intent


@pytest.mark.parametrize(
    "text", ["2", "1 3", "1 and 3", "ALL", "todo", "la segunda", "the oldest", "INV-1042", "417202"]
)
@pytest.mark.parametrize("state", ["idle", "choosing"])
def test_it_takes_a_bare_pick_for_a_choice(text: str, state: str) -> None:
    assert intent_of(text, state) is Intent.CHOOSE


@pytest.mark.parametrize(
    "text",
    [
        "417202",
        "417 202",
        "417-202",
        "code is 417202",
        "mi código es 417202",
        "G-417202",
        "\uff14\uff11\uff17\uff12\uff10\uff12",
    ],
)
def test_it_takes_digits_for_the_code_while_one_is_awaited(text: str) -> None:
    heard = understand(text, expecting="verifying", today=TODAY)

    assert (heard.intent, heard.slots.code) == (Intent.CODE, "417202")


def test_it_knows_another_firms_code() -> None:
    assert intent_of("Your Netflix code is 119406, it expires in 15 minutes", "verifying") is not Intent.CODE


def test_it_takes_a_broken_address_for_an_attempt() -> None:
    heard = understand("alice@example", expecting="asking_email", today=TODAY)

    assert (heard.intent, heard.slots.email) == (Intent.EMAIL, None)


def test_it_answers_the_first_of_two_requests() -> None:
    heard = understand("how much do I owe and can I pay it friday?", expecting="idle", today=TODAY)

    assert (heard.intent, heard.also, heard.slots.date) == (Intent.LIST, Intent.PROMISE, date(2026, 3, 6))


@pytest.mark.parametrize(
    ("text", "language"), [("what do I owe", "en"), ("cuánto debo", "es"), ("2", None), ("alice@example.com", None)]
)
def test_it_tells_the_language(text: str, language: str | None) -> None:
    assert understand(text, expecting="idle", today=TODAY).language == language


@given(st.text(max_size=2_000), st.sampled_from(STATES))
def test_it_never_raises_and_never_wavers(text: str, state: str) -> None:
    assert understand(text, expecting=state, today=TODAY) == understand(text, expecting=state, today=TODAY)


@pytest.mark.parametrize("text", ["", "   ", "\x00", "\u202eSTOP", "💥" * 800, "a" * 50_000, "@" * 1_600, "1 " * 800])
def test_it_outlives_odd_bytes(text: str) -> None:
    assert intent_of(text, "asking_email") in Intent


@pytest.mark.parametrize("text", ["1" * 1_600, "not " * 400, "1," * 800, "a." * 800, "#" * 1_600, "🙏" * 800])
def test_it_reads_only_so_much_of_a_hostile_text(text: str) -> None:
    tokens = tokens_of(clean(text))

    assert len(tokens) <= MOST_TOKENS
    assert max((len(token.text) for token in tokens), default=0) <= 40
    assert len(read(tokens).symbols) <= MOST_SYMBOLS


def test_it_makes_one_of_a_word_said_over_and_over() -> None:
    assert len(read(tokens_of("not " * 400)).symbols) == MOST_IN_A_ROW
