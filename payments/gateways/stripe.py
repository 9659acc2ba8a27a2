"""Stripe Checkout, both directions: opens, finds and closes sessions, and reads Stripe's signed events. Stripe's words
become ours in the tables at the top; a word that is not there is logged and ignored, never guessed."""

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import structlog
from requests import ConnectTimeout
from requests.exceptions import SSLError
from stripe import (
    APIConnectionError,
    APIError,
    CardError,
    IdempotencyError,
    InvalidRequestError,
    RequestsClient,
    SignatureVerificationError,
    StripeClient,
    StripeError,
    WebhookSignature,
)
from stripe.checkout import Session as StripeSession
from stripe.params.checkout import SessionCreateParams
from urllib3.exceptions import NewConnectionError

from models.clock import Clock
from models.errors import MalformedWebhook, ProviderError, UnverifiedWebhook
from models.payment import Method
from models.ports import GatewayEvent, GatewayEventKind, StartedPayment, StartPayment, WebhookRequest
from payments.gateways import signatures, stripe_words
from payments.gateways.stripe_words import Dispute, Envelope, Session

log = structlog.get_logger()

_METHODS = {Method.CARD: "card", Method.BANK: "us_bank_account", Method.NETWORK: "link"}
_SESSION_EVENTS: dict[str, dict[str, GatewayEventKind]] = {
    "checkout.session.completed": {"paid": GatewayEventKind.SUCCEEDED, "unpaid": GatewayEventKind.PROCESSING},
    "checkout.session.async_payment_succeeded": {"paid": GatewayEventKind.SUCCEEDED},
    "checkout.session.async_payment_failed": {"unpaid": GatewayEventKind.FAILED},
    "checkout.session.expired": {"unpaid": GatewayEventKind.CANCELLED},
}
"""By event and payment_status: money counts only where both say so."""
_DISPUTE_EVENTS = frozenset({"charge.dispute.created", "charge.dispute.closed"})

API_BASE = "https://api.stripe.com"
TIMEOUTS_S = (5.0, 18.0)  # connect, read: with one repeat still less than attempts.START_TIMEOUT allows
ASIDE_S = (2.0, 5.0)
"""For what an event leaves out: Stripe waits for our answer meanwhile."""
EXPIRY_MARGIN = timedelta(minutes=5)
"""Checkout takes 30 min at least, by its own clock and when the request arrives. Till closes the session earlier."""
LISTED_FOR = timedelta(hours=1)
"""A session lives for 35 min. An older one cannot be open any more, whatever became of our call."""
_DETAILS = "payment_intent.latest_charge"
_FINAL = (InvalidRequestError, CardError, IdempotencyError)
# The library takes the first t that it finds, so ours must be that one: else an old signature passes for a new one.
_SIGNATURE = re.compile(r"t=([0-9]{1,11})(?:,[!-~]*)")


