import pytest

from bot.channels.autoreply import automatic_reason
from bot.channels.mime_headers import headers_of

OURS = frozenset({"pay@acme.example"})


def reason(*headers: tuple[str, str], sender: str | None = "alice@example.com", kind: str = "text/plain") -> str | None:
    return automatic_reason(headers_of(headers), kind, sender, OURS)


@pytest.mark.parametrize(
    "header",
    [
        ("Auto-Submitted", "auto-replied"),
        ("Auto-Submitted", "auto-generated; type=vacation"),
        ("Auto-Submitted", ""),
        ("Auto-Submitted", "anything-else"),
        ("Return-Path", "<>"),
        ("Precedence", "bulk"),
        ("Precedence", "Junk"),
        ("Precedence", "list"),
        ("List-Id", "<news.example.com>"),
        ("List-Unsubscribe", "<mailto:x@y.example>"),
        ("List-Post", "NO"),
        ("X-Auto-Response-Suppress", "All"),
        ("X-Autoreply", "yes"),
        ("X-Autorespond", "vacation"),
        ("X-Loop", "alice@example.com"),
        ("X-Failed-Recipients", "bob@example.com"),
        ("Subject", "Automatic reply: Invoice INV-1042"),
        ("Subject", "Out of Office: back on Monday"),
        ("Subject", "Respuesta automática: Factura"),
        ("Subject", "Réponse automatique : Facture"),
        ("Subject", "=?utf-8?q?Abwesenheitsnotiz=3A?= Rechnung"),
        ("Subject", "Resposta automática: Fatura"),
        ("Subject", "Risposta automatica: Fattura"),
        ("Subject", "Automatisch antwoord: Factuur"),
        ("Subject", "Undeliverable: Invoice INV-1042"),
    ],
)
def test_it_sees_a_machine_by_its_headers(header: tuple[str, str]) -> None:
    assert reason(header) is not None


@pytest.mark.parametrize(
    "sender",
    [
        *("mailer-daemon", "postmaster", "no-reply", "noreply", "do-not-reply", "donotreply", "owner-news"),
        *("news-owner", "news-request", "bounces+123", "bounce", "noreply+tag", "auto-reply"),
    ],
)
def test_it_sees_a_machine_by_its_address(sender: str) -> None:
    assert reason(sender=f"{sender}@example.com") == "machine-sender"


def test_it_sees_a_machine_behind_an_ambiguous_from() -> None:
    assert reason(("From", "Mail Delivery System <MAILER-DAEMON@[10.0.0.1]>"), sender=None) == "machine-sender"


@pytest.mark.parametrize("sender", ["pay@acme.example", "pay+t.abc@acme.example"])
def test_it_sees_our_own_mail(sender: str) -> None:
    assert reason(sender=sender) == "own-address"


@pytest.mark.parametrize("kind", ["multipart/report", "message/delivery-status", "message/feedback-report"])
def test_it_sees_a_report(kind: str) -> None:
    assert reason(kind=kind) == "report"


@pytest.mark.parametrize(
    "headers",
    [
        (("Auto-Submitted", "no"),),
        (("Return-Path", "<alice@example.com>"),),
        (("Precedence", "first-class"),),
        (("Subject", "Re: out of office chairs"),),
        (("Subject", "Where is my receipt?"),),
        (("Importance", "high"), ("X-Mailer", "Apple Mail")),
    ],
)
def test_it_takes_a_person_for_a_person(headers: tuple[tuple[str, str], ...]) -> None:
    assert reason(*headers) is None


@pytest.mark.parametrize("sender", ["requester@example.com", "downer-bob@example.com", "replyall@example.com"])
def test_it_takes_a_name_for_a_name(sender: str) -> None:
    assert reason(sender=sender) is None
