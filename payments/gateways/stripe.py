"""Stripe Checkout, both directions: opens, finds and closes sessions, and reads Stripe's signed events. Stripe's words
become ours in the tables at the top; a word that is not there is logged and ignored, never guessed."""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any

import structlog
from stripe import (
    APIConnectionError,
    InvalidRequestError,
    StripeError,
)
from stripe.checkout import Session as StripeSession
from stripe.params.checkout import SessionCreateParams

from models.clock import Clock
from models.errors import MalformedWebhook, ProviderError
from models.gateway import (
    GatewayEvent,
    GatewayEventKind,
    ProviderRecord,
    RefundWord,
    StartedPayment,
    StartPayment,
    StartRefund,
)
from models.merchant import Mode
from models.ports import WebhookRequest
from payments.gateways import stripe_calls, stripe_checkout, stripe_reversals, stripe_signatures, stripe_words
from payments.gateways.stripe_calls import FINAL, asking, never_left, provider_error
from payments.gateways.stripe_facts import StripeFacts
from payments.gateways.stripe_reversals import Charge, Dispute, Refund
from payments.gateways.stripe_words import Envelope, Intent, Kept, Session

log = structlog.get_logger()

_SESSION_EVENTS: dict[str, dict[str, GatewayEventKind]] = {
    "checkout.session.completed": {"paid": GatewayEventKind.SUCCEEDED, "unpaid": GatewayEventKind.PROCESSING},
    "checkout.session.async_payment_succeeded": {"paid": GatewayEventKind.SUCCEEDED},
    "checkout.session.async_payment_failed": {"unpaid": GatewayEventKind.FAILED},
    "checkout.session.expired": {"unpaid": GatewayEventKind.CANCELLED},
}
"""By event and payment_status: money counts only where both say so."""
_INTENT_EVENTS = frozenset(
    {"payment_intent.requires_action", "payment_intent.processing", "payment_intent.payment_failed"}
)
"""What happens between Checkout's page and the debit, while small deposits are confirmed. Before the page is left they
mean nothing: whoever is declined there may try again."""
_DISPUTE_EVENTS = frozenset({"charge.dispute.created", "charge.dispute.closed"})
_REFUND_EVENTS = frozenset({"refund.created", "refund.updated", "refund.failed", "charge.refund.updated"})

API_BASE = "https://api.stripe.com"
TIMEOUTS_S = (5.0, 18.0)  # connect, read: with one repeat still less than attempts.START_TIMEOUT allows
ASIDE_S = (2.0, 5.0)
"""For what an event leaves out: Stripe waits for our answer meanwhile."""
LISTED_FOR = timedelta(hours=1)
"""A session lives for 35 min. An older one cannot be open any more, whatever became of our call."""
_DETAILS = "payment_intent.latest_charge.balance_transaction"


