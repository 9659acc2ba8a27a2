"""The browser that journeys run in, on a page that needs no server."""

import pytest

from tests.support.browser import PHONE, OpenPage, accessibility_faults

PAGE = '<html lang="en"><title>Till</title><main><h1>Till</h1>{}</main></html>'


@pytest.mark.browser
def test_it_opens_a_page_as_on_a_phone(open_page: OpenPage) -> None:
    page = open_page(viewport=PHONE, color_scheme="dark")

    assert page.evaluate("[innerWidth, matchMedia('(prefers-color-scheme: dark)').matches]") == [375, True]


@pytest.mark.browser
def test_it_sees_an_accessibility_fault(open_page: OpenPage) -> None:
    page = open_page()
    page.set_content(PAGE.format("<img src='data:,'>"))

    assert [fault.split()[0] for fault in accessibility_faults(page)] == ["image-alt"]
