"""What belongs to the process and only web/ knows, beside the Runtime."""

from typing import TYPE_CHECKING

from flask import current_app

from bot.put_off import Inbound
from models.gathering import Gathering
from web.assembly import Assembly
from web.config import Settings
from web.crowd import Crowd
from web.directory import MerchantDirectory

if TYPE_CHECKING:
    from web.sandbox import Sandbox


def _assembly() -> Assembly:
    return current_app.extensions["till.assembly"]  # type: ignore[no-any-return]


def directory() -> MerchantDirectory:
    return _assembly().directory


def settings() -> Settings:
    return current_app.extensions["till.settings"]  # type: ignore[no-any-return]


def crowd() -> Crowd:
    return current_app.extensions["till.crowd"]  # type: ignore[no-any-return]


def keeping() -> Gathering[tuple[int, Inbound]]:
    """Stores texts whose turns are put off, each with its merchant's id."""
    return current_app.extensions["till.keeping"]  # type: ignore[no-any-return]


def expect_payment() -> None:
    """Somebody may press soon: what the gateway waits with until then may come."""
    late = _assembly().late_gateway
    if late is not None:
        late.expect()


def sandbox() -> "Sandbox":
    """Raises RuntimeError where the settings name no sandbox; its routes are not registered there."""
    found = _assembly().sandbox
    if found is None:
        raise RuntimeError("no sandbox")
    return found
