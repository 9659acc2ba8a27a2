"""Merchants by number, Messaging Service, slug or account: read on every webhook, changed rarely, kept for seconds."""

import re
import threading
import time
from collections.abc import Callable

import sqlalchemy as sa

from models.database import Database
from models.merchant import Merchant, MerchantStatus
from models.walls import ALL_MERCHANTS

_SLUG = re.compile(r"[\w-]{1,64}", re.ASCII)
KEPT_S = 5.0
"""A new number or a rotated token is known everywhere after this long."""


class MerchantDirectory:
    """Returned merchants are detached: read their columns, never write them."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._kept: dict[tuple[str, str], tuple[float, Merchant | None]] = {}
        self._lock = threading.Lock()

    def by_number(self, number: str) -> Merchant | None:
        return self._find("number", number, lambda: Merchant.number == number)

    def by_whatsapp(self, number: str) -> Merchant | None:
        """Whose WhatsApp sender this is; a merchant that has named none may use its number for both."""
        sender = self._find("whatsapp", number, lambda: Merchant.whatsapp_number == number)
        return sender or self._find(
            "number for both", number, lambda: Merchant.whatsapp_number.is_(None) & (Merchant.number == number)
        )

    def by_messaging_service(self, sid: str) -> Merchant | None:
        return self._find("service", sid, lambda: Merchant.messaging_service_sid == sid)

    def by_account(self, sid: str) -> Merchant | None:
        return self._find("account", sid, lambda: Merchant.twilio_account_sid == sid)

    def by_slug(self, slug: str) -> Merchant | None:
        return self._find("slug", slug, lambda: Merchant.slug == slug) if _SLUG.fullmatch(slug) else None

    def forget(self) -> None:
        with self._lock:
            self._kept.clear()

    def _find(self, kind: str, value: str, where: Callable[[], sa.ColumnElement[bool]]) -> Merchant | None:
        kept = self._kept.get((kind, value))
        if kept is not None and time.monotonic() - kept[0] < KEPT_S:
            return kept[1]
        return self._load((kind, value), where())

    def _load(self, key: tuple[str, str], where: sa.ColumnElement[bool]) -> Merchant | None:
        with self._database.read(ALL_MERCHANTS) as session:
            merchant = session.scalars(
                sa.select(Merchant)
                .where(where, Merchant.status == MerchantStatus.ACTIVE)
                .order_by(Merchant.id)
                .limit(1)
            ).first()
            if merchant is not None:
                session.expunge(merchant)
        with self._lock:
            if len(self._kept) > 10_000:  # someone is making numbers up
                self._kept.clear()
            self._kept[key] = (time.monotonic(), merchant)
        return merchant
