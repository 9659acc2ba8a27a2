"""Typed settings from the environment: secrets, URLs, provider names. Refuses to start on a bad or missing value."""

from pathlib import Path
from typing import Annotated, Literal, Self
from urllib.parse import urlsplit

from pydantic import BeforeValidator, Field, SecretStr, ValidationError, model_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from models.context import Environment, Site
from models.ports import SmsAccount

MIN_KEY_CHARS = 32  # ASVS 13.3.4; 128 bits even as hex
_WEAK = {"change", "changeme", "secret", "password", "dev", "test", "default", "example"}


class SettingsError(Exception):
    """One line a person can act on, per setting that is wrong."""


def _split(value: object) -> object:
    return [part.strip() for part in value.split(",") if part.strip()] if isinstance(value, str) else value


class Settings(BaseSettings):
    # Hidden: pydantic would print the values beside the one that is wrong, secrets among them.
    model_config = SettingsConfigDict(extra="ignore", frozen=True, hide_input_in_errors=True)

    environment: Environment = Field(Environment.PRODUCTION, validation_alias="TILL_ENV")
    base_url: str = Field("http://127.0.0.1:8000", validation_alias="TILL_BASE_URL")
    database_url: str = Field("sqlite:///var/till.sqlite3", validation_alias="DATABASE_URL", repr=False)
    secret_keys: Annotated[list[SecretStr], NoDecode, BeforeValidator(_split)] = Field(
        default_factory=list, validation_alias="SECRET_KEY"
    )
    """Oldest to newest: the newest signs, all verify."""
    var_dir: Path = Field(Path("var"), validation_alias="TILL_VAR")
    """Where the sandbox's own files and the demo's live."""
    worker: bool = Field(True, validation_alias="TILL_WORKER")
    """False: this web process never runs jobs, even on SQLite."""
    put_off: bool = Field(True, validation_alias="TILL_PUT_OFF")
    """False: every text is answered on the line, however many wait behind it. On SQLite always so."""

    metrics_token: SecretStr | None = Field(None, validation_alias="TILL_METRICS_TOKEN")
    """What a scraper must bear. None: in production there is no /metrics."""

    traces_endpoint: str | None = Field(None, validation_alias="OTEL_EXPORTER_OTLP_ENDPOINT")
    """Read by OpenTelemetry itself, as are its other variables. None: no traces."""

    sms: Literal["twilio", "sandbox"] = Field("twilio", validation_alias="TILL_SMS")
    email: Literal["smtp", "sandbox"] = Field("smtp", validation_alias="TILL_EMAIL")
    payments: Literal["stripe", "sandbox"] = Field("stripe", validation_alias="TILL_PAYMENTS")

    twilio_account_sid: str | None = None
    twilio_auth_token: SecretStr | None = None
    twilio_api_base: str = "https://api.twilio.com"
    smtp_url: SecretStr | None = None
    stripe_secret_key: SecretStr | None = None
    stripe_webhook_secret: SecretStr | None = None
    """Comma-separated while one replaces another: all verify."""
    stripe_api_base: str = "https://api.stripe.com"

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
    def stripe_secrets(self) -> list[str]:
        told = self.stripe_webhook_secret.get_secret_value() if self.stripe_webhook_secret else ""
        return [secret.strip() for secret in told.split(",") if secret.strip()]

    def site(self) -> Site:
        sid, token = self.twilio_account_sid, self.twilio_auth_token
        account = SmsAccount(sid, token.get_secret_value()) if sid and token else None
        return Site(self.base_url.rstrip("/"), self.environment, account)

    @model_validator(mode="after")
    def _is_safe_to_start(self) -> Self:
        problems = [*self._key_problems(), *self._provider_problems()]
        if urlsplit(self.base_url).scheme not in ("http", "https") or not self.host:
            problems.append("TILL_BASE_URL must be the public http(s) address of this site")
        if self.environment is Environment.PRODUCTION and not self.is_secure:
            problems.append("TILL_BASE_URL must be https in production")
        if problems:
            raise ValueError("\n".join(problems))
        return self

    def _key_problems(self) -> list[str]:
        if not self.secret_keys:
            return ["SECRET_KEY is missing: make one with `python -c 'import secrets; print(secrets.token_hex(32))'`"]
        for key in self.secret_keys:
            text = key.get_secret_value()
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
        names = ("twilio_account_sid", "twilio_auth_token", "smtp_url", "stripe_secret_key", "stripe_webhook_secret")
        return {name.upper(): getattr(self, name) for name in names}

    @staticmethod
    def _pairs() -> dict[str, tuple[str, ...]]:
        return {
            "sms": ("TWILIO_ACCOUNT_SID", "TWILIO_AUTH_TOKEN"),
            "email": ("SMTP_URL",),
            "payments": ("STRIPE_SECRET_KEY", "STRIPE_WEBHOOK_SECRET"),
        }


def load() -> Settings:
    """From the environment. Raises SettingsError."""
    try:
        return Settings()
    except ValidationError as error:
        told = [
            ": ".join([*map(str, problem["loc"]), problem["msg"].removeprefix("Value error, ")])
            for problem in error.errors(include_input=False)
        ]
        raise SettingsError("\n".join(told)) from None
