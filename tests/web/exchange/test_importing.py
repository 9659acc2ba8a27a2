"""Files in and out: whose, what they change, that they change it once, and that nobody is opted in again by one."""

from collections.abc import Iterable

import pytest
import sqlalchemy as sa

from bot import optouts
from bot.exchange import exporting, importing, planning, reading
from bot.exchange.planning import Plan
from bot.exchange.shapes import Kind
from models.consent import Consent, ConsentAct
from models.customer import Channel, ContactPoint, Customer
from models.errors import DomainError
from models.invoice import Invoice
from models.merchant import Mode
from payments import audit
from tests.support import records
from tests.support.world import ALICE, ALICE_EMAIL, World
from web.console import search

CUSTOMERS = "customer_reference,customer_name,emails,phones,language,text_consent\n"
INVOICES = "invoice_number,customer_reference,customer_name,customer_email,amount,due_on\n"
QUICKBOOKS = """Date,Transaction type,Num,Name,Memo/Description,Due date,Amount,Open balance
06/01/2026,Invoice,1001,Alice Adams,Cups,06/30/2026,"1,234.50","1,000.00"
06/02/2026,Payment,,Alice Adams,,,-50.00,0.00
06/03/2026,Invoice,1002,Carol Clark,Lids,07/03/2026,80.00,0.00
"""
STRIPE = """id,Amount Due,Currency,Customer,Customer Email,Customer Name,Date (UTC),Due Date (UTC),Number,Status,Total
in_1,128.50,usd,cus_1,carol@example.com,Carol,2026-06-01 10:00,2026-07-01 10:00,AB-1,open,128.50
in_2,500,jpy,cus_2,dave@example.com,Dave,2026-06-01 10:00,2026-07-01 10:00,AB-2,open,500
in_3,9.00,usd,cus_1,carol@example.com,Carol,2026-06-01 10:00,2026-07-01 10:00,AB-3,paid,9.00
"""


def parsed(world: World, content: str | bytes, slug: str = "acme") -> planning.Parsed:
    with world.runtime.read() as ctx:
        usual = planning.usual(ctx, world.merchants[slug])
    return planning.parse(reading.read(content if isinstance(content, bytes) else content.encode()), usual)


def take(world: World, content: str | bytes, slug: str = "acme", mode: Mode = Mode.LIVE) -> Plan:
    lines = parsed(world, content, slug)
    with world.runtime.write() as ctx:
        return importing.run(ctx, world.merchants[slug], mode, lines)


def dry_run(world: World, content: str) -> Plan:
    with world.runtime.read() as ctx:
        return planning.plan(ctx, world.merchants["acme"], Mode.LIVE, parsed(world, content))


def export(world: World, kind: Kind, slug: str = "acme") -> str:
    return "".join(exporting.lines(world.runtime, world.merchants[slug], Mode.LIVE, kind))


def troubles(world: World, content: str) -> list[tuple[int, str, str]]:
    return [(one.line, one.column, one.code) for one in dry_run(world, content).troubles]


def count(world: World, kind: type[Customer | Invoice | ContactPoint | Consent]) -> int:
    with world.runtime.read() as ctx:
        return ctx.session.scalars(sa.select(sa.func.count()).select_from(kind)).one()


def test_it_takes_customers(world: World) -> None:
    take(world, CUSTOMERS + "C-7,Carol Clark,Carol@Example.com;c@work.example,(212) 555-0155,es,yes\n")
    carol = records.customer(world, "Carol Clark")
    assert (carol.reference, carol.locale) == ("C-7", "es")
    with world.runtime.read() as ctx:
        theirs = sa.select(ContactPoint.address).where(ContactPoint.customer_id == carol.id)
        assert set(ctx.session.scalars(theirs)) == {"carol@example.com", "c@work.example", "+12125550155"}


