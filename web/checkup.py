"""What is missing for real use, line by line: each part looked at from outside, none of them changed."""

import fcntl
import smtplib
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from pathlib import Path

import requests
import sqlalchemy as sa

from bot.channels import twilio_account
from bot.channels.smtp import SmtpEmail
from bot.reminders import countries
from models import migrations
from models.cadence import Cadence
from models.clock import SystemClock
from models.context import Environment
from models.database import Database
from models.errors import ProviderError
from models.merchant import Merchant, MerchantStatus, Mode
from models.migrations import walls
from models.ports import SmsAccount
from models.walls import ALL_MERCHANTS
from payments.gateways import stripe_account
from payments.gateways.stripe_facts import mode_of
from web import slots
from web.config import Settings
from web.findings import Finding, State

TIMEOUT_S = 10
SANDBOX_TEXTS = "TILL_SMS=sandbox: nothing reaches a phone"
MOST_SKEW_S = 5.0
"""Signatures and links tolerate minutes; codes and quiet hours are better with less."""


def look(settings: Settings) -> Iterator[Finding]:
    """In the order in which to mend them."""
    yield _environment(settings)
    yield _base_url(settings)
    yield _keys(settings)
    database = Database(settings.database_url)
    try:
        yield from of_database(database)
        yield from _guarded("Texts", lambda: _texts(settings, database))
        yield from _guarded("Own invoices", lambda: _attested(database))
        yield from _guarded("Email", lambda: _email(settings))
        yield from _guarded("Payments", lambda: _payments(settings))
        yield from _guarded("Worker", lambda: _worker(database))
        yield from _guarded("Clock", lambda: _clock(settings))
    finally:
        database.dispose()


def of_merchant(settings: Settings, database: Database, merchant: Merchant) -> Iterator[Finding]:
    """What of it one merchant's people may see: nobody else's numbers, nothing of the machine. Asks vendors, so no
    transaction may be open meanwhile."""
    yield _base_url(settings)
    yield from _guarded("Texts", lambda: _texts_of(settings, merchant))
    yield _own(merchant, "Own invoices", "an owner confirms it under Settings")
    yield from _guarded("Texts abroad", lambda: _abroad(database, merchant))
    yield from _guarded("Email", lambda: _email(settings))
    yield from _guarded("Payments", lambda: _payments(settings))
    yield from _guarded("Worker", lambda: _worker(database))


def _texts_of(settings: Settings, merchant: Merchant) -> Iterator[Finding]:
    if settings.sms == "sandbox":
        yield Finding("Texts", State.MISSING, SANDBOX_TEXTS)
    else:
        yield replace(_number(settings, merchant, _sms_url(settings)), name="Texts")


def _sms_url(settings: Settings) -> str:
    return f"{settings.base_url.rstrip('/')}/webhooks/twilio/sms"


def _guarded(name: str, part: Callable[[], Iterator[Finding]]) -> Iterator[Finding]:
    """A part that cannot even be looked at is told as such."""
    try:
        yield from list(part())
    except (sa.exc.SQLAlchemyError, OSError) as error:
        yield Finding(name, State.MISSING, f"cannot be looked at: {type(error).__name__}")


def _environment(settings: Settings) -> Finding:
    if settings.environment is Environment.PRODUCTION:
        return Finding("TILL_ENV", State.GOOD, "production")
    return Finding("TILL_ENV", State.ADVICE, f"{settings.environment.value}: real customers need production")


def _base_url(settings: Settings) -> Finding:
    if not settings.is_secure:
        return Finding("TILL_BASE_URL", State.MISSING, f"{settings.base_url} is not https")
    try:
        answer = requests.get(f"{settings.base_url}/healthz", timeout=TIMEOUT_S)
    except requests.RequestException as error:
        return Finding("TILL_BASE_URL", State.MISSING, f"{settings.base_url} does not answer: {type(error).__name__}")
    if not answer.ok:
        return Finding("TILL_BASE_URL", State.MISSING, f"{settings.base_url}/healthz answers {answer.status_code}")
    return Finding("TILL_BASE_URL", State.GOOD, f"{settings.base_url} answers")