class StripeGateway:
    name = "stripe"

    def __init__(
        self,
        secret_key: str,
        webhook_secrets: Sequence[str],
        *,
        clock: Clock,
        api_base: str = API_BASE,
        timeouts_s: tuple[float, float] = TIMEOUTS_S,
    ) -> None:
        """All of `webhook_secrets` verify, so that one can replace another."""
        self._sessions = _client(secret_key, api_base, timeouts_s, retries=1).v1.checkout.sessions
        self._aside = _client(secret_key, api_base, ASIDE_S, retries=0).v1.checkout.sessions
        self._secrets = webhook_secrets
        self._clock = clock
        self._is_live = secret_key.partition("_")[2].startswith("live")

    # --- out ---------------------------------------------------------------------------------------------------------
    def start(self, payment: StartPayment) -> StartedPayment:
        with _asking():
            session = _understood(self._create(_wanted(payment), payment.reference))
        if session.url is None:
            raise ProviderError("no_url", accepted_unknown=True)
        return StartedPayment(session.id, session.url)

    def fetch(self, reference: str, provider_reference: str | None) -> GatewayEvent | None:
        session = self._read(provider_reference) if provider_reference else self._listed(reference)
        kind = stripe_words.present_kind(session) if session is not None else None
        return stripe_words.event(None, kind, session) if session is not None and kind is not None else None

    def cancel(self, reference: str, provider_reference: str | None) -> bool:
        if provider_reference is None:
            found = self._listed(reference)
            if found is None:
                return True
            provider_reference = found.id
        with _asking():
            try:
                self._sessions.expire(provider_reference)
            except InvalidRequestError:
                status = self._read(provider_reference).status
                if status == "open":
                    raise
                return status == "expired"
        return True

    def _create(self, wanted: SessionCreateParams, key: str) -> StripeSession:
        """Twice at most, which the key makes one request. The library's own repeats would hide that a try which may
        have arrived came before one which did not."""
        try:
            return self._sessions.create(wanted, {"idempotency_key": key, "max_network_retries": 0})
        except APIConnectionError as error:
            first = error
        try:
            return self._sessions.create(wanted, {"idempotency_key": key, "max_network_retries": 0})
        except StripeError as second:
            is_certain = isinstance(second, _FINAL) or _never_left(first)
            raise _provider_error(second if is_certain else first) from second

    def _read(self, session_id: str, *, aside: bool = False) -> Session:
        sessions = self._aside if aside else self._sessions
        with _asking():
            return _understood(sessions.retrieve(session_id, {"expand": [_DETAILS]}))

    def _listed(self, reference: str) -> Session | None:
        """Our reference cannot be searched for, and repeating the call to create would open a session where there was
        none. So the recent ones are looked through, which changes nothing."""
        since = self._clock.now() - LISTED_FOR
        with _asking():
            recent = self._sessions.list({"created": {"gte": int(since.timestamp())}, "limit": 100})
            sessions = map(_understood, recent.auto_paging_iter())
            found = next((one for one in sessions if one.client_reference_id == reference), None)
        return self._read(found.id) if found is not None else None

    # --- in ----------------------------------------------------------------------------------------------------------
    def parse_event(self, request: WebhookRequest) -> GatewayEvent | None:
        """Also raises ProviderError, where the event does not say which payment it is about and Stripe cannot be asked:
        it is sent again."""
        self._verify(request)
        try:
            envelope = Envelope.model_validate_json(request.body)
            if envelope.livemode is not self._is_live:
                log.warning("stripe.other_mode", event_id=envelope.id, kind=envelope.type)
                return None
            if envelope.type in _SESSION_EVENTS:
                return self._about_session(envelope)
            if envelope.type in _DISPUTE_EVENTS:
                return self._about_dispute(envelope)
        except ValueError as error:
            raise MalformedWebhook from error
        log.info("stripe.ignored", event_id=envelope.id, kind=envelope.type)
        return None

    def _verify(self, request: WebhookRequest) -> None:
        headers = {name.lower(): value for name, value in request.headers.items()}
        header = headers.get("stripe-signature", "")
        stamp = _SIGNATURE.fullmatch(header)
        if stamp is None:
            raise UnverifiedWebhook
        # Not left to the library: it compares with the system's clock, and takes any event of the future.
        if abs(self._clock.now() - datetime.fromtimestamp(int(stamp[1]), UTC)) > signatures.TOLERANCE:
            raise UnverifiedWebhook
        if not any(_is_signed(request.body, header, secret) for secret in self._secrets):
            raise UnverifiedWebhook

    def _about_session(self, envelope: Envelope) -> GatewayEvent | None:
        session = Session.model_validate(envelope.data.object)
        kind = _SESSION_EVENTS[envelope.type].get(session.payment_status)
        if kind is None:
            log.warning("stripe.contradiction", kind=envelope.type, payment_status=session.payment_status)
            return None
        if kind in (GatewayEventKind.SUCCEEDED, GatewayEventKind.FAILED) and session.client_reference_id is not None:
            session = self._detailed(session)
        return stripe_words.event(envelope.id, kind, session)

    def _detailed(self, session: Session) -> Session:
        """With the card's brand and the reason of a failure, which events leave out. They are worth no delay."""
        try:
            told = self._read(session.id, aside=True)
        except ProviderError as error:
            log.info("stripe.no_details", session=session.id, code=error.code)
            return session
        return session.model_copy(update={"payment_intent": told.payment_intent})

    def _about_dispute(self, envelope: Envelope) -> GatewayEvent | None:
        dispute = Dispute.model_validate(envelope.data.object)
        session = self._behind(dispute)
        if session is None or not stripe_words.is_return(dispute, session, is_new=envelope.type.endswith("created")):
            log.info("stripe.dispute", dispute=dispute.id, status=dispute.status)
            return None
        return stripe_words.returned(envelope.id, dispute, session)

    def _behind(self, dispute: Dispute) -> Session | None:
        """A dispute knows its payment at Stripe, not ours."""
        if dispute.payment_intent is None:
            return None
        with _asking():
            found = self._aside.list(
                {"payment_intent": dispute.payment_intent, "limit": 1, "expand": [f"data.{_DETAILS}"]}
            ).data
            return _understood(found[0]) if found else None


