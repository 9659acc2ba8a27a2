"""Mail that nobody would write, by every way in: read or refused, never an error of another kind. `make fuzz` makes
100,000 of them and prints the slowest and the memory; no test fails by the clock."""

import random  # noqa: TID251 - repeatable by its seed
import resource
import time
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.channels import mime, quoting_score
from bot.channels.email_in import inbound_email
from models.errors import MalformedWebhook, UnverifiedWebhook
from models.ports import WebhookRequest
from tests.support.inbound_mail import NOW, WAYS, Mail, Way, is_storable, mailgun_signed, multipart, sendgrid_signed

pytestmark = pytest.mark.fuzz

PARTS = 10
MAILS_PER_EXAMPLE = 2
MAILBOX = WAYS[-1].mailbox
CORPUS = list(quoting_score.cases(Path(__file__).parents[1] / "corpus" / "replies"))
PIECES = b"""Content-Type: multipart/mixed; boundary="X"

--X
Content-Type: text/plain; charset=iso-2022-jp

hi
--X
Content-Type: text/html
Content-Transfer-Encoding: base64

PHA+aGk8L3A+
--X--
"""
BOUNCE = b"""Content-Type: multipart/report; report-type=delivery-status; boundary="X"

--X
Content-Type: message/delivery-status

Reporting-MTA: dns; x

Final-Recipient: rfc822; a@b.example
Action: failed
Status: 5.1.1
--X--
"""
SEEDS = [
    *(
        Mail(text="" if " html" in case.name else case.mail, html=case.mail if " html" in case.name else "").raw()
        for case in CORPUS
    ),
    multipart([("a", "b"), ("c", "d")]),
    PIECES,
    BOUNCE,
]
TOKENS = [
    *(
        b"\r\n",
        b"\n\n",
        b"\x00",
        b"\xff",
        b"--X\r\n",
        b"--X--",
        b"boundary=",
        b'"',
        b"<",
        b">",
        b"(",
        b"=?utf-8?q?a?= ",
    ),
    *(b"=?utf-8?b?=?=", b"From: ", b"Content-Type: multipart/mixed; boundary=X\r\n", b"charset=utf-7", b"charset=zlib"),
    *(
        b"Content-Transfer-Encoding: base64\r\n",
        b"<!--",
        b"<blockquote>",
        b"&#99999999;",
        b"-- Reply above this line --",
    ),
    *(
        b"\xed\xa0\x80",
        b"\xe2\x80\xae",
        b"On 1 Jan 2026 at 1:00 <a@b.example> wrote:\n",
        b"message/rfc822",
        b"@",
        b": ",
        b";",
    ),
]


def replacement(chance: random.Random, piece: bytes) -> bytes:
    token = chance.choice(TOKENS)
    repeated = (token * chance.choice((2, 30, 700)), piece * chance.choice((2, 8)))
    return chance.choice((b"", bytes([chance.randrange(256)]), token, bytes(reversed(piece)), *repeated))


def mutated(chance: random.Random) -> bytes:
    mail = bytearray(chance.choice(SEEDS))
    for _ in range(chance.randint(1, 12)):
        at = chance.randrange(len(mail) + 1)
        end = min(len(mail), at + chance.choice((1, 4, 40, 400)))
        mail[at:end] = replacement(chance, bytes(mail[at:end]))
    return bytes(mail)


@dataclass
class Figures:
    mails: int = 0
    unreadable: int = 0
    slowest_s: float = 0.0

    def take(self, raw: bytes) -> None:
        began = time.process_time()
        try:
            letter = mime.read_mail(raw)  # not letter_of: what it would survive must not happen at all
        except mime.Unreadable:
            letter = None
        email = inbound_email(letter, raw, MAILBOX, is_authenticated=True)
        self.slowest_s = max(self.slowest_s, time.process_time() - began)
        self.mails, self.unreadable = self.mails + 1, self.unreadable + email.is_unreadable
        assert is_storable(email)
        assert not (email.is_authenticated and email.from_address is None)

    def __str__(self) -> str:
        memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        return f"{self.mails} mails, {self.unreadable} unreadable, slowest {self.slowest_s:.3f} s, {memory:.0f} MB"


@pytest.mark.parametrize("part", range(PARTS))
def test_it_reads_any_mail_at_all(part: int) -> None:
    figures = Figures()

    @given(st.integers(0, 2**32))
    def each(seed: int) -> None:
        chance = random.Random(seed * PARTS + part)
        for _ in range(MAILS_PER_EXAMPLE):
            figures.take(mutated(chance))

    each()
    print(f"inbound email: {figures}")


@given(st.binary(max_size=2_000))
def test_it_reads_any_bytes(raw: bytes) -> None:
    Figures().take(raw)


def outcome(way: Way, request: WebhookRequest) -> str:
    try:
        email = way.vendor.verify_and_parse(request, way.mailbox, NOW)
    except (UnverifiedWebhook, MalformedWebhook):
        return "refused"
    return "read" if is_storable(email) else "not storable"


def changed(way: Way, at: int, put: bytes, skip: int) -> WebhookRequest:
    request = way.bring(Mail())
    return replace(request, body=request.body[:at] + put + request.body[at + skip :])


@given(st.sampled_from(WAYS), st.integers(0, 2_000), st.binary(max_size=20))
def test_it_reads_or_refuses_any_change_on_the_way(way: Way, at: int, put: bytes) -> None:
    assert outcome(way, changed(way, at, put, len(put))) in ("read", "refused")


@given(st.binary(max_size=20).filter(bool), st.integers(0, 1_500))
def test_it_refuses_every_change_to_a_signed_body(put: bytes, at: int) -> None:
    assert outcome(WAYS[0], changed(WAYS[0], at, put, 0)) == "refused"


NAMES = ["headers", "from", "to", "subject", "text", "html", "charsets", "envelope", "dkim", "SPF", "email"]
MAILGUN_NAMES = ["message-headers", "From", "recipient", "sender", "body-plain", "body-html", "body-mime", "Subject"]
values = st.one_of(
    st.text(st.characters(codec="utf-8"), max_size=200), st.sampled_from(["{}", "[]", "[[]]", "null", '{"to": 1}', "@"])
)


@given(st.lists(st.tuples(st.sampled_from(NAMES), values), max_size=12))
def test_it_reads_or_refuses_any_signed_form_of_sendgrid(fields: list[tuple[str, str]]) -> None:
    assert outcome(WAYS[0], sendgrid_signed(fields)) in ("read", "refused")


@given(st.lists(st.tuples(st.sampled_from(MAILGUN_NAMES), values), max_size=12))
def test_it_reads_or_refuses_any_signed_form_of_mailgun(fields: list[tuple[str, str]]) -> None:
    assert outcome(WAYS[2], mailgun_signed(fields)) in ("read", "refused")
