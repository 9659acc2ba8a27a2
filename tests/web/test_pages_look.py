"""What only a browser can tell: every sample page at phone and desktop width, light and dark, in both languages."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page

from tests.support.browser import ColorScheme, OpenPage, accessibility_faults, keep_screenshot
from tests.support.preview import running_preview
from tests.support.preview_pages import SAMPLES

pytestmark = pytest.mark.browser

WIDTHS = (320, 375, 1280)
SCHEMES: tuple[ColorScheme, ...] = ("light", "dark")
CONTROLS = "button, .button, .choice, label.row, .field, summary, .links a, .bar a, .row a"
HARD_COLOURS = ("#ffff00", "#ffffff", "#000000", "#808080", "#ff69b4", "#00ff00")
BRANDED = ("sign_in", "code", "invoices", "pay", "receipt")
TEXT_SPACING = "* { line-height: 1.5 !important; letter-spacing: .12em !important; word-spacing: .16em !important }"
EVERY_SAMPLE = pytest.mark.parametrize("name", SAMPLES)


@pytest.fixture(scope="module")
def preview() -> Iterator[str]:
    with running_preview() as address:
        yield address


@pytest.fixture(scope="module")
def tab(chromium: Browser) -> Iterator[Page]:
    """One tab for all that only looks: its width and colours are set by each test."""
    context = chromium.new_context(viewport={"width": 375, "height": 812})
    yield context.new_page()
    context.close()


@pytest.fixture(scope="module")
def lax_tab(chromium: Browser) -> Iterator[Page]:
    """Without the page's own policy, so that a test may add a style."""
    context = chromium.new_context(bypass_csp=True)
    yield context.new_page()
    context.close()


def listen(page: Page) -> list[str]:
    """What the page says in the console from now on, its errors included."""
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text))
    page.on("pageerror", lambda error: said.append(str(error)))
    return said