class StripeGateway(StripeFacts):
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
        super().__init__(secret_key)
        client = stripe_calls.client(secret_key, api_base, timeouts_s, retries=1)
        aside = stripe_calls.client(secret_key, api_base, ASIDE_S, retries=0)
        self._sessions, self._refunds = client.v1.checkout.sessions, client.v1.refunds
        self._methods = client.v1.payment_methods
        self._aside, self._aside_refunds = aside.v1.checkout.sessions, aside.v1.refunds
        self._secrets = webhook_secrets
        self._clock = clock

    # --- out ---------------------------------------------------------------------------------------------------------
    def start(self, payment: StartPayment) -> StartedPayment:
        with asking():
            session = _understood(self._create(stripe_checkout.wanted(payment), payment.reference))
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
        with asking():
            try:
                self._sessions.expire(provider_reference)
            except InvalidRequestError:
                status = self._read(provider_reference).status
                if status == "open":
                    raise
                return status == "expired"
        return True

    def refund(self, wanted: StartRefund) -> RefundWord:
        intent = self._intent_of(wanted)
        if intent is None:
            raise ProviderError("not_captured", permanent=True)
        with asking():
            made = self._refunds.create(
                {
                    "payment_intent": intent,
                    "amount": stripe_words.minor_units(wanted.amount),
                    "metadata": {"payment": wanted.payment, "refund": wanted.reference},
                },
                {"idempotency_key": wanted.reference},
            )
            return stripe_reversals.refund_word(Refund.model_validate(made.to_dict()))

    def find_refund(self, wanted: StartRefund) -> RefundWord | None:
        """Looked for among those of its payment: Stripe forgets an idempotency key after a day."""
        intent = self._intent_of(wanted)
        if intent is None:
            return None
        with asking():
            listed = self._refunds.list({"payment_intent": intent, "limit": 100}).auto_paging_iter()
            known = (Refund.model_validate(one.to_dict()) for one in listed)
            found = next((one for one in known if one.metadata.get("refund") == wanted.reference), None)
        return stripe_reversals.refund_word(found) if found is not None else None

    def refunds_of(self, payment: str, provider_reference: str | None) -> Sequence[RefundWord]:
        session = self._read(provider_reference) if provider_reference else self._listed(payment)
        if session is None or session.intent is None:
            return []
        with asking():
            listed = self._refunds.list({"payment_intent": session.intent.id, "limit": 100}).auto_paging_iter()
            return [stripe_reversals.refund_word(Refund.model_validate(one.to_dict())) for one in listed]

    def forget(self, token: str) -> None:
        with asking():
            try:
                self._methods.detach(Kept.read(token).method)
            except InvalidRequestError as error:
                log.info("stripe.already_forgotten", code=error.code)

    def _intent_of(self, wanted: StartRefund) -> str | None:
        session = self._read(wanted.provider_reference) if wanted.provider_reference else self._listed(wanted.payment)
        intent = session.payment_intent if session is not None else None
        return intent if isinstance(intent, str) or intent is None else intent.id

    def list_since(self, since: datetime) -> Iterator[ProviderRecord]:
        with asking():
            listed = self._sessions.list(
                {"created": {"gte": int(since.timestamp())}, "limit": 100, "expand": [f"data.{_DETAILS}"]}
            )
            for one in listed.auto_paging_iter():
                record = stripe_words.record(_understood(one))
                if record is not None:
                    yield record

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
            is_certain = isinstance(second, FINAL) or never_left(first)
            raise provider_error(second if is_certain else first) from second

    def _read(self, session_id: str, *, aside: bool = False) -> Session:
        sessions = self._aside if aside else self._sessions
        with asking():
            return _understood(sessions.retrieve(session_id, {"expand": [_DETAILS]}))

    def _listed(self, reference: str) -> Session | None:
        """Our reference cannot be searched for, and repeating the call to create would open a session where there was
        none. So the recent ones are looked through, which changes nothing."""
        since = self._clock.now() - LISTED_FOR
        with asking():
            recent = self._sessions.list({"created": {"gte": int(since.timestamp())}, "limit": 100})
            sessions = map(_understood, recent.auto_paging_iter())
            found = next((one for one in sessions if one.client_reference_id == reference), None)
        return self._read(found.id) if found is not None else None

    # --- in ----------------------------------------------------------------------------------------------------------
    def parse_event(self, request: WebhookRequest) -> GatewayEvent | None:
        """Also raises ProviderError, where the event does not say which payment it is about and Stripe cannot be asked:
        it is sent again."""
        stripe_signatures.verify(request, self._secrets, self._clock.now())
        try:
            envelope = Envelope.model_validate_json(request.body)
            if envelope.livemode is not (self.mode is Mode.LIVE):
                log.warning("stripe.other_mode", event_id=envelope.id, kind=envelope.type)
                return None
            if envelope.type in _SESSION_EVENTS:
                return self._about_session(envelope)
            if envelope.type in _INTENT_EVENTS:
                return self._about_intent(envelope)
            if envelope.type in _DISPUTE_EVENTS:
                return self._about_dispute(envelope)
            if envelope.type in _REFUND_EVENTS:
                return self._about_refund(envelope.id, Refund.model_validate(envelope.data.object))
            if envelope.type == "charge.refunded":
                return self._about_charge(envelope)
        except ValueError as error:
            raise MalformedWebhook from error
        log.info("stripe.ignored", event_id=envelope.id, kind=envelope.type)
        return None

    def _about_session(self, envelope: Envelope) -> GatewayEvent | None:
        session = Session.model_validate(envelope.data.object)
        kind = _SESSION_EVENTS[envelope.type].get(session.payment_status)
        if kind is None:
            log.warning("stripe.contradiction", kind=envelope.type, payment_status=session.payment_status)
            return None
        if session.client_reference_id is None:
            return None
        if kind is GatewayEventKind.PROCESSING:  # or small deposits first: the event does not say which
            session = self._read(session.id, aside=True)
            kind = stripe_words.present_kind(session) or kind
        elif kind in (GatewayEventKind.SUCCEEDED, GatewayEventKind.FAILED):
            session = self._detailed(session)
        return stripe_words.event(envelope.id, kind, session)

    def _about_intent(self, envelope: Envelope) -> GatewayEvent | None:
        """Where its session stands now, whatever the event said: they come in any order."""
        session = self._behind(Intent.model_validate(envelope.data.object).id)
        kind = stripe_words.present_kind(session) if session is not None else None
        return stripe_words.event(envelope.id, kind, session) if session is not None and kind is not None else None

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
        session = self._behind(dispute.payment_intent)
        if session is None:
            return None
        is_new = envelope.type.endswith("created")
        return stripe_reversals.dispute_event(envelope.id, dispute, session, is_new=is_new)

    def _about_refund(self, event_id: str, refund: Refund) -> GatewayEvent | None:
        session = self._behind(refund.payment_intent)
        return stripe_reversals.refund_event(event_id, refund, session) if session is not None else None

    def _about_charge(self, envelope: Envelope) -> GatewayEvent | None:
        """The charge says how much was refunded in all, not by which refund: the newest one is asked for."""
        charge = Charge.model_validate(envelope.data.object)
        if charge.payment_intent is None:
            return None
        with asking():
            listed = self._aside_refunds.list({"payment_intent": charge.payment_intent, "limit": 1}).data
            newest = Refund.model_validate(listed[0].to_dict()) if listed else None
        return self._about_refund(envelope.id, newest) if newest is not None else None

    def _behind(self, intent: str | None) -> Session | None:
        """Disputes and refunds know their payment at Stripe, not ours."""
        if intent is None:
            return None
        with asking():
            found = self._aside.list({"payment_intent": intent, "limit": 1, "expand": [f"data.{_DETAILS}"]}).data
            return _understood(found[0]) if found else None


# --- pieces -----------------------------------------------------------------------------------------------------------
def _understood(answer: StripeSession) -> Session:
    told: dict[str, Any] = answer.to_dict()
    return Session.model_validate(told)
