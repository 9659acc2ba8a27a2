"""What only a browser can tell of the console: every page at phone and desktop width, light and dark."""

import threading
from collections.abc import Iterator
from itertools import product

import pytest
from playwright.sync_api import Page
from werkzeug.serving import make_server

from bot import optouts
from bot.exchange import desk
from models.customer import Channel
from models.merchant import Mode
from tests.support import records
from tests.support.browser import DESKTOP, PHONE, ColorScheme, OpenPage, accessibility_faults, keep_screenshot
from tests.support.members import MemberVisitor, enter
from tests.support.world import ALICE, ALICE_EMAIL, World

pytestmark = pytest.mark.browser

SCHEMES: tuple[ColorScheme, ...] = ("light", "dark")
PAGES = {
    "overview": "/console",
    "invoices": "/console/invoices?status=all",
    "nothing": "/console/invoices?q=nobody",
    "invoice": "/console/invoices/{invoice}",
    "new": "/console/invoices/new",
    "void": "/console/invoices/{invoice}/void",
    "offline": "/console/invoices/{invoice}/offline",
    "refund": "/console/payments/{payment}/refund",
    "customers": "/console/customers",
    "customer": "/console/customers/{customer}",
    "messages": "/console/messages",
    "thread": "/console/messages/{thread}",
    "reminders": "/console/reminders",
    "plan": "/console/reminders/plan?everyone=1",
    "settings": "/console/settings",
    "brand": "/console/settings/brand",
    "payments": "/console/settings/payments",
    "cadence": "/console/settings/reminders",
    "templates": "/console/settings/templates",
    "template": "/console/settings/templates/remind_after/es",
    "template-email": "/console/settings/templates/invoice_email/en",
    "connections": "/console/settings/connections",
    "channels": "/console/settings/connections/set-up",
    "keys": "/console/settings/keys",
    "members": "/console/settings/members",
    "trail": "/console/settings/members/trail",
    "webhooks": "/console/settings/webhooks",
    "doctor": "/console/doctor?q=alise@example.com",
    "failures": "/console/failures",
    "export": "/console/export",
    "needs": "/console/needs",
    "phones": "/console/settings/phones?phone=%2B12125550199",
    "imports": "/console/import",
    "import": "/console/import/{file}",
    "import-troubles": "/console/import/{troubled}",
    "importing": "/console/import/{working}",
}


@pytest.fixture
def address(world: World) -> Iterator[str]:
    server = make_server("127.0.0.1", 0, world.client.application, threaded=True)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def owner(world: World) -> MemberVisitor:
    """After a busy day."""
    phone = world.phone(ALICE)
    phone.proves(ALICE_EMAIL)
    phone.says("I already paid that")
    records.pay(world, "INV-1060")
    with world.runtime.write() as ctx:
        optouts.opt_in(ctx, world.merchants["acme"].id, Channel.SMS, ALICE, "merchant")
    return enter(world)


def ids(world: World, owner: MemberVisitor) -> dict[str, str]:
    owner.opens("/console/messages")
    thread = next(link for link in owner.links() if link.startswith("/console/messages/"))
    return {
        "invoice": records.invoice(world, "INV-1042").public_id,
        "payment": records.payments(world)[0].public_id,
        "customer": records.customer(world, "Alice Adams").public_id,
        "thread": thread.rpartition("/")[2],
        **files(world),
    }


def files(world: World) -> dict[str, str]:
    """One that waits for the press, one in trouble, one that is being read."""
    head = "invoice_number,customer_name,amount,due_on\n"
    good, bad = head + "A-1,Carol,19.99,2026-07-01\n", head + "A-2,Dave,ten,2026-07-01\n"
    found = {}
    for name, content in (("file", good), ("troubled", bad), ("working", good)):
        with world.runtime.write() as ctx:
            taken = desk.take(ctx, world.merchants["acme"], Mode.LIVE, "june.csv", content.encode(), "Olga")
        found[name] = taken.public_id
        if name != "working":
            desk.check(world.runtime, taken.public_id)
    return found


def signed_in(open_page: OpenPage, owner: MemberVisitor, address: str, scheme: ColorScheme, **options: object) -> Page:
    page = open_page(color_scheme=scheme, **options)
    cookies = [
        {"name": f"till-{name}", "value": owner.cookie(name) or "", "url": address} for name in ("console", "form")
    ]
    page.context.add_cookies(cookies)  # type: ignore[arg-type]
    return page


