"""Files through the console: shown before anything changes, imported once, exactly as shown; everything out again."""

import io

import pytest
import sqlalchemy as sa

from bot.exchange import desk, reading
from models.customer import Customer
from models.file_import import FileImport, ImportStatus
from models.invoice import Invoice
from tests.support import records
from tests.support.members import MemberVisitor, enter, trail
from tests.support.world import World
from tests.web.exchange.test_importing import QUICKBOOKS, STRIPE

INVOICES = "invoice_number,customer_reference,customer_name,customer_email,amount,due_on\n"
TWO = INVOICES + "A-1,C-7,Carol,c@example.com,19.99,2026-07-01\nINV-1042,,Alice Adams,,2000,2026-06-12\n"


@pytest.fixture
def staff(world: World) -> MemberVisitor:
    return enter(world)


def uploads(staff: MemberVisitor, content: str | bytes, name: str = "june.csv") -> FileImport:
    raw = content if isinstance(content, bytes) else content.encode()
    staff.opens("/console/import")
    staff.sends("/console/import", file=(io.BytesIO(raw), name))
    return newest(staff.world)


def sends_bytes(staff: MemberVisitor, size: int) -> int:
    """As browsers write it: the test client would leave its own large file open."""
    parts = {"csrf_token": staff.value("csrf_token").encode(), 'file"; filename="x.csv': b"x" * size}
    body = b"".join(
        b'--cut\r\nContent-Disposition: form-data; name="%s"\r\n\r\n%s\r\n' % (name.encode(), value)
        for name, value in parts.items()
    )
    kind = {"Content-Type": "multipart/form-data; boundary=cut"}
    staff.page = staff.client.post("/console/import", base_url=staff.base_url, data=body + b"--cut--\r\n", headers=kind)
    return staff.page.status_code


def newest(world: World) -> FileImport:
    with world.runtime.read() as ctx:
        return ctx.session.scalars(sa.select(FileImport).order_by(FileImport.id.desc())).first() or pytest.fail("none")


def presses(staff: MemberVisitor, found: FileImport) -> None:
    staff.opens(f"/console/import/{found.public_id}")
    staff.sends(f"/console/import/{found.public_id}")
    staff.follows()


def numbers(world: World) -> set[str]:
    with world.runtime.read() as ctx:
        return set(ctx.session.scalars(sa.select(Invoice.number).where(Invoice.merchant_id == 1)))


def test_it_shows_what_a_file_would_change_and_changes_nothing(world: World, staff: MemberVisitor) -> None:
    before = numbers(world)
    uploads(staff, TWO)
    staff.follows()
    staff.sees("What it would change", "A-1", "Carol, 19.99 USD", "1284.50, due 2026-06-12 to 2000.00, due 2026-06-12")
    world.settle_down()
    assert numbers(world) == before


def test_it_imports_once_however_often_it_is_pressed(world: World, staff: MemberVisitor) -> None:
    found = uploads(staff, TWO)
    presses(staff, found)
    staff.sees("Imported")
    presses(staff, found)
    staff.sees("Nothing was done twice")
    world.settle_down()
    assert records.invoice(world, "INV-1042").total_minor == 200_000
    with world.runtime.read() as ctx:
        assert ctx.session.scalars(sa.select(sa.func.count()).where(Customer.reference == "C-7")).one() == 1
    assert [entry.action for entry in trail(world)[-2:]] == ["import.handed_in", "import.pressed"]


def test_it_shows_the_lines_in_trouble_and_takes_none(world: World, staff: MemberVisitor) -> None:
    found = uploads(staff, INVOICES + "A-1,,Carol,,10,2026-07-01\nA-2,,Dave,,ten,2026-07-01\n")
    staff.follows()
    staff.sees("1 line in trouble", "is no amount")
    presses(staff, found)
    world.settle_down()
    assert "A-1" not in numbers(world)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"PK\x03\x04zip", "This is no CSV file"),
        (b"a,b\n1,2\n", "of no file that Till knows"),
        (b"\n", "no header line"),
    ],
)
def test_it_says_why_a_file_is_none(staff: MemberVisitor, content: bytes, words: str) -> None:
    uploads(staff, content)
    staff.follows()
    staff.sees(words)


def test_it_refuses_no_file_and_one_too_large(staff: MemberVisitor) -> None:
    staff.opens("/console/import")
    assert staff.sends("/console/import").status_code == 422
    staff.sees("Choose a file first")
    assert sends_bytes(staff, reading.MOST_BYTES + 1) == 422
    staff.sees("larger than 10 MB")
    assert sends_bytes(staff, 12 * 2**20) == 413


@pytest.mark.parametrize(("content", "shape"), [(QUICKBOOKS, "QuickBooks'"), (STRIPE, "Stripe's")])
def test_it_knows_others_exports(staff: MemberVisitor, content: str, shape: str) -> None:
    uploads(staff, content)
    staff.follows()
    staff.sees(f"{shape} invoices", "New invoices")


def test_it_imports_nothing_that_was_not_shown(world: World, staff: MemberVisitor) -> None:
    """Between the look and the press somebody edits the invoice: the numbers shown are not true any more."""
    found = uploads(staff, TWO)
    records.amend(world, "INV-1042", 150_000)
    presses(staff, found)
    staff.sees("has changed since you looked", "1500.00, due 2026-06-12 to 2000.00")
    assert "A-1" not in numbers(world)
    presses(staff, found)
    assert "A-1" in numbers(world)


def test_it_leaves_a_large_file_to_the_workers(world: World, staff: MemberVisitor) -> None:
    rows = "".join(f"N-{n},,Carol,c@example.com,5,2026-07-01\n" for n in range(desk.AT_ONCE + 1))
    found = uploads(staff, INVOICES + rows)
    staff.follows()
    staff.sees("Being checked")
    world.settle_down()
    presses(staff, found)
    staff.sees("Being imported")
    world.settle_down()
    assert newest(world).status is ImportStatus.IMPORTED
    assert len(numbers(world)) == desk.AT_ONCE + 1 + 4


def test_it_goes_on_after_a_crash(world: World, staff: MemberVisitor) -> None:
    """The request that took the press died before it carried it out: the job does."""
    found = uploads(staff, TWO)
    with world.runtime.write() as ctx:
        desk.press(ctx, ctx.session.get_one(FileImport, found.id))
    for _ in range(2):
        desk.carry_out(world.runtime, found.public_id)
    world.settle_down()
    assert newest(world).status is ImportStatus.IMPORTED


def test_it_forgets_what_nobody_pressed(world: World, staff: MemberVisitor) -> None:
    uploads(staff, TWO)
    world.clock.advance(desk.KEPT + records.A_SECOND)
    with world.runtime.write() as ctx:
        desk.forget(ctx)
    after = newest(world)
    assert (after.status, after.problem, after.content) == (ImportStatus.REFUSED, "file_expired", None)


def test_it_gives_everything_out_in_the_form_it_takes(world: World, staff: MemberVisitor) -> None:
    with world.runtime.write() as ctx:
        ctx.session.get_one(Customer, records.customer(world, "Bob Brown").id).name = "=Bob"
    staff.opens("/console/export")
    staff.sends("/console/export", kind="invoices")
    text = staff.page.text
    assert "INV-2001" in text
    assert ",'=Bob," in text
    assert "G-7" not in text
    found = uploads(staff, text)
    assert (found.told or {})["unchanged"] == 4
    assert found.trouble_count == 0
    staff.opens("/console/export")
    staff.sends("/console/export", kind="customers")
    assert "alice@example.com" in staff.page.text
    assert trail(world)[-1].action == "customers.exported"
