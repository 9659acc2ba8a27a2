"""What only a browser can tell of the simulator: it looks right, reads well, and keeps itself up to date."""

import threading
from collections.abc import Iterator

import pytest
from playwright.sync_api import Page
from werkzeug.serving import make_server

from tests.support.browser import DESKTOP, PHONE, ColorScheme, OpenPage, accessibility_faults, keep_screenshot
from tests.support.world import ALICE, ALICE_EMAIL, World

pytestmark = pytest.mark.browser

WIDTHS = (320, 375, 900, 1280)
SCHEMES: tuple[ColorScheme, ...] = ("light", "dark")


@pytest.fixture
def address(world: World) -> Iterator[str]:
    """The world's application, served to a browser."""
    server = make_server("127.0.0.1", 0, world.client.application, threaded=True)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/simulator"
    server.shutdown()
    thread.join()
    server.server_close()


def listen(page: Page) -> list[str]:
    """What the page says in the console from now on, its errors included."""
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text))
    page.on("pageerror", lambda error: said.append(str(error)))
    return said


def talk(world: World) -> None:
    """As far as the list, with a mail and a few webhooks to show."""
    world.phone(ALICE).proves(ALICE_EMAIL)


@pytest.mark.parametrize("path", ["", "/people"])
def test_it_is_accessible_and_fits_every_width(world: World, address: str, open_page: OpenPage, path: str) -> None:
    talk(world)
    for scheme in SCHEMES:
        page = open_page(color_scheme=scheme)
        said = listen(page)
        page.goto(f"{address}{path}")
        for width in WIDTHS:
            page.set_viewport_size({"width": width, "height": 812})
            assert page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth") == 0
        for size in (PHONE, DESKTOP):
            page.set_viewport_size(size)
            assert accessibility_faults(page) == []
            keep_screenshot(page, f"simulator{path.replace('/', '-')}-{size['width']}-{scheme}")
        assert said == []


def test_it_shows_what_arrives_and_keeps_what_is_typed(world: World, address: str, open_page: OpenPage) -> None:
    page = open_page()
    page.goto(address)
    page.get_by_label("Text message").fill("half a sen")
    world.phone(ALICE).says("hi")
    page.get_by_text("reply with the email").wait_for()
    assert page.get_by_label("Text message").input_value() == "half a sen"


def test_it_sends_without_leaving_the_page(address: str, open_page: OpenPage) -> None:
    page = open_page()
    page.goto(address)
    page.evaluate("window.here = true")
    page.get_by_label("Text message").fill("hi")
    page.keyboard.press("Enter")
    page.get_by_text("reply with the email").wait_for()
    assert page.evaluate("window.here") is True
    assert page.get_by_label("Text message").input_value() == ""


def test_it_keeps_the_newest_text_in_view(world: World, address: str, open_page: OpenPage) -> None:
    for _ in range(6):
        world.phone(ALICE).says("hi")
    page = open_page(viewport=PHONE)
    page.goto(address)
    thread = page.get_by_role("log")
    assert thread.evaluate("list => list.scrollHeight - list.scrollTop - list.clientHeight") < 2


def test_it_keeps_an_open_request_open(world: World, address: str, open_page: OpenPage) -> None:
    world.phone(ALICE).says("hi")
    page = open_page()
    page.goto(address)
    page.locator(".feed summary").first.click()
    shown = page.locator(".feed details[open] pre").inner_text()
    world.phone(ALICE).says("HELP")
    page.locator(".feed details:nth-of-type(4)").wait_for()
    assert page.locator(".feed details[open] pre").inner_text() == shown


def test_it_works_without_script(world: World, address: str, open_page: OpenPage) -> None:
    page = open_page(java_script_enabled=False)
    page.goto(address)
    page.get_by_role("button", name="hi, what do I owe?").click()
    page.get_by_text("reply with the email").wait_for()
    page.get_by_role("button", name=ALICE_EMAIL).click()
    page.get_by_text("a 6-digit code is on its way").wait_for()
    world.settle_down()
    page.reload()
    page.frame_locator("iframe").get_by_role("heading", name="Your code").wait_for()
