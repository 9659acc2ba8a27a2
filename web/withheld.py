"""Libraries that other libraries would like to have, to offer what nobody here asks them for: a logger its coloured
tracebacks, a vendor's client its asyncio transport. Finding them takes a third of a second and 15 MB."""

import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from importlib import import_module
from types import ModuleType
from typing import Any

UNASKED = ("aiohttp", "httpx", "rich")


@contextmanager
def withheld() -> Iterator[None]:
    """What is imported inside finds none of UNASKED, as if they were not installed. Afterwards anyone may."""
    with _instead(dict.fromkeys(UNASKED)):  # None: as if not there
        yield


@contextmanager
def postponed(package: str, module: str) -> Iterator[None]:
    """What is imported inside gets `package` and its `module` as names alone: whoever asks them for anything afterwards
    loads them."""
    parent, child = _Later(package), _Later(f"{package}.{module}")
    setattr(parent, module, child)
    with _instead({package: parent, child.__name__: child}):
        yield


class _Later(ModuleType):
    def __getattr__(self, name: str) -> Any:
        if name.startswith("__") or sys.modules.get(self.__name__) is self:
            raise AttributeError(f"{self.__name__}, postponed, has no {name} yet")
        return getattr(import_module(self.__name__), name)


@contextmanager
def _instead(stand_ins: Mapping[str, ModuleType | None]) -> Iterator[None]:
    """What is loaded already is found as it is."""
    missing = {name: found for name, found in stand_ins.items() if name not in sys.modules}
    sys.modules.update(missing)  # type: ignore[arg-type]
    try:
        yield
    finally:
        for name in missing:
            del sys.modules[name]
