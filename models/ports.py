"""The outside as Till sees it: one small Protocol per port and the values that cross it. No vendor's word in here."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from sqlalchemy.orm import Session

from models.customer import Channel
from models.message import Failure, MessageStatus


@dataclass(frozen=True, slots=True)
class WebhookRequest:
    """One HTTP request without its framework. `url` is built from the configured base URL, never from Host.
    `form` keeps order, blanks and repeats."""

    url: str
    headers: Mapping[str, str]
    form: tuple[tuple[str, str], ...]
    body: bytes


# --- texts -----------------------------------------------------------------------------------------------------------
@dataclass(frozen=True, slots=True)
class SmsAccount:
    """Whose account pays and whose token signs."""

    sid: str
    auth_token: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class OutboundSms:
    account: SmsAccount
    reference: str
    sender: str
    to: str
    body: str = field(repr=False)
    status_callback: str
    claimed_at: datetime
    channel: Channel = Channel.SMS
    content_sid: str | None = None
    """An approved template to say it with; `body` is then for the record only."""
    content_variables: tuple[tuple[str, str], ...] = field(default=(), repr=False)
    not_these: frozenset[str] = frozenset()
    """For `find`: carrier's references of other texts, which may say the same to the same number."""


@dataclass(frozen=True, slots=True)
class InboundSms:
    provider_reference: str
    channel: Channel
    sender: str
    to: str
    messaging_service: str | None
    body: str = field(repr=False)
    opt_out_type: str | None
    """"STOP", "START" or "HELP" where the carrier's platform has already answered the customer itself."""


@dataclass(frozen=True, slots=True)
class DeliveryReceipt:
    """`reference` is ours, from the callback's own URL. `status` None: a word we do not know, to be ignored."""

    reference: str | None
    provider_reference: str
    status: MessageStatus | None
    failure: Failure | None
    error_code: str | None


class SmsChannel(Protocol):
    def send(self, sms: OutboundSms) -> str:
        """The carrier's reference. Raises ProviderError."""
        ...

    def find(self, sms: OutboundSms) -> str | None:
        """The carrier's reference if it already has this text, None if it never had it. Raises ProviderError."""
        ...

    def verify(self, request: WebhookRequest, account: SmsAccount) -> None:
        """Raises UnverifiedWebhook."""
        ...

    def parse_inbound(self, request: WebhookRequest, account: SmsAccount) -> InboundSms:
        """Verified and parsed in one call. Raises UnverifiedWebhook, MalformedWebhook."""
        ...

    def parse_receipt(self, request: WebhookRequest, account: SmsAccount) -> DeliveryReceipt:
        """Raises UnverifiedWebhook, MalformedWebhook."""
        ...


# --- emails ----------------------------------------------------------------------------------------------------------
@dataclass(frozen=True, slots=True)
class OutboundFile:
    name: str
    content_type: str
    content: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class OutboundEmail:
    """`message_id` is ours and fixed per message, so that a repeat is recognised as one."""

    message_id: str
    sender_name: str
    sender: str
    to: str
    subject: str
    text: str = field(repr=False)
    html: str | None = field(repr=False)
    headers: Mapping[str, str] = field(default_factory=dict)
    files: tuple[OutboundFile, ...] = ()


class EmailChannel(Protocol):
    def send(self, email: OutboundEmail) -> str:
        """The Message-ID. Raises ProviderError."""
        ...


@dataclass(frozen=True, slots=True)
class Mailbox:
    """Where a merchant's mail comes in, and what proves that a provider brought it. None: that proof is not set up."""

    addresses: frozenset[str]
    """Ours, lower case and without a tag: mail to them is for us, mail from them is our own."""
    secret: str | None = field(default=None, repr=False)
    """The password (or `user:password`) of basic auth, a bearer token, or the `secret` of the URL's query."""
    signing_key: str | None = field(default=None, repr=False)
    authserv_id: str | None = None
    """Whose Authentication-Results count where raw mail is brought by a relay of our own."""


@dataclass(frozen=True, slots=True)
class DeliveryReport:
    """A bounce or a complaint as a mail. It is a claim as well: it counts if `message_id` is one that we sent."""

    address: str
    is_permanent: bool
    is_complaint: bool
    message_id: str | None


@dataclass(frozen=True, slots=True)
class InboundEmail:
    """One mail. Sender, subject and text are claims; only `is_authenticated` is a provider's own word."""

    provider_reference: str
    """The Message-ID, or a hash of the mail that has none."""
    checksum: str
    from_address: str | None
    """Lower case. None unless exactly one From holds exactly one plain address."""
    to: tuple[str, ...]
    cc: tuple[str, ...]
    subject: str
    text: str = field(repr=False)
    """The newest text only."""
    in_reply_to: str | None
    references: tuple[str, ...]
    reply_tag: str | None
    """What stands behind the + of our address, in its own case."""
    automatic: str | None
    """Why nothing may be answered; None: a person wrote it."""
    is_authenticated: bool
    """The provider says that the domain of `from_address` sent it (DMARC: aligned and passed)."""
    reports: tuple[DeliveryReport, ...]
    is_unreadable: bool
    raw: bytes = field(repr=False)
    replay_key: str | None = None
    """To be accepted once only, where the provider's signature covers no content."""


class InboundEmailVendor(Protocol):
    """Its module: bot/channels/<vendor>.py."""

    def is_configured(self, mailbox: Mailbox) -> bool:
        """False: this door does not exist (404)."""
        ...

    def verify_and_parse(self, request: WebhookRequest, mailbox: Mailbox, now: datetime) -> InboundEmail:
        """Raises UnverifiedWebhook, MalformedWebhook, and nothing else whatever comes."""
        ...


# --- jobs ------------------------------------------------------------------------------------------------------------
@dataclass(frozen=True, slots=True)
class FailedJob:
    """`error`: type and place only; `args`: what it was enqueued with, ids mostly."""

    job_id: str
    name: str
    error: str
    args: tuple[str | int, ...] = ()


class Jobs(Protocol):
    def enqueue(
        self,
        session: Session,
        name: str,
        *args: str | int,
        queue: str,
        job_id: str,
        key: str | None = None,
        delay_s: float = 0.0,
    ) -> None:
        """Add a job inside the caller's transaction: no commit, no job. The same `job_id` twice is one job.
        `key` is what the queue's rate counts by: the sending number."""
        ...

    def bring_forward(self, job_ids: Sequence[str]) -> None:
        """Make waiting jobs due now: the demo's clock has jumped past their delay. Others are left as they are."""
        ...

    def failed(self, limit: int = 100) -> "list[FailedJob]":
        """Those that ended in an error nobody has retried yet, the newest first."""
        ...

    def retry(self, job_id: str) -> str:
        """Run a failed job again from its start, under the new id that is returned."""
        ...

    def discard(self, job_id: str) -> None:
        """Forget a failed job."""
        ...