def overflow(page: Page, width: int) -> int:
    page.set_viewport_size({"width": width, "height": 812})
    return int(page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth"))


@EVERY_SAMPLE
def test_it_is_accessible_in_light_and_dark(tab: Page, preview: str, name: str) -> None:
    tab.set_viewport_size({"width": 375, "height": 812})
    tab.goto(f"{preview}/{name}")
    faults = []
    for scheme in SCHEMES:
        tab.emulate_media(color_scheme=scheme)
        faults += accessibility_faults(tab)
    assert faults == []


@pytest.mark.parametrize("name", ["invoices", "pay", "receipt", "pay_changed", "bank_card", "invoice", "statement"])
def test_it_is_accessible_on_a_desktop(tab: Page, preview: str, name: str) -> None:
    tab.set_viewport_size({"width": 1280, "height": 800})
    tab.emulate_media(color_scheme="light")
    tab.goto(f"{preview}/{name}?lang=es")
    assert accessibility_faults(tab) == []


@pytest.mark.parametrize("name", BRANDED)
def test_it_stays_accessible_in_hard_brand_colours(tab: Page, preview: str, name: str) -> None:
    tab.set_viewport_size({"width": 375, "height": 812})
    faults = []
    for colour in HARD_COLOURS:
        tab.goto(f"{preview}/{name}?colour=%23{colour[1:]}")
        for scheme in SCHEMES:
            tab.emulate_media(color_scheme=scheme)
            faults += accessibility_faults(tab)
    assert faults == []


@EVERY_SAMPLE
def test_it_never_scrolls_sideways(tab: Page, preview: str, name: str) -> None:
    found: dict[tuple[str, int], int] = {}
    for language in ("en", "es"):
        tab.goto(f"{preview}/{name}?lang={language}")
        found |= {(language, width): overflow(tab, width) for width in WIDTHS}
    assert set(found.values()) == {0}, found


@EVERY_SAMPLE
def test_it_bears_wider_text_spacing(lax_tab: Page, preview: str, name: str) -> None:
    lax_tab.goto(f"{preview}/{name}")
    lax_tab.add_style_tag(content=TEXT_SPACING)
    assert overflow(lax_tab, 375) == 0


@EVERY_SAMPLE
def test_it_leaves_the_console_silent_under_the_strict_policy(tab: Page, preview: str, name: str) -> None:
    tab.set_viewport_size({"width": 375, "height": 812})
    said = listen(tab)
    tab.goto(f"{preview}/{name}")
    keep_screenshot(tab, f"page-{name}")
    assert said == []


@pytest.mark.parametrize("language", ["en", "es"])
def test_it_shows_the_pay_button_without_scrolling(tab: Page, preview: str, language: str) -> None:
    tab.set_viewport_size({"width": 375, "height": 812})
    tab.goto(f"{preview}/pay?lang={language}")
    box = tab.get_by_role("button").bounding_box()
    assert box
    assert box["y"] + box["height"] <= 812


@EVERY_SAMPLE
def test_it_makes_every_control_easy_to_hit(tab: Page, preview: str, name: str) -> None:
    tab.set_viewport_size({"width": 375, "height": 812})
    tab.goto(f"{preview}/{name}")
    boxes = [control.bounding_box() for control in tab.locator(CONTROLS).all() if control.is_visible()]
    assert [box for box in boxes if box and box["height"] < 44] == []


def test_it_submits_once_for_three_clicks(open_page: OpenPage, preview: str) -> None:
    page = open_page()
    page.goto(f"{preview}/pay")
    before = page.request.get(f"{preview}/posts").json()
    page.evaluate("for (let n = 0; n < 3; n++) document.querySelector('main button').click()")
    page.wait_for_url("**/processing")
    after = page.request.get(f"{preview}/posts").json()
    assert after[len(before) :] == ["processing"]


def test_it_moves_the_focus_to_what_went_wrong(open_page: OpenPage, preview: str) -> None:
    page = open_page()
    page.goto(f"{preview}/code_wrong")
    assert page.evaluate("document.activeElement.id") == "problem"


def test_it_adds_up_what_is_ticked(open_page: OpenPage, preview: str) -> None:
    page = open_page()
    page.goto(f"{preview}/invoices")
    page.get_by_label("INV-1051").uncheck()
    assert page.locator("output").inner_text() == "$1,670.00"


def test_it_opens_the_lines_of_the_invoice_on_a_desktop(open_page: OpenPage, preview: str) -> None:
    page = open_page()
    page.goto(f"{preview}/pay")
    assert page.get_by_text("INV-1042").is_visible()


@pytest.mark.parametrize("name", ["sign_in", "code", "invoices", "pay", "receipt", "bank_card"])
def test_it_works_without_script(open_page: OpenPage, preview: str, name: str) -> None:
    page = open_page(java_script_enabled=False)
    page.goto(f"{preview}/{name}")
    hidden = [button for button in page.locator("main button:not([data-print])").all() if not button.is_visible()]
    assert hidden == []


def test_it_asks_again_by_itself_where_there_is_no_script(open_page: OpenPage, preview: str) -> None:
    page = open_page(java_script_enabled=False)
    page.goto(f"{preview}/processing")
    assert page.locator("head noscript").inner_html().count('http-equiv="refresh"') == 1


@pytest.mark.parametrize("name", ["receipt", "invoice", "invoice_in_flight"])
def test_it_prints_on_one_page(open_page: OpenPage, preview: str, name: str) -> None:
    page = open_page()
    page.goto(f"{preview}/{name}")
    pdf = page.pdf(format="Letter", tagged=True)
    assert pdf.count(b"/Type /Page\n") == 1
    assert b"/StructTreeRoot" in pdf


def test_it_follows_the_payment_when_the_outcome_is_known(open_page: OpenPage, preview: str) -> None:
    page = open_page()
    page.route("**/status.json", lambda route: route.fulfill(json={"next": "/receipt"}))
    page.goto(f"{preview}/processing")
    page.wait_for_url("**/receipt")
    assert page.get_by_role("heading", level=1).inner_text() == "Payment received"


def test_it_shows_a_focus_ring_on_the_skip_link(open_page: OpenPage, preview: str) -> None:
    page = open_page()
    page.goto(f"{preview}/pay")
    page.keyboard.press("Tab")
    ring = page.evaluate("getComputedStyle(document.activeElement).outlineWidth")
    assert (page.evaluate("document.activeElement.className"), ring) == ("skip", "3px")


def test_it_says_nothing_in_the_console_during_a_payment(open_page: OpenPage, preview: str) -> None:
    page = open_page()
    said = listen(page)
    page.goto(f"{preview}/invoices")
    page.get_by_role("button", name="Review and pay").click()
    page.get_by_text("Debit or credit card").click()
    page.get_by_role("button", name="Continue").click()
    page.wait_for_url("**/processing")
    assert said == []
