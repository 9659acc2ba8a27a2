"""Stripe's gateway as far as it is known without Stripe's library, which takes a tenth of a web process's start and
which no page needs before somebody pays."""

import threading
from collections.abc import Callable
from functools import cached_property
from typing import Any

from models.gateway import Gateway
from models.merchant import Mode


def mode_of(secret_key: str) -> Mode:
    """`sk_live_...` and `rk_live_...` move money; anything else moves none."""
    return Mode.LIVE if secret_key.partition("_")[2].startswith("live") else Mode.TEST


class StripeFacts:
    name = "stripe"
    mode: Mode | None
    keeps_accounts = True
    confirms_kept = True

    def __init__(self, secret_key: str) -> None:
        self.mode = mode_of(secret_key)


class LateStripe(StripeFacts):
    """models.gateway.Gateway: whatever else it is asked for, the one that `make` makes answers."""

    def __init__(self, secret_key: str, make: Callable[[], Gateway]) -> None:
        super().__init__(secret_key)
        self._make = make
        self._is_expected = False

    def expect(self) -> None:
        """Somebody looks at a page that can pay: be whole before they press. Returns at once."""
        if not self._is_expected:
            self._is_expected = True
            threading.Thread(target=lambda: self.whole, name="stripe", daemon=True).start()

    def __getattr__(self, name: str) -> Any:
        return getattr(self.whole, name)

    @cached_property
    def whole(self) -> Gateway:
        return self._make()
