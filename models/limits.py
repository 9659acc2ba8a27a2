"""Named rate limits with their numbers beside them, counted in the database: atomic, shared by every process, and still
there after a restart. Keys are hashed: the table holds no address."""

import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, Session, mapped_column

from models.base import Base
from models.inserting import insert


@dataclass(frozen=True, slots=True)
class Limit:
    name: str
    most: int
    per: timedelta


CODES_PER_MAILBOX = Limit("codes_per_mailbox", 5, timedelta(minutes=10))  # Twilio Verify 60203
CODES_PER_MAILBOX_HOURLY = Limit("codes_per_mailbox_hourly", 10, timedelta(hours=1))  # Healthchecks
CODES_PER_CONVERSATION = Limit("codes_per_conversation", 5, timedelta(minutes=10))
CODES_PER_BROWSER_NETWORK = Limit("codes_per_network", 20, timedelta(hours=1))  # Healthchecks, IPv6 counted by /64
WRONG_PER_ASKER = Limit("wrong_per_asker", 10, timedelta(days=1))  # over all codes: a resend resets nothing
WRONG_PER_MAILBOX = Limit("wrong_per_mailbox", 20, timedelta(days=1))  # per channel: the owner has the other one
WRONG_PER_MERCHANT = Limit("wrong_per_merchant", 200, timedelta(days=1))  # then codes grow to 8 digits
MAILS_PER_THREAD = Limit("mails_per_thread", 10, timedelta(hours=1))  # two programs that answer each other end here
GENERIC_PER_SENDER = Limit("generic_per_sender", 1, timedelta(days=7))  # RFC 3834 section 2
UNREAD_PER_THREAD = Limit("unread_per_thread", 1, timedelta(days=7))  # then a person reads: no program answers one
GENERIC_PER_MERCHANT = Limit("generic_per_merchant", 100, timedelta(hours=1))  # invented senders are no mailing list
STRANGER = Limit("stranger", 100, timedelta(days=1))  # answers to one phone that has proven nothing
STRANGERS_PER_RANGE = Limit("strangers_per_range", 4_000, timedelta(days=1))  # of ten thousand numbers
STRANGERS_PER_MERCHANT = Limit("strangers_per_merchant", 10_000, timedelta(days=1))  # about 100 dollars of texts
STRANGERS = Limit("strangers", 50_000, timedelta(days=1))  # over all merchants
STRANGERS_LEFT_ALONE = Limit("strangers_left_alone", 0, timedelta(days=1))  # only counted, for the alarm
TOKENS_PER_NETWORK = Limit("tokens_per_network", 120, timedelta(minutes=10))  # dead links opened from one network
WRONG_FACTORS = Limit("wrong_factors", 10, timedelta(hours=1))  # codes of a member's authenticator, right or not

API_WRITES_PER_KEY = Limit("api_writes_per_key", 15, timedelta(seconds=1))  # GOV.UK Pay
BAD_KEYS_PER_NETWORK = Limit("bad_keys_per_network", 60, timedelta(minutes=10))


class LimitCount(Base):
    __tablename__ = "limit_count"

    key: Mapped[str] = mapped_column(sa.String(64), primary_key=True)
    window_at: Mapped[datetime] = mapped_column(primary_key=True)
    count: Mapped[int]


def _key(limit: Limit, who: str) -> str:
    return hashlib.blake2b(f"{limit.name}\0{who}".encode(), digest_size=16).hexdigest()


def _window(limit: Limit, now: datetime) -> datetime:
    span = int(limit.per.total_seconds())
    return datetime.fromtimestamp(int(now.timestamp()) // span * span, now.tzinfo)


def hit(session: Session, limit: Limit, who: str, now: datetime) -> bool:
    """Count one. True while within the limit. Sliding: the last window counts by the share of it still in view."""
    values = {"key": _key(limit, who), "window_at": _window(limit, now), "count": 1}
    statement = insert(session, LimitCount).values(values)
    counted = statement.on_conflict_do_update(
        index_elements=[LimitCount.key, LimitCount.window_at], set_={"count": LimitCount.count + 1}
    )
    session.execute(counted)
    return used(session, limit, who, now) <= limit.most


def used(session: Session, limit: Limit, who: str, now: datetime) -> float:
    window = _window(limit, now)
    rows = session.execute(
        sa.select(LimitCount.window_at, LimitCount.count).where(
            LimitCount.key == _key(limit, who), LimitCount.window_at >= window - limit.per
        )
    ).all()
    share_left = 1 - (now - window) / limit.per
    return sum(count if at == window else count * share_left for at, count in rows)


def forget(session: Session, limit: Limit, who: str) -> None:
    """Start from zero: failures count while they are consecutive (NIST 63B-4 3.2.2)."""
    session.execute(sa.delete(LimitCount).where(LimitCount.key == _key(limit, who)))


def within(session: Session, limit: Limit, who: str, now: datetime) -> bool:
    """True if one more would be allowed. Counts nothing."""
    return used(session, limit, who, now) + 1 <= limit.most