def _keys(settings: Settings) -> Finding:
    count = len(settings.secret_keys)
    return Finding("SECRET_KEY", State.GOOD, f"{count} key{'s' if count > 1 else ''}, the newest signs")


def of_database(database: Database) -> Iterator[Finding]:
    kind = "SQLite, one process" if database.is_sqlite else "PostgreSQL, as many processes as you like"
    try:
        with database.read(ALL_MERCHANTS) as session:
            session.execute(sa.text("SELECT 1"))
        missing = migrations.differences(database.engine)
    except sa.exc.SQLAlchemyError as error:
        yield Finding("DATABASE_URL", State.MISSING, f"does not answer: {type(error).__name__}")
        return
    yield Finding("DATABASE_URL", State.GOOD, kind)
    if missing:
        yield Finding("Schema", State.MISSING, "is not that of this release: flask --app wsgi db upgrade")
    else:
        yield Finding("Schema", State.GOOD, "is that of this release")
    if not database.is_sqlite:
        yield _walls(database)


def _walls(database: Database) -> Finding:
    """Whether PostgreSQL itself keeps merchants' rows apart, from us as well."""
    with database.engine.connect() as connection:
        missing = walls.missing(connection)
        if missing:
            return Finding("Walls", State.MISSING, f"none around {', '.join(missing)}: flask --app wsgi db upgrade")
        if not walls.is_bound(connection):
            return Finding("Walls", State.ADVICE, "do not bind a superuser or BYPASSRLS: serve as another role")
        if not walls.is_forced(connection):
            return Finding("Walls", State.ADVICE, "do not bind the tables' owner yet: flask --app wsgi db walls up")
    return Finding("Walls", State.GOOD, "PostgreSQL shows each transaction the rows of the merchant that it names")


def _texts(settings: Settings, database: Database) -> Iterator[Finding]:
    if settings.sms == "sandbox":
        yield Finding("Texts", State.MISSING, SANDBOX_TEXTS)
        return
    with database.read(ALL_MERCHANTS) as session:
        merchants = session.scalars(sa.select(Merchant).where(Merchant.status == MerchantStatus.ACTIVE)).all()
    if not merchants:
        yield Finding("Texts", State.MISSING, "there is no merchant yet")
    for merchant in merchants:
        yield _number(settings, merchant, _sms_url(settings))
        for finding in _abroad(database, merchant):
            yield replace(finding, name=f"Texts abroad of {merchant.slug}")


def _abroad(database: Database, merchant: Merchant) -> Iterator[Finding]:
    """Nothing for a merchant that texts its own country only."""
    with database.read(merchant.id) as session:
        cadence = session.get(Cadence, merchant.id)
        named = countries.names(cadence.countries) if cadence is not None else ""
    if named:
        yield Finding("Texts abroad", State.ADVICE, f"go to {named}, too: Twilio's geo permissions must allow them")


def _number(settings: Settings, merchant: Merchant, wanted: str) -> Finding:
    name = f"Texts of {merchant.slug}"
    account = _account(settings, merchant)
    if account is None:
        return Finding(name, State.MISSING, "no Twilio account: neither its own nor TWILIO_ACCOUNT_SID")
    if merchant.number is None:
        if merchant.messaging_service_sid is None:
            return Finding(name, State.MISSING, "no number")
        return Finding(name, State.ADVICE, f"a Messaging Service: in Twilio set its incoming webhook to {wanted}")
    try:
        addresses = twilio_account.inbound_addresses(account, settings.twilio_api_base)
    except ProviderError as error:
        return Finding(name, State.MISSING, f"Twilio does not let us in: {error.code}")
    if merchant.number not in addresses:
        return Finding(name, State.MISSING, "the number is not in that Twilio account")
    if addresses[merchant.number] != wanted:
        return Finding(name, State.MISSING, f"in Twilio set 'A message comes in' to {wanted}")
    return Finding(name, State.GOOD, "the number posts to us")


def _attested(database: Database) -> Iterator[Finding]:
    with database.read(ALL_MERCHANTS) as session:
        merchants = session.scalars(sa.select(Merchant).where(Merchant.status == MerchantStatus.ACTIVE)).all()
    for merchant in merchants:
        how = f'its owner confirms it in the console, or flask --app wsgi merchants attest {merchant.slug} --by "NAME"'
        yield _own(merchant, f"Own invoices of {merchant.slug}", how)


