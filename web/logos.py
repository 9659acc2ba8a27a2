"""Logos: what a merchant uploads is decoded, shrunk and encoded anew, so that nothing of the file itself is served.
Refuses everything but still PNG, JPEG and WebP pictures; above all SVG, which can run script."""

import hashlib
from io import BytesIO

import structlog
from PIL import Image, ImageOps

from models.context import Context
from models.errors import DomainError
from models.logo import Logo
from models.merchant import Merchant

log = structlog.get_logger()

MAX_UPLOAD_BYTES = 1_000_000
MAX_PIXELS = 4_000_000
"""Checked before a picture is decoded: a few kilobytes can claim to be of any size."""
BOX = (480, 160)
"""Three times what pages show, for sharp screens."""
_MAGIC: tuple[tuple[bytes, int, str], ...] = (
    (b"\x89PNG\r\n\x1a\n", 0, "PNG"),
    (b"\xff\xd8\xff", 0, "JPEG"),
    (b"WEBP", 8, "WEBP"),
)


def keep(ctx: Context, merchant: Merchant, upload: bytes) -> None:
    """Make this the merchant's logo. Raises DomainError: "logo_size", "logo_type", "logo_unreadable"."""
    png = re_encoded(upload)
    kept = ctx.session.get(Logo, merchant.id) or Logo(merchant_id=merchant.id)
    kept.png, kept.uploaded_at = png, ctx.clock.now()
    ctx.session.add(kept)
    merchant.logo_version = hashlib.blake2b(png, digest_size=8).hexdigest()


def remove(ctx: Context, merchant: Merchant) -> None:
    """Back to the initials."""
    kept = ctx.session.get(Logo, merchant.id)
    if kept is not None:
        ctx.session.delete(kept)
    merchant.logo_version = None


def re_encoded(upload: bytes) -> bytes:
    """The picture as a PNG without anything else that the file held. Raises as `keep`."""
    if not 0 < len(upload) <= MAX_UPLOAD_BYTES:
        raise DomainError("logo_size")
    kind = next((kind for magic, at, kind in _MAGIC if upload[at : at + len(magic)] == magic), None)
    if kind is None:
        raise DomainError("logo_type")
    try:
        return _drawn_anew(upload, kind)
    except DomainError:
        raise
    except Exception as error:  # a decoder that is fed hostile bytes may raise anything
        log.warning("logo.unreadable", error=type(error).__name__)
        raise DomainError("logo_unreadable") from error


def _drawn_anew(upload: bytes, kind: str) -> bytes:
    with Image.open(BytesIO(upload), formats=(kind,)) as opened:
        if opened.width * opened.height > MAX_PIXELS:
            raise DomainError("logo_size")
        upright = ImageOps.exif_transpose(opened).convert("RGBA")
    upright.thumbnail(BOX, Image.Resampling.LANCZOS)
    drawn = BytesIO()
    # A fresh canvas, because a picture object carries its file's metadata along.
    canvas = Image.new("RGBA", upright.size)
    canvas.paste(upright)
    canvas.save(drawn, "PNG", optimize=True)
    return drawn.getvalue()