def test_it_lets_those_that_it_takes_and_renames_be_found_by_name(world: World) -> None:
    take(world, CUSTOMERS + "C-7,Carol Clark,carol@example.com,,,\nC-8,Dan Drew,dan@example.com,,,\n")
    take(world, CUSTOMERS + "C-7,Carol Núñez,carol@example.com,,,\n")
    acme, carol = world.merchants["acme"], records.customer(world, "Carol Núñez").id
    with world.runtime.read() as ctx:
        found = [search.customers_like(ctx, acme, text) for text in ("nune car", "clark", "drew")]
    assert found == [[carol], [], [records.customer(world, "Dan Drew").id]]


def test_it_takes_invoices_of_old_and_new_customers(world: World) -> None:
    planned = take(
        world,
        INVOICES + f"A-1,,Alice Adams,{ALICE_EMAIL},19.99,2026-07-01\nA-2,C-7,Carol,c@example.com,5,2026-07-01\n",
    )
    assert (planned.new_customers, len(planned.new_invoices)) == (1, 2)
    assert records.invoice(world, "A-1").customer_id == records.customer(world, "Alice Adams").id
    assert records.invoice(world, "A-2").balance_minor == 500
    with world.runtime.read() as ctx:
        assert audit.verify(ctx.session, world.merchants["acme"].id) == []


def test_it_changes_nothing_the_second_time(world: World) -> None:
    customers = CUSTOMERS + "C-7,Carol,c@example.com,+15550155,en,yes\n,Dave,d@example.com,,,no\n"
    invoices = INVOICES + "A-1,C-7,Carol,c@example.com,19.99,2026-07-01\n"
    take(world, customers)
    take(world, invoices)
    before = [count(world, kind) for kind in (Customer, Invoice, ContactPoint, Consent)]
    again = [take(world, customers), take(world, invoices)]
    assert not any(planned.changes_anything for planned in again)
    assert [count(world, kind) for kind in (Customer, Invoice, ContactPoint, Consent)] == before


@pytest.mark.one_database
@pytest.mark.parametrize("by_whatsapp", [False, True])
def test_it_takes_nobody_back_who_refused(world: World, *, by_whatsapp: bool) -> None:
    """A stop in one app ends reminders in both: a file cannot lift either."""
    take(world, CUSTOMERS + "C-7,Carol,c@example.com,+15550155,en,yes\n")
    (world.whatsapp("+15550155") if by_whatsapp else world.phone("+15550155")).says("STOP")
    planned = take(world, CUSTOMERS + "C-7,Carol,c@example.com,+15550155,en,yes\n")
    assert planned.consents == {}
    with world.runtime.read() as ctx:
        assert optouts.has_revoked(ctx, world.merchants["acme"].id, Channel.SMS, "+15550155")


def test_it_takes_all_or_nothing(world: World) -> None:
    before = count(world, Customer)
    with pytest.raises(importing.Refused) as refused:
        take(world, INVOICES + "A-1,,Carol,,10,2026-07-01\nA-2,,Dave,,ten,2026-07-01\n")
    assert [(one.line, one.column) for one in refused.value.plan.troubles] == [(3, "amount")]
    assert count(world, Customer) == before


def test_it_takes_what_was_due_long_ago_without_a_day_of_issue(world: World) -> None:
    take(world, INVOICES + "A-1,,Carol,,5,2020-01-01\n")
    assert str(records.invoice(world, "A-1").issued_on) == "2020-01-01"
    late = "invoice_number,customer_name,amount,issued_on,due_on\nA-2,Carol,5,2020-01-02,2020-01-01\n"
    assert troubles(world, late) == [(2, "due_on", "due_before_issue")]


def test_it_changes_nothing_in_a_dry_run(world: World) -> None:
    before = count(world, Invoice)
    assert len(dry_run(world, INVOICES + "A-1,,Carol,,10,2026-07-01\n").new_invoices) == 1
    assert count(world, Invoice) == before


