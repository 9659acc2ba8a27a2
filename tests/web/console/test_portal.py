"""The merchant's look at its own portal: links to pass on, the logo, made-up people, and no way to real ones."""

from io import BytesIO

import pytest
from PIL import Image

from tests.support.members import MemberVisitor, enter
from tests.support.world import World
from web.portal_preview import STEPS

REAL = ("INV-1042", "INV-2001", "Alice Adams", "Bob Brown", "alice@example.com")


@pytest.fixture
def owner(world: World) -> MemberVisitor:
    return enter(world)


def picture(kind: str = "PNG") -> bytes:
    drawn = BytesIO()
    Image.new("RGB", (300, 100), "#0b6e66").save(drawn, kind)
    return drawn.getvalue()


def uploads(owner: MemberVisitor, content: bytes, name: str = "logo.png") -> int:
    owner.opens("/console/portal")
    token = owner.value("csrf_token")
    form = {"csrf_token": token, "logo": (BytesIO(content), name)}
    owner.page = owner.client.post("/console/portal/logo", base_url=owner.base_url, data=form)
    return owner.page.status_code


def test_it_shows_the_link_and_what_to_do_with_it(owner: MemberVisitor) -> None:
    owner.opens("/console/portal")
    owner.sees("Your portal", "http://till.test/m/acme", "Pay your invoice", "Pagar su factura")


def test_it_draws_the_link_as_a_code(owner: MemberVisitor) -> None:
    answer = owner.opens("/m/acme/qr.svg")
    assert answer.headers["Content-Type"].startswith("image/svg+xml")
    assert "sandbox" in answer.headers["Content-Security-Policy"]
    assert answer.text.startswith("<svg")
    assert "script" not in answer.text


def test_it_keeps_a_logo_and_shows_it(owner: MemberVisitor) -> None:
    assert uploads(owner, picture("JPEG")) == 303
    owner.follows()
    owner.sees("The logo is on your portal now.")
    assert 'class="logo" src="/brand/' in owner.opens("/m/acme").text


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"<svg onload='alert(1)'/>", "Choose a PNG, JPEG or WebP picture"),
        (b"", "Choose a picture of up to 1 MB"),
        (picture()[:60], "That picture cannot be read"),
    ],
    ids=["svg", "nothing", "cut"],
)
def test_it_says_what_is_wrong_with_a_logo(owner: MemberVisitor, content: bytes, words: str) -> None:
    assert uploads(owner, content, "../../x.png") == 400
    owner.sees("There is a problem", words)


def test_it_refuses_an_upload_beyond_all_reason(owner: MemberVisitor) -> None:
    said = {"CONTENT_LENGTH": "2000000", "CONTENT_TYPE": "multipart/form-data; boundary=x"}
    answer = owner.client.post("/console/portal/logo", base_url=owner.base_url, environ_overrides=said)
    assert answer.status_code == 413


def test_it_goes_back_to_the_initials(owner: MemberVisitor) -> None:
    uploads(owner, picture())
    owner.follows()
    owner.sends("/console/portal/logo/remove")
    owner.follows()
    owner.sees("Your portal shows your initials again.")


@pytest.mark.parametrize("step", STEPS)
def test_it_shows_made_up_people_only(owner: MemberVisitor, step: str) -> None:
    assert owner.opens(f"/console/portal/preview/{step}").status_code == 200
    owner.sees("Preview.", "Made-up people and invoices")
    assert [word for word in REAL if word in owner.page.text] == []


@pytest.mark.parametrize("step", STEPS)
def test_it_leads_from_the_preview_to_nothing_real(owner: MemberVisitor, step: str) -> None:
    owner.opens(f"/console/portal/preview/{step}")
    inside = ("/console/portal/preview/", "?lang=", "#main", "tel:", "mailto:")
    assert [link for link in owner.links() if not link.startswith(inside)] == []


def test_it_turns_the_pages_of_the_preview(owner: MemberVisitor) -> None:
    owner.opens("/console/portal/preview/sign_in")
    owner.sends("/console/portal/preview/sign_in", email="x@example.com")
    owner.follows()
    owner.sees("Your invoices", "SAMPLE-1")
    owner.sends("/console/portal/preview/invoices", invoice="SAMPLE-1")
    owner.follows()
    owner.sees("Payment received", "SAMPLE")


def test_it_signs_no_member_in_at_the_portal(owner: MemberVisitor) -> None:
    owner.opens("/console/portal/preview/invoices")
    owner.opens("/m/acme")
    owner.sees("See and pay your invoices")
    assert owner.cookie("portal") is None


def test_it_has_no_other_preview(owner: MemberVisitor) -> None:
    assert owner.opens("/console/portal/preview/customers").status_code == 404