def _own(merchant: Merchant, name: str, how: str) -> Finding:
    """Carriers take no texts about other people's debts (Twilio 30863)."""
    if merchant.attested_at is None:
        words = f"nobody has confirmed that its invoices are its own: no reminder goes by text; {how}"
        return Finding(name, State.MISSING, words)
    return Finding(name, State.GOOD, f"confirmed by {merchant.attested_by}, {merchant.attested_at:%Y-%m-%d}")


def _account(settings: Settings, merchant: Merchant) -> SmsAccount | None:
    if merchant.twilio_account_sid and merchant.twilio_auth_token:
        return SmsAccount(merchant.twilio_account_sid, merchant.twilio_auth_token)
    return settings.site().sms_account


def _email(settings: Settings) -> Iterator[Finding]:
    if settings.email == "sandbox" or settings.smtp_url is None:
        yield Finding("Email", State.MISSING, "TILL_EMAIL=sandbox: nothing reaches a mailbox")
        return
    try:
        SmtpEmail(settings.smtp_url.get_secret_value(), SystemClock()).greet()
    except (ProviderError, smtplib.SMTPException) as error:
        code = error.code if isinstance(error, ProviderError) else type(error).__name__
        yield Finding("Email", State.MISSING, f"the SMTP server does not take us, with TLS and password: {code}")
        return
    yield Finding("Email", State.GOOD, "the SMTP server lets us in over TLS")


def _payments(settings: Settings) -> Iterator[Finding]:
    key = settings.stripe_secret_key
    if settings.payments == "sandbox" or key is None:
        yield Finding("Payments", State.MISSING, "TILL_PAYMENTS=sandbox: no money moves")
        return
    wanted = f"{settings.base_url.rstrip('/')}/webhooks/stripe"
    try:
        addresses = stripe_account.webhook_addresses(key.get_secret_value(), settings.stripe_api_base)
    except ProviderError as error:
        yield Finding("Payments", State.MISSING, f"Stripe does not let us in: {error.code}")
        return
    if wanted not in addresses:
        yield Finding("Payments", State.MISSING, f"in Stripe add the webhook {wanted}")
    elif mode_of(key.get_secret_value()) is not Mode.LIVE:
        yield Finding(
            "Payments", State.MISSING, "Stripe posts to us, but by a test key: only test invoices can be paid"
        )
    else:
        yield Finding("Payments", State.GOOD, "Stripe posts to us")


def _worker(database: Database) -> Iterator[Finding]:
    if _works(database):
        yield Finding("Worker", State.GOOD, "one is at work")
    else:
        start = "start the web process" if database.is_sqlite else "flask --app wsgi worker"
        yield Finding("Worker", State.MISSING, f"nobody runs the jobs: {start}")


def _works(database: Database) -> bool:
    if database.is_sqlite:
        lock = Path(f"{database.url.database}.worker.lock")
        if not lock.exists():
            return False
        with lock.open("a") as held:
            try:
                fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                return True
            return False
    return any(not _is_free(database, slot) for slot in range(1, slots.SLOTS + 1))


def _is_free(database: Database, slot: int) -> bool:
    with slots.if_free(database, slot) as free:
        return free


def _clock(settings: Settings) -> Iterator[Finding]:
    """Against whoever answers first and tells the time: Stripe, or ourselves."""
    asked = settings.stripe_api_base if settings.payments == "stripe" else settings.base_url
    try:
        told = requests.head(asked, timeout=TIMEOUT_S).headers.get("Date")
    except requests.RequestException:
        told = None
    if told is None:
        yield Finding("Clock", State.ADVICE, f"could not be compared: {asked} tells no time")
        return
    skew = abs((_now() - parsedate_to_datetime(told)).total_seconds())
    good = skew <= MOST_SKEW_S
    yield Finding("Clock", State.GOOD if good else State.MISSING, f"{skew:.0f} s from {asked}")


def _now() -> datetime:
    return SystemClock().now().astimezone(UTC)
