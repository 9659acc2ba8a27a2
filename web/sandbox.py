"""The outside world that stands in for the vendors. In production this module is not even loaded."""

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
from bot.channels.twilio import TwilioSms
from models.clock import Clock
from models.gateway import Gateway
from models.ports import EmailChannel, SmsChannel
from payments.gateways.bank import Bank
from payments.gateways.delivery import Delivery, Post
from payments.gateways.sandbox import SandboxGateway
from web.config import Settings
from web.directory import MerchantDirectory

POST_TIMEOUT_S = 30
BANK_CARD_BASIS_POINTS = 250
BANK_POLL_S = 0.5
BANK_SECRETS = (secrets.token_hex(32),)
"""Signs the sandbox bank's webhooks to ourselves: made anew for each run."""


@dataclass(frozen=True, slots=True)
class Sandbox:
    """Each part is there whether or not the settings use it."""

    outside: Outside
    carrier: Carrier
    mail: MailServer
    bank: Bank
    bank_post: Delivery
    post: Post
    """How mail relays reach our webhooks."""

    def sms(self) -> SmsChannel:
        return TwilioSms(SandboxHttpClient(self.carrier))

    def email(self, clock: Clock) -> EmailChannel:
        return SmtpEmail(self.mail.url, clock)

    def gateway(self, base_url: str) -> Gateway:
        return SandboxGateway(self.bank, base_url=base_url, secrets=BANK_SECRETS)

    def start(self) -> None:
        """Let mail in, and the carrier and the bank post by themselves: for a process that serves."""
        self.mail.start()
        self.carrier.start()
        threading.Thread(target=_run_bank, args=(self.bank_post,), name="bank", daemon=True).start()


def build(settings: Settings, clock: Clock, directory: MerchantDirectory) -> Sandbox:
    settings.var_dir.mkdir(parents=True, exist_ok=True)
    outside = Outside(f"sqlite:///{settings.var_dir / 'outside.sqlite3'}", clock)
    carrier = Carrier(outside, settings.base_url, _post_form, lambda sid: _token(directory, sid))
    bank = Bank(settings.var_dir / "bank.sqlite3", clock, card_basis_points=BANK_CARD_BASIS_POINTS)
    url = f"{settings.base_url}/webhooks/bank"
    (settings.var_dir / "bank.secret").write_text(BANK_SECRETS[-1])  # for `flask trigger`, which signs as the bank does
    return Sandbox(
        outside, carrier, MailServer(outside), bank, Delivery(bank, url=url, secrets=BANK_SECRETS, post=_post), _post
    )


def _run_bank(delivery: Delivery) -> None:
    pause = threading.Event()
    while not pause.wait(BANK_POLL_S):
        delivery.flush()


def _token(directory: MerchantDirectory, sid: str) -> str | None:
    merchant = directory.by_account(sid)
    return merchant.twilio_auth_token if merchant else None


def _post_form(url: str, form: Mapping[str, str], headers: Mapping[str, str]) -> tuple[int, str]:
    answer = requests.post(url, data=dict(form), headers=dict(headers), timeout=POST_TIMEOUT_S)
    return answer.status_code, answer.text


def _post(url: str, headers: Mapping[str, str], body: bytes) -> int:
    return requests.post(url, data=body, headers=dict(headers), timeout=POST_TIMEOUT_S).status_code