def overflow(page: Page) -> int:
    return int(page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth"))


@pytest.mark.parametrize("half", [0, 1])
def test_it_is_accessible_and_fits_every_width(
    world: World, owner: MemberVisitor, address: str, open_page: OpenPage, half: int
) -> None:
    """Two halves, so that two processes may share the minute that it takes."""
    known, page, said = ids(world, owner), signed_in(open_page, owner, address, "light"), list[str]()
    page.on("console", lambda message: said.append(message.text))
    page.on("pageerror", lambda error: said.append(str(error)))
    found = {}
    for name, path in list(PAGES.items())[half::2]:
        page.goto(address + path.format(**known))
        for size, scheme in product((PHONE, DESKTOP), SCHEMES):
            page.set_viewport_size(size)
            page.emulate_media(color_scheme=scheme)
            faults = [*accessibility_faults(page), *["overflow"] * bool(overflow(page)), *said]
            found[name, size["width"], scheme] = faults
            keep_screenshot(page, f"console-{name}-{size['width']}-{scheme}")
        page.set_viewport_size({"width": 320, "height": 640})
        found[name, 320, "dark"] = ["overflow"] * bool(overflow(page))
    assert {where: faults for where, faults in found.items() if faults} == {}


@pytest.mark.parametrize("path", ["/console/sign-in", "/console/sign-in?bye=1"])
def test_it_opens_its_door_to_everybody(address: str, open_page: OpenPage, path: str) -> None:
    page = open_page(viewport=PHONE)
    page.goto(address + path)
    assert accessibility_faults(page) == []
    assert overflow(page) == 0


def test_it_counts_what_is_ticked(owner: MemberVisitor, address: str, open_page: OpenPage) -> None:
    page = signed_in(open_page, owner, address, "light")
    page.goto(f"{address}/console/invoices")
    page.get_by_label("Remind of INV-1042").check()
    page.get_by_label("Remind of INV-1051").check()
    page.get_by_role("button", name="Text a reminder to 2").click()
    page.get_by_text("Nothing is sent yet").wait_for()


def test_it_reminds_without_script(owner: MemberVisitor, address: str, open_page: OpenPage) -> None:
    page = signed_in(open_page, owner, address, "light", java_script_enabled=False)
    page.goto(f"{address}/console/invoices")
    page.get_by_label("Remind of INV-1042").check()
    page.get_by_role("button", name="Text a reminder").click()
    page.get_by_text("Nothing is sent yet").wait_for()


def test_it_shows_what_customers_say_by_itself(
    world: World, owner: MemberVisitor, address: str, open_page: OpenPage
) -> None:
    page = signed_in(open_page, owner, address, "light")
    page.goto(f"{address}/console/messages/{ids(world, owner)['thread']}")
    world.phone(ALICE).says("and one more thing")
    page.get_by_text("and one more thing").wait_for()


def test_it_shows_a_colour_as_it_is_chosen(owner: MemberVisitor, address: str, open_page: OpenPage) -> None:
    page = signed_in(open_page, owner, address, "light")
    page.goto(f"{address}/console/settings/brand")
    page.locator("#colour").fill("#ffff00")
    page.locator('[data-previewed] rect[fill="#ffff00"]').first.wait_for()


def test_it_counts_words_as_they_are_typed(owner: MemberVisitor, address: str, open_page: OpenPage) -> None:
    page = signed_in(open_page, owner, address, "light")
    page.goto(f"{address}/console/settings/templates/remind_after/en")
    page.get_by_label("Text", exact=True).fill("{merchant}: {invoice} \u00a1est\u00e1! {link} {stop}")
    page.get_by_text("UCS-2").first.wait_for()
    page.get_by_role("button", name="Use plain letters").click()
    assert page.get_by_label("Text", exact=True).input_value() == "{merchant}: {invoice} \u00a1esta! {link} {stop}"
    page.get_by_label("Text", exact=True).fill("{merchant}: {invoise} {link} {stop}")
    page.get_by_text("Did you mean {invoice}?").wait_for()
    assert accessibility_faults(page) == []


def test_it_words_without_script(owner: MemberVisitor, address: str, open_page: OpenPage) -> None:
    page = signed_in(open_page, owner, address, "light", java_script_enabled=False)
    page.goto(f"{address}/console/settings/templates/remind_after/en")
    page.get_by_label("Text", exact=True).fill("{merchant}: dear {customer}, {invoice} please. {link} {stop}")
    page.get_by_role("button", name="Check").click()
    page.get_by_text("dear Rosa Delgado, INV-1042 please").first.wait_for()
    page.get_by_role("button", name="Save").click()
    page.get_by_text("Whatever has not left yet goes in these words").wait_for()
    page.get_by_role("button", name="Back to Till's words").click()
    page.get_by_text("Till's words are back").wait_for()
