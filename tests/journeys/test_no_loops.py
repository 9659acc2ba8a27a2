"""Programs that answer our answers: each exchange ends, most before it begins, and none changes anything."""

import pytest
import sqlalchemy as sa

from models.case import Case
from models.consent import OptOut
from tests.support.inbox import Inbox
from tests.support.world import ALICE_EMAIL, World

MARKED = {
    "an absence note": {"Auto-Submitted": "auto-replied", "Subject": "Out of office: Invoice INV-1042"},
    "a help desk": {"Auto-Submitted": "auto-generated"},
    "exchange": {"X-Auto-Response-Suppress": "DR, OOF, AutoReply"},
    "a mailing list": {"List-Id": "<billing.example.com>"},
    "a bulk mailer": {"Precedence": "bulk"},
    "a null return path": {"Return-Path": "<>"},
    "a newsletter": {"List-Unsubscribe": "<https://news.example/u>"},
    "a loop marked": {"X-Loop": "alice@example.com"},
    "a subject": {"Subject": "Respuesta automática: Factura INV-1042"},
}
UNMARKED = (
    "I am out of the office until Monday, June 29 with limited access to email. For urgent matters call 555-0100.",
    "Thank you for your email. We have received your message and will get back to you within 24 hours.",
    "Your request (#48213) has been received and is being reviewed by our support staff.",
    "This mailbox is not monitored. Please do not reply to this email.",
    "Thanks for contacting Example Corp! Your message is important to us.",
    "Estoy de vacaciones hasta el lunes. Para asuntos urgentes escriba a pagos@example.com",
    "Gracias por su mensaje. Hemos recibido su correo y le responderemos lo antes posible.",
    "Hi, thanks for reaching out. I'm on vacation and will be back on July 3rd.",
    "I no longer work at Example Corp. Please contact bob@example.com instead.",
    "Ich bin bis zum 3. Juli im Urlaub und nicht im Büro.",
)


def changes(world: World) -> int:
    with world.runtime.read() as ctx:
        return sum(len(ctx.session.scalars(sa.select(kind)).all()) for kind in (OptOut, Case))


def ping_pong(inbox: Inbox, words: str, rounds: int = 20) -> int:
    """How many mails we sent to a program that answers each of ours with these words, a quarter of an hour later."""
    inbox.writes(words)
    for _ in range(rounds):
        if not inbox.answers():
            break
        inbox.world.advance(minutes=15)
        inbox.writes(words)
    return len(inbox.received())


@pytest.mark.parametrize("headers", MARKED.values(), ids=MARKED)
def test_it_never_answers_what_is_marked(world: World, headers: dict[str, str]) -> None:
    inbox = world.inbox(ALICE_EMAIL)
    subject = headers.get("Subject", "Re: Invoice")
    inbox.writes("what do I owe?", {k: v for k, v in headers.items() if k != "Subject"}, subject=subject)
    inbox.reads_nothing()


@pytest.mark.parametrize("words", UNMARKED)
def test_it_knows_a_program_by_its_words(world: World, words: str) -> None:
    assert ping_pong(world.inbox(ALICE_EMAIL), words) == 0
    assert changes(world) == 0


def test_it_hands_a_second_letter_that_it_cannot_read_to_a_person_and_ends_there(world: World) -> None:
    inbox = world.inbox(ALICE_EMAIL)
    assert ping_pong(inbox, "Blue ink runs quicker than the river, as my aunt used to say.") == 2
    assert [mail.subject.split(": ")[0] for mail in inbox.received()] == ["Re", "Re"]
    assert changes(world) == 1


def test_it_does_not_thank_back(world: World) -> None:
    inbox = world.inbox(ALICE_EMAIL)
    inbox.writes("Thank you!")
    inbox.reads_nothing()


def test_it_answers_who_writes_from_their_holiday(world: World) -> None:
    inbox = world.inbox(ALICE_EMAIL)
    inbox.writes("I am on vacation until Monday. I will pay on June 30.")
    inbox.reads("you will pay on Jun 30")
