"""Puts the pieces together as the settings say: which ends the wires have, and the sandbox's outside world if any."""

import secrets
import threading
from collections.abc import Mapping
from dataclasses import dataclass

import requests

from bot.channels.sandbox import Outside
from bot.channels.sandbox_carrier import Carrier
from bot.channels.sandbox_mail import MailServer
from bot.channels.sandbox_rest import SandboxHttpClient
from bot.channels.smtp import SmtpEmail
from bot.channels.twilio import RebasedHttpClient, TwilioSms
from models.clock import Clock, MovableClock, SystemClock
from models.context import Environment, Ports, Runtime
from models.database import Database
from models.gateway import Gateway
from models.ports import EmailChannel, SmsChannel
from models.signing import Signer
from payments.gateways.bank import Bank
from payments.gateways.delivery import Delivery, Post
from payments.gateways.sandbox import SandboxGateway
from payments.gateways.stripe import StripeGateway
from web.config import Settings
from web.directory import MerchantDirectory
from web.engine_jobs import DatabaseJobs

POST_TIMEOUT_S = 30
BANK_CARD_BASIS_POINTS = 250
BANK_POLL_S = 0.5
BANK_SECRETS = (secrets.token_hex(32),)
"""Signs the sandbox bank's webhooks to ourselves: made anew for each run."""


@dataclass(frozen=True, slots=True)
class Sandbox:
    """The outside world that stands in for the vendors. Each part is there whether or not the settings use it."""

    outside: Outside
    carrier: Carrier
    mail: MailServer
    bank: Bank
    bank_post: Delivery
    post: Post
    """How mail relays reach our webhooks."""


@dataclass(frozen=True, slots=True)
class Assembly:
    runtime: Runtime
    directory: MerchantDirectory
    sandbox: Sandbox | None


def assemble(settings: Settings) -> Assembly:
    is_production = settings.environment is Environment.PRODUCTION
    clock: Clock = SystemClock() if is_production else MovableClock(settings.var_dir / "clock")
    database = Database(settings.database_url)
    directory = MerchantDirectory(database)
    sandbox = _sandbox(settings, clock, directory) if settings.sandboxes else None
    gateway = _gateway(settings, sandbox, clock)
    ports = Ports(
        sms=_sms(settings, sandbox),
        email=_email(settings, sandbox, clock),
        gateways={gateway.name: gateway},
        gateway=gateway,
        jobs=DatabaseJobs(database),
    )
    signer = Signer([key.get_secret_value() for key in settings.secret_keys])
    return Assembly(Runtime(database, clock, signer, settings.site(), ports), directory, sandbox)


def _sandbox(settings: Settings, clock: Clock, directory: MerchantDirectory) -> Sandbox:
    settings.var_dir.mkdir(parents=True, exist_ok=True)
    outside = Outside(f"sqlite:///{settings.var_dir / 'outside.sqlite3'}", clock)
    carrier = Carrier(outside, settings.base_url, _post_form, lambda sid: _token(directory, sid))
    bank = Bank(settings.var_dir / "bank.sqlite3", clock, card_basis_points=BANK_CARD_BASIS_POINTS)
    url = f"{settings.base_url}/webhooks/bank"
    (settings.var_dir / "bank.secret").write_text(BANK_SECRETS[-1])  # for `flask trigger`, which signs as the bank does
    return Sandbox(
        outside, carrier, MailServer(outside), bank, Delivery(bank, url=url, secrets=BANK_SECRETS, post=_post), _post
    )


def start_sandbox(sandbox: Sandbox) -> None:
    """Let mail in, and the carrier and the bank post by themselves: for a process that serves."""
    sandbox.mail.start()
    sandbox.carrier.start()
    threading.Thread(target=_run_bank, args=(sandbox.bank_post,), name="bank", daemon=True).start()


def _run_bank(delivery: Delivery) -> None:
    pause = threading.Event()
    while not pause.wait(BANK_POLL_S):
        delivery.flush()


def _sms(settings: Settings, sandbox: Sandbox | None) -> SmsChannel:
    if settings.sms == "sandbox" and sandbox is not None:
        return TwilioSms(SandboxHttpClient(sandbox.carrier))
    return TwilioSms(RebasedHttpClient(settings.twilio_api_base))


def _email(settings: Settings, sandbox: Sandbox | None, clock: Clock) -> EmailChannel:
    if settings.email == "sandbox" and sandbox is not None:
        return SmtpEmail(sandbox.mail.url, clock)
    return SmtpEmail(settings.smtp_url.get_secret_value() if settings.smtp_url else "", clock)


def _gateway(settings: Settings, sandbox: Sandbox | None, clock: Clock) -> Gateway:
    if settings.payments == "sandbox" and sandbox is not None:
        return SandboxGateway(sandbox.bank, base_url=settings.base_url, secrets=BANK_SECRETS)
    key = settings.stripe_secret_key
    return StripeGateway(
        key.get_secret_value() if key else "",
        settings.stripe_secrets,
        clock=clock,
        api_base=settings.stripe_api_base,
    )


def _token(directory: MerchantDirectory, sid: str) -> str | None:
    merchant = directory.by_account(sid)
    return merchant.twilio_auth_token if merchant else None


def _post_form(url: str, form: Mapping[str, str], headers: Mapping[str, str]) -> tuple[int, str]:
    answer = requests.post(url, data=dict(form), headers=dict(headers), timeout=POST_TIMEOUT_S)
    return answer.status_code, answer.text


def _post(url: str, headers: Mapping[str, str], body: bytes) -> int:
    return requests.post(url, data=body, headers=dict(headers), timeout=POST_TIMEOUT_S).status_code
