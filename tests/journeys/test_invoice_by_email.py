"""An invoice goes out by email, and its reader answers it."""

import email
from decimal import Decimal
from email.message import EmailMessage
from email.policy import default

import pytest
import sqlalchemy as sa

from bot import invoicing
from models.case import Case
from models.errors import DomainError
from models.merchant import Mode
from payments import papers
from payments.papers import Item
from tests.support import records
from tests.support.world import ALICE_EMAIL, BOB_EMAIL, World

PDF = b"%PDF-1.7\n1 0 obj"


def send(world: World, number: str = "INV-1042") -> None:
    with world.runtime.write() as ctx:
        invoicing.send_invoice(ctx, records.invoice(world, number))
    world.settle_down()


def refusal(world: World, number: str) -> str:
    with pytest.raises(DomainError) as refused:
        send(world, number)
    return refused.value.code


def itemise(world: World) -> None:
    with world.runtime.write() as ctx:
        invoice = records.invoice(world, "INV-1042")
        papers.itemise(ctx, invoice, [Item("Paper cups", Decimal(10), 12_345), Item("Delivery", Decimal(1), 5_000)])
        papers.attach(ctx, invoice, "../INV 1042.pdf", PDF)


def test_it_mails_what_is_owed_and_for_what(world: World) -> None:
    itemise(world)
    send(world)
    said = ("Invoice INV-1042", "$1,284.50", "Due Jun 12, 2026", "Paper cups (10 x $123.45)")
    mail = world.inbox(ALICE_EMAIL).reads(*said)
    assert "Delivery  $50.00" in mail.text
    assert mail.subject == "Invoice INV-1042 from Acme, $1,284.50"


def test_it_goes_to_the_address_on_file_only(world: World) -> None:
    send(world)
    assert world.mails_to(BOB_EMAIL) == []


def test_it_carries_the_files_as_parts(world: World) -> None:
    itemise(world)
    send(world)
    source = world.inbox(ALICE_EMAIL).received()[-1].source
    [part] = email.message_from_string(source, _class=EmailMessage, policy=default).iter_attachments()
    assert (part.get_content_type(), part.get_filename()) == ("application/pdf", "INV 1042.pdf")
    assert part.get_content() == PDF


def test_it_can_be_ended_with_one_press(world: World) -> None:
    send(world)
    mail = world.inbox(ALICE_EMAIL).reads("Stop these emails")
    url = mail.headers["List-Unsubscribe"].strip("<>")
    assert url in mail.text
    assert mail.headers["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    world.client.post(url.removeprefix(world.runtime.site.base_url), data={"List-Unsubscribe": "One-Click"})
    assert records.has_opted_out(world, ALICE_EMAIL)


def test_it_understands_this_as_the_invoice_answered(world: World) -> None:
    send(world, "INV-1051")
    inbox = world.inbox(ALICE_EMAIL)
    sent = inbox.received()[-1]
    inbox.writes("I already paid this one", {"In-Reply-To": sent.headers["Message-ID"]})
    inbox.reads("Reminders are paused")
    with world.runtime.read() as ctx:
        assert ctx.session.scalars(sa.select(Case.invoice_id)).all() == [records.invoice(world, "INV-1051").id]


@pytest.mark.parametrize("words", ["PAY", "I want to pay this one", "quiero pagar esta factura"])
def test_it_pays_the_invoice_answered(world: World, words: str) -> None:
    send(world, "INV-1051")
    inbox = world.inbox(ALICE_EMAIL)
    inbox.writes(words, {"In-Reply-To": inbox.received()[-1].headers["Message-ID"]})
    inbox.reads("INV-1051", "$640.00", "/p/")


def test_it_takes_nobodys_word_for_an_invoice_of_somebody_else(world: World) -> None:
    send(world, "INV-2001")
    stolen = world.inbox(BOB_EMAIL).received()[-1].headers["Message-ID"]
    inbox = world.inbox(ALICE_EMAIL)
    inbox.writes("pay this", {"In-Reply-To": stolen})
    assert "INV-2001" not in inbox.reads("3 open invoices").text


def test_it_refuses_who_wants_no_emails(world: World) -> None:
    world.inbox(ALICE_EMAIL).writes("STOP")
    assert refusal(world, "INV-1042") == "opted_out"


def test_it_refuses_what_is_paid(world: World) -> None:
    records.pay(world, "INV-1042")
    assert refusal(world, "INV-1042") == "invoice_state"


def test_it_refuses_a_test_invoice(world: World) -> None:
    world.add_invoice(records.customer_in_test_mode(world, "Tess"), "T-1", 100, mode=Mode.TEST)
    assert refusal(world, "T-1") == "test_invoice"


def test_it_refuses_who_has_no_email(world: World) -> None:
    carol = world.add_customer(world.merchants["acme"], "Carol Cole", phones=["+15550100009"])
    world.add_invoice(carol, "INV-9", 100)
    assert refusal(world, "INV-9") == "no_email"