# --- pieces ----------------------------------------------------------------------------------------------------------
def _client(key: str, api_base: str, timeouts_s: tuple[float, float], *, retries: int) -> StripeClient:
    http = RequestsClient(timeout=timeouts_s)
    return StripeClient(
        key, base_addresses={"api": api_base.rstrip("/")}, http_client=http, max_network_retries=retries
    )


def _wanted(payment: StartPayment) -> SessionCreateParams:
    """Always the same for the same payment: Stripe refuses a key that comes back with anything else."""
    about = {"payment": payment.reference, "reference": payment.short_reference}
    wanted: SessionCreateParams = {
        "mode": "payment",
        "client_reference_id": payment.reference,
        # Not payment_method_types: the API refuses it since 2026-09-30, and the library pins a later version.
        "allowed_payment_method_types": [_METHODS[payment.method]],
        "line_items": [
            {
                "quantity": 1,
                "price_data": {
                    "currency": payment.amount.currency.lower(),
                    "unit_amount": stripe_words.minor_units(payment.amount),
                    "product_data": {"name": payment.payee, "description": payment.description},
                },
            }
        ],
        # What is owed is owed in the invoice's currency: none that Stripe converts to.
        "adaptive_pricing": {"enabled": False},
        "success_url": payment.return_url,
        "cancel_url": payment.return_url,
        "expires_at": int((payment.expires_at + EXPIRY_MARGIN).timestamp()),
        "metadata": about,
        "payment_intent_data": {"metadata": about, "description": payment.description},
    }
    if payment.method is Method.BANK:
        wanted["payment_method_options"] = {
            "us_bank_account": {"financial_connections": {"permissions": ["payment_method"]}}
        }
    return wanted


@contextmanager
def _asking() -> Iterator[None]:
    """Every way in which a question to Stripe fails is a ProviderError."""
    try:
        yield
    except StripeError as error:
        raise _provider_error(error) from error
    except (AttributeError, LookupError, TypeError, ValueError) as error:  # an answer that the library cannot read
        raise ProviderError("unreadable", accepted_unknown=True) from error


def _understood(answer: StripeSession) -> Session:
    told: dict[str, Any] = answer.to_dict()
    return Session.model_validate(told)


def _is_signed(body: bytes, header: str, secret: str) -> bool:
    try:
        return bool(WebhookSignature.verify_header(body, header, secret))
    except (SignatureVerificationError, UnicodeDecodeError):
        return False


def _never_left(error: Exception) -> bool:
    cause = error.__cause__
    reason = getattr(cause.args[0], "reason", None) if cause is not None and cause.args else None
    return isinstance(cause, ConnectTimeout | SSLError) or isinstance(reason, NewConnectionError)


def _provider_error(error: StripeError) -> ProviderError:
    """A session whose address we never got can be paid by nobody, so a fault of Stripe's own is a refusal for now."""
    if isinstance(error, APIConnectionError):
        return ProviderError("unreachable") if _never_left(error) else ProviderError("timeout", accepted_unknown=True)
    code = error.code or f"http_{error.http_status}"
    # Answered but unreadable, or our first call with this key is still being worked on.
    is_open = isinstance(error, APIError) and error.http_status in (200, 409)
    return ProviderError(code, permanent=isinstance(error, _FINAL), accepted_unknown=is_open)