@pytest.mark.parametrize(
    ("line", "column", "code"),
    [
        ("A-1,,Carol,,1e9,2026-07-01", "amount", "no_amount"),
        ("A-1,,Carol,,NaN,2026-07-01", "amount", "no_amount"),
        ("A-1,,Carol,,-5,2026-07-01", "amount", "no_amount"),
        ("A-1,,Carol,,1.999,2026-07-01", "amount", "no_amount"),
        (f"A-1,,Carol,,{10**15},2026-07-01", "amount", "no_amount"),
        ("A-1,,Carol,,\uff11\uff12,2026-07-01", "amount", "no_amount"),
        ("A-1,,Carol,,,2026-07-01", "amount", "missing"),
        ("A-1,,Carol,,5,2026-13-01", "due_on", "no_date"),
        (",,Carol,,5,2026-07-01", "number", "missing"),
        ("A-1,,,,5,2026-07-01", "name", "missing"),
        ("A-1,,Carol,not an email,5,2026-07-01", "emails", "no_email"),
        (f"A-1,,{'x' * 121},,5,2026-07-01", "name", "too_long"),
        ("A-1,,Carol,,5,2026-07-01,extra", "", "too_many_cells"),
    ],
)
def test_it_says_what_is_wrong_with_a_line(world: World, line: str, column: str, code: str) -> None:
    assert troubles(world, INVOICES + line + "\n") == [(2, column, code)]


def test_it_refuses_a_number_twice_in_one_file(world: World) -> None:
    assert troubles(world, INVOICES + "A-1,,Carol,,5,2026-07-01\n" * 2) == [(3, "number", "repeated")]


def test_it_asks_which_of_several_customers(world: World) -> None:
    take(world, CUSTOMERS + "C-1,Pat,pat@example.com,,,\nC-2,Pat,pat@example.com,,,\n")
    assert troubles(world, INVOICES + "A-1,,Pat,pat@example.com,5,2026-07-01\n") == [(2, "name", "several_customers")]
    assert troubles(world, INVOICES + "A-1,C-2,Pat,pat@example.com,5,2026-07-01\n") == []


def test_it_merges_nobody_who_shares_an_address(world: World) -> None:
    """Whoever has Dave's phone would read Carol's bills. Nor does a second file, with one more of them, rename them."""
    family = CUSTOMERS + ",Carol,home@x.example,+12125550101,,\n,Dave,home@x.example,+12125550102,,\n"
    for content in (family, family, family + ",Erin,home@x.example,+12125550103,,\n"):
        take(world, content)
    with world.runtime.read() as ctx:
        theirs = sa.select(Customer.name, ContactPoint.address).join(ContactPoint).where(Customer.name != "Alice Adams")
        phones = ctx.session.execute(theirs.where(ContactPoint.address.startswith("+12125550"))).all()
    assert sorted(phones) == [("Carol", "+12125550101"), ("Dave", "+12125550102"), ("Erin", "+12125550103")]
    take(world, INVOICES + "Z-1,,Dave,home@x.example,5,2026-07-01\n")
    assert records.invoice(world, "Z-1").customer_id == records.customer(world, "Dave").id


def test_it_takes_a_new_name_at_a_known_address_for_a_new_name(world: World) -> None:
    """Where nobody else in the file has the old one."""
    alice = records.customer(world, "Alice Adams").id
    take(world, CUSTOMERS + f",Alicia Adams,{ALICE_EMAIL},,,\n")
    assert records.customer(world, "Alicia Adams").id == alice
    take(world, CUSTOMERS + f",Zoe,{ALICE_EMAIL},,,\n,Yan,{ALICE_EMAIL},,,\n")
    assert (records.customer(world, "Zoe").id == alice, records.customer(world, "Yan").id == alice) == (True, False)


def test_it_never_opts_anyone_in_again(world: World) -> None:
    world.phone(ALICE).says("STOP")
    planned = take(world, CUSTOMERS + f",Alice Adams,{ALICE_EMAIL},{ALICE},en,yes\n")
    assert planned.consents == {}
    assert records.has_opted_out(world, ALICE)


