"""Logos: whatever is uploaded, only a small picture of our own making is ever served."""

import struct
import zlib
from io import BytesIO

import pytest
from PIL import Image, PngImagePlugin

from models.errors import DomainError
from models.merchant import Merchant
from tests.support.visitor import Visitor
from tests.support.world import World
from web import branding, logos

SVG = b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'


def picture(kind: str = "PNG", size: tuple[int, int] = (600, 300), **extra: object) -> bytes:
    drawn = BytesIO()
    Image.new("RGB", size, "#0b6e66").save(drawn, kind, **extra)
    return drawn.getvalue()


def huge_png() -> bytes:
    """67 bytes that claim to be 50,000 pixels wide and high."""

    def chunk(name: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))

    header = struct.pack(">IIBBBBB", 50_000, 50_000, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(b"")) + chunk(b"IEND", b"")


def with_gps() -> bytes:
    exif = Image.Exif()
    exif.get_ifd(0x8825)[1] = "GPS-OF-THE-OFFICE"
    return picture("JPEG", exif=exif)


def with_comment() -> bytes:
    told = PngImagePlugin.PngInfo()
    told.add_text("Comment", "<script>alert(1)</script>")
    return picture(pnginfo=told)


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP"])
def test_it_draws_every_kind_anew_as_a_small_png(kind: str) -> None:
    with Image.open(BytesIO(logos.re_encoded(picture(kind)))) as drawn:
        assert (drawn.format, drawn.size) == ("PNG", (320, 160))


@pytest.mark.parametrize("upload", [with_gps(), with_comment(), picture("PNG") + SVG], ids=["exif", "text", "polyglot"])
def test_it_keeps_nothing_of_the_file_itself(upload: bytes) -> None:
    drawn = logos.re_encoded(upload)
    assert not [found for found in (b"GPS-OF", b"script", b"eXIf", b"tEXt") if found in drawn]


@pytest.mark.parametrize(
    ("upload", "code"),
    [
        (SVG, "logo_type"),
        (b"GIF89a" + b"\0" * 50, "logo_type"),
        (b"%PDF-1.7", "logo_type"),
        (b"", "logo_size"),
        (b"\x89PNG\r\n\x1a\n" + b"\0" * 1_000_000, "logo_size"),
        (picture(size=(3_000, 2_000)), "logo_size"),
        (huge_png(), "logo_unreadable"),
        (picture()[:-30], "logo_unreadable"),
        (b"\x89PNG\r\n\x1a\n" + b"\xff" * 200, "logo_unreadable"),
    ],
    ids=["svg", "gif", "pdf", "nothing", "heavy", "wide", "bomb", "cut", "noise"],
)
def test_it_refuses_what_is_no_small_picture(upload: bytes, code: str) -> None:
    with pytest.raises(DomainError, match=code):
        logos.re_encoded(upload)


@pytest.fixture
def logo(world: World) -> str:
    """The address of Acme's."""
    with world.runtime.write() as ctx:
        merchant = ctx.session.get_one(Merchant, world.merchants["acme"].id)
        logos.keep(ctx, merchant, picture())
        return str(branding.logo_url(merchant.public_id, merchant.logo_version))


def test_it_shows_the_logo_on_the_portal(logo: str, alice: Visitor) -> None:
    assert f'src="{logo}"' in alice.opens("/m/acme").text


def test_it_serves_the_logo_for_ever_and_as_a_picture_only(logo: str, alice: Visitor) -> None:
    answer = alice.opens(logo)
    assert answer.headers["Content-Type"] == "image/png"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert "sandbox" in answer.headers["Content-Security-Policy"]
    assert "immutable" in answer.headers["Cache-Control"]


def test_it_goes_back_to_the_initials(logo: str, alice: Visitor, world: World) -> None:
    with world.runtime.write() as ctx:
        logos.remove(ctx, ctx.session.get_one(Merchant, world.merchants["acme"].id))
    assert alice.opens(logo).status_code == 404


@pytest.mark.parametrize("path", ["/brand/1.png", "/brand/..%2fx.png", f"/brand/{'0' * 32}.png"])
def test_it_serves_no_other_picture(path: str, alice: Visitor) -> None:
    assert alice.opens(path).status_code == 404
