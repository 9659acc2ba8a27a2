"""Libraries that other libraries would like to have, to offer what nobody here asks them for: a logger its coloured
tracebacks, a vendor's client its asyncio transport. Finding them takes a third of a second and 15 MB."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager

UNASKED = ("aiohttp", "httpx", "rich")


@contextmanager
def withheld() -> Iterator[None]:
    """What is imported inside finds none of UNASKED, as if they were not installed. Afterwards anyone may."""
    names = [name for name in UNASKED if name not in sys.modules]
    sys.modules.update(dict.fromkeys(names))  # type: ignore[arg-type]  # None: as if not there
    try:
        yield
    finally:
        for name in names:
            del sys.modules[name]