def test_it_records_consent_only_where_the_file_says_so(world: World) -> None:
    take(world, CUSTOMERS + "C-1,Carol,,+15550155,,yes\nC-2,Dave,,+15550156,,\nC-3,Erin,,+15550157,,no\n")
    with world.runtime.read() as ctx:
        told = sa.select(Consent.address, Consent.act, Consent.source).where(Consent.channel == Channel.SMS)
        found = {tuple(row) for row in ctx.session.execute(told)}
    assert found == {("+15550155", ConsentAct.GRANTED, "import"), ("+15550157", ConsentAct.REVOKED, "import")}
    assert records.has_opted_out(world, "+15550157")


def test_it_keeps_test_imports_from_live_addresses(world: World) -> None:
    take(world, CUSTOMERS + f"C-1,Tess,,{ALICE},,no\n", mode=Mode.TEST)
    assert not records.has_opted_out(world, ALICE)


def test_it_reads_quickbooks_invoices(world: World) -> None:
    planned = take(world, QUICKBOOKS)
    assert (planned.shape.name, planned.not_owed) == ("quickbooks", 1)
    invoice = records.invoice(world, "1001")
    assert (invoice.balance_minor, invoice.due_on.isoformat()) == (100_000, "2026-06-30")
    assert invoice.customer_id == records.customer(world, "Alice Adams").id


def test_it_reads_stripe_invoices(world: World) -> None:
    planned = take(world, STRIPE)
    assert (planned.shape.name, planned.new_customers, planned.not_owed) == ("stripe", 2, 1)
    assert (records.invoice(world, "AB-1").total_minor, records.invoice(world, "AB-2").total_minor) == (12_850, 500)


def test_it_raises_what_is_owed_but_never_below_what_is_paid(world: World) -> None:
    take(world, INVOICES + "INV-1042,,Alice Adams,,2000,2026-07-01\n")
    assert records.invoice(world, "INV-1042").balance_minor == 200_000
    records.pay(world, "INV-1051")
    assert take(world, INVOICES + "INV-1051,,Alice Adams,,1,2026-07-01\n").unchanged == 1


# --- out -------------------------------------------------------------------------------------------------------------
def rows(text: str) -> Iterable[str]:
    return [line for line in text.splitlines() if line]


def test_it_exports_only_the_merchants_own(world: World) -> None:
    assert "G-7" not in export(world, Kind.INVOICES)
    assert len(list(rows(export(world, Kind.INVOICES)))) == 5
    assert len(list(rows(export(world, Kind.CUSTOMERS, "globex")))) == 2


@pytest.mark.parametrize("name", ["=HYPERLINK(0)", "+1", "-1", "@SUM(A1)", "=1+1|' /C calc'!A0"])
def test_it_exports_no_formula(world: World, name: str) -> None:
    world.add_customer(world.merchants["acme"], name, phones=["+15550177"])
    text = export(world, Kind.CUSTOMERS)
    assert f",'{name}," in text
    assert ",'+15550177," in text


def test_it_takes_its_own_export_back_unchanged(world: World) -> None:
    world.add_customer(world.merchants["acme"], "=1+1", phones=["+15550177"], emails=["x@example.com"])
    for name in ("'=1", "''=1", "'tis", "O'-Brien"):
        world.add_customer(world.merchants["acme"], name)
    world.add_customer(world.merchants["acme"], 'A "quoted", name', emails=["y@example.com"])
    for kind in Kind:
        assert not take(world, export(world, kind)).changes_anything


def test_it_gives_another_merchant_the_same_file(world: World) -> None:
    planned = take(world, export(world, Kind.INVOICES), "globex")
    assert (planned.new_customers, len(planned.new_invoices)) == (1, 4)


@pytest.mark.prove
def test_it_takes_fifty_thousand_lines(world: World) -> None:
    lines = [f"N-{n},C-{n % 5_000},Customer {n % 5_000},c{n % 5_000}@example.com,10,2026-07-01" for n in range(50_000)]
    planned = take(world, INVOICES + "\n".join(lines))
    assert (planned.new_customers, len(planned.new_invoices)) == (5_000, 50_000)


def test_it_refuses_a_line_too_many(world: World) -> None:
    with pytest.raises(DomainError, match="file_too_many_rows"):
        take(world, INVOICES + "A-1,,Carol,,5,2026-07-01\n" * 50_001)
