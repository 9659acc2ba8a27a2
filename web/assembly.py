"""Puts the pieces together as the settings say: which ends the wires have, and the sandbox's outside world if any."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

from werkzeug.utils import import_string

from bot.channels.smtp import SmtpEmail
from bot.channels.twilio import TwilioSms
from models.clock import Clock, MovableClock, SystemClock
from models.context import Environment, Ports, Runtime
from models.database import Database
from models.gateway import Gateway
from models.ports import EmailChannel, SmsChannel
from models.signing import Signer
from payments.gateways.stripe_facts import LateStripe
from web.config import Settings
from web.directory import MerchantDirectory
from web.engine_jobs import DatabaseJobs
from web.withheld import withheld

if TYPE_CHECKING:
    from payments.gateways.stripe import StripeGateway
    from web.sandbox import Sandbox


@dataclass(frozen=True, slots=True)
class Assembly:
    runtime: Runtime
    directory: MerchantDirectory
    sandbox: "Sandbox | None"
    late_gateway: LateStripe | None = None
    """The runtime's, where it waits for its library."""


def assemble(settings: Settings) -> Assembly:
    is_production = settings.environment is Environment.PRODUCTION
    clock: Clock = SystemClock() if is_production else MovableClock(settings.var_dir / "clock")
    database = Database(settings.database_url)
    directory = MerchantDirectory(database)
    build = import_string("web.sandbox:build") if settings.sandboxes else None
    sandbox: Sandbox | None = build(settings, clock, directory) if build else None
    gateway = _gateway(settings, sandbox, clock)
    ports = Ports(
        sms=_sms(settings, sandbox),
        email=_email(settings, sandbox, clock),
        gateways={gateway.name: gateway},
        gateway=gateway,
        jobs=DatabaseJobs(database),
    )
    signer = Signer([key.get_secret_value() for key in settings.secret_keys])
    late = gateway if isinstance(gateway, LateStripe) else None
    return Assembly(Runtime(database, clock, signer, settings.site(), ports), directory, sandbox, late)


def _sms(settings: Settings, sandbox: "Sandbox | None") -> SmsChannel:
    if settings.sms == "sandbox" and sandbox is not None:
        return sandbox.sms()
    return TwilioSms(api_base=settings.twilio_api_base)


def _email(settings: Settings, sandbox: "Sandbox | None", clock: Clock) -> EmailChannel:
    if settings.email == "sandbox" and sandbox is not None:
        return sandbox.email(clock)
    return SmtpEmail(settings.smtp_url.get_secret_value() if settings.smtp_url else "", clock)


def _gateway(settings: Settings, sandbox: "Sandbox | None", clock: Clock) -> Gateway:
    if settings.payments == "sandbox" and sandbox is not None:
        return sandbox.gateway(settings.base_url)
    key = settings.stripe_secret_key.get_secret_value() if settings.stripe_secret_key else ""
    secrets, api_base = settings.stripe_secrets, settings.stripe_api_base
    late = LateStripe(key, lambda: load_stripe()(key, secrets, clock=clock, api_base=api_base))
    return cast(Gateway, late)


def load_stripe() -> "type[StripeGateway]":
    """From any thread: nobody else in a process that serves looks for what is withheld meanwhile."""
    with withheld():
        gateway: type[StripeGateway] = import_string("payments.gateways.stripe:StripeGateway")
    return gateway
