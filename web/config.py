"""Typed settings from the environment: secrets, URLs, provider names. Refuses to start on a bad or missing value."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, Self
from urllib.parse import urlsplit

from models.context import Environment, Site
from models.ports import SmsAccount
from web.variables import flag, names, one_of, several, told, variable

MIN_KEY_CHARS = 32  # ASVS 13.3.4; 128 bits even as hex
_WEAK = {"change", "changeme", "secret", "password", "dev", "test", "default", "example"}
_CREDENTIALS = ("twilio_account_sid", "twilio_auth_token", "smtp_url", "stripe_secret_key", "stripe_webhook_secret")


class SettingsError(Exception):
    """One line a person can act on, per setting that is wrong."""


def _environment(value: str) -> Environment:
    return Environment(one_of(*Environment)(value))


@dataclass(frozen=True, kw_only=True, slots=True)
class Settings:
    environment: Environment = variable("TILL_ENV", Environment.PRODUCTION, _environment)  # noqa: RUF009 - a field
    base_url: str = variable("TILL_BASE_URL", "http://127.0.0.1:8000")
    database_url: str = variable("DATABASE_URL", "sqlite:///var/till.sqlite3", is_secret=True)
    secret_keys: tuple[str, ...] = variable("SECRET_KEY", (), several, is_secret=True)
    """Oldest to newest: the newest signs, all verify."""
    var_dir: Path = variable("TILL_VAR", Path("var"), Path)  # noqa: RUF009 - a field
    """Where the sandbox's own files and the demo's live."""
    worker: bool = variable("TILL_WORKER", True, flag)
    """False: this web process never runs jobs, even on SQLite."""
    put_off: bool = variable("TILL_PUT_OFF", True, flag)
    """False: every text is answered on the line, however many wait behind it. On SQLite always so."""

    metrics_token: str | None = variable("TILL_METRICS_TOKEN", None, is_secret=True)
    """What a scraper must bear. None: in production there is no /metrics."""

    traces_endpoint: str | None = variable("OTEL_EXPORTER_OTLP_ENDPOINT", None)
    """Read by OpenTelemetry itself, as are its other variables. None: no traces."""

    sms: Literal["twilio", "sandbox"] = variable("TILL_SMS", "twilio", one_of("twilio", "sandbox"))
    email: Literal["smtp", "sandbox"] = variable("TILL_EMAIL", "smtp", one_of("smtp", "sandbox"))
    payments: Literal["stripe", "sandbox"] = variable("TILL_PAYMENTS", "stripe", one_of("stripe", "sandbox"))

    twilio_account_sid: str | None = variable("TWILIO_ACCOUNT_SID", None)
    twilio_auth_token: str | None = variable("TWILIO_AUTH_TOKEN", None, is_secret=True)
    twilio_api_base: str = variable("TWILIO_API_BASE", "https://api.twilio.com")
    smtp_url: str | None = variable("SMTP_URL", None, is_secret=True)
    stripe_secret_key: str | None = variable("STRIPE_SECRET_KEY", None, is_secret=True)
    stripe_webhook_secret: str | None = variable("STRIPE_WEBHOOK_SECRET", None, is_secret=True)
    """Comma-separated while one replaces another: all verify."""
    stripe_api_base: str = variable("STRIPE_API_BASE", "https://api.stripe.com")

    @classmethod
    def of(cls, variables: Mapping[str, str]) -> Self:
        """Raises SettingsError."""
        values, problems = told(cls, variables)
        settings = cls(**values)
        problems = problems or settings._problems()
        if problems:
            raise SettingsError("\n".join(problems))
        return settings

    @property
    def is_secure(self) -> bool:
        return self.base_url.startswith("https://")

    @property
    def host(self) -> str:
        return urlsplit(self.base_url).hostname or ""

    @property
    def sandboxes(self) -> list[str]:
        return [name for name in ("sms", "email", "payments") if getattr(self, name) == "sandbox"]

    @property
    def stripe_secrets(self) -> tuple[str, ...]:
        return several(self.stripe_webhook_secret or "")

    def site(self) -> Site:
        sid, token = self.twilio_account_sid, self.twilio_auth_token
        account = SmsAccount(sid, token) if sid and token else None
        return Site(self.base_url.rstrip("/"), self.environment, account)

    def _problems(self) -> list[str]:
        problems = [*self._key_problems(), *self._provider_problems()]
        if urlsplit(self.base_url).scheme not in ("http", "https") or not self.host:
            problems.append("TILL_BASE_URL must be the public http(s) address of this site")
        if self.environment is Environment.PRODUCTION and not self.is_secure:
            problems.append("TILL_BASE_URL must be https in production")
        return problems

    def _key_problems(self) -> list[str]:
        if not self.secret_keys:
            return ["SECRET_KEY is missing: make one with `python -c 'import secrets; print(secrets.token_hex(32))'`"]
        for text in self.secret_keys:
            too_plain = len(set(text)) < 10 or any(word in text.casefold() for word in _WEAK)
            if len(text) < MIN_KEY_CHARS or too_plain:
                return [f"SECRET_KEY is weak: {MIN_KEY_CHARS} random characters at least, each one"]
        return []

    def _provider_problems(self) -> list[str]:
        problems = []
        live = [name for name, value in self._credentials().items() if value is not None]
        if self.environment is Environment.PRODUCTION and self.sandboxes:
            problems.append(f"TILL_ENV=production refuses the sandbox (set for: {', '.join(self.sandboxes)})")
        if self.environment is Environment.DEMO and live:
            problems.append(f"the demo refuses to start while live credentials are set: {', '.join(live)}")
        for name, credentials in self._pairs().items():
            if getattr(self, name) == "sandbox" and any(self._credentials()[c] is not None for c in credentials):
                problems.append(
                    f"TILL_{name.upper()}=sandbox with live credentials ({', '.join(credentials)}): choose one"
                )
        if self.email == "smtp" and self.smtp_url is None:
            problems.append("SMTP_URL is missing: smtp://user:password@host:587")
        if self.payments == "stripe" and not (self.stripe_secret_key and self.stripe_secrets):
            problems.append("STRIPE_SECRET_KEY and STRIPE_WEBHOOK_SECRET are missing")
        if self.sms == "twilio" and bool(self.twilio_account_sid) != bool(self.twilio_auth_token):
            problems.append("TWILIO_ACCOUNT_SID and TWILIO_AUTH_TOKEN go together")
        return problems

    def _credentials(self) -> dict[str, object]:
        variables = names(type(self))
        return {variables[name]: getattr(self, name) for name in _CREDENTIALS}

    @staticmethod
    def _pairs() -> dict[str, tuple[str, ...]]:
        return {
            "sms": ("TWILIO_ACCOUNT_SID", "TWILIO_AUTH_TOKEN"),
            "email": ("SMTP_URL",),
            "payments": ("STRIPE_SECRET_KEY", "STRIPE_WEBHOOK_SECRET"),
        }


def load() -> Settings:
    """From the environment. Raises SettingsError."""
    return Settings.of(os.environ)
