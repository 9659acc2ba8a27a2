"""Stripe as Till meets it: a loopback server that answers like its API for Checkout Sessions, so that the real library
builds and reads every byte, and the customers, banks and events behind it. Refuses what the published API refuses."""

import json
import re
import secrets
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from stripe import WebhookSignature

from models.clock import FrozenClock
from models.ports import WebhookRequest
from tests.support.stripe_api import Answer, Form, Refusal, generic, known_parameters, new_session

KEY, SECRET = "sk_live_" + "a1B2c3D4" * 4, "whsec_" + "e5F6g7H8" * 4
VISA = {"type": "card", "card": {"brand": "visa", "last4": "4242"}}
ACCOUNT = {"type": "us_bank_account", "us_bank_account": {"bank_name": "STRIPE TEST BANK", "last4": "6789"}}
DETAILS = "payment_intent.latest_charge.balance_transaction"
LIFETIMES = (timedelta(minutes=30), timedelta(hours=24))
_CREATE = "POST /v1/checkout/sessions"


@dataclass
class StripeServer:
    clock: FrozenClock
    sessions: dict[str, dict[str, Any]] = field(default_factory=dict)
    calls: list[tuple[str, Form]] = field(default_factory=list)
    """What was asked, in order: `POST /v1/checkout/sessions` and the form."""
    mishaps: list[int | str] = field(default_factory=list)
    """What befalls the next calls: a status to refuse with, "lost" (done, but unanswered), "late" (answered too late),
    "garbled", "" (nothing)."""
    url: str = ""
    refunds: list[dict[str, Any]] = field(default_factory=list)
    customers: dict[str, list[str]] = field(default_factory=dict)
    """By id, the payment methods that are attached to each."""
    fee: int = 0
    """What Stripe keeps of the next payments."""
    refund_status: str = "succeeded"
    """Of the next refunds."""
    _answered: dict[str, tuple[Form, Answer]] = field(default_factory=dict)
    _intents: dict[str, dict[str, Any]] = field(default_factory=dict)
    _wanted: dict[str, dict[str, str]] = field(default_factory=dict)
    """The form that each session was made from."""
    _late: threading.Event = field(default_factory=threading.Event)

    # --- the API -----------------------------------------------------------------------------------------------------
    def answer(self, method: str, path: str, form: Form, headers: Mapping[str, str]) -> Answer | None:
        """None: hang up without a word."""
        call = re.sub(r"(?<=sessions/)[^/]+", "{session}", f"{method} {path}")
        call = re.sub(r"(?<=payment_methods/)[^/]+", "{method}", call)
        self.calls.append((call, form))
        mishap = self.mishaps.pop(0) if self.mishaps else ""
        try:
            if isinstance(mishap, int):
                raise Refusal(mishap, "api_error", "")
            answer = self._once(call, path, form, headers)
        except Refusal as refusal:
            answer = refusal.answer
        if mishap == "late":
            self._late.wait(5)
        return None if mishap in ("lost", "late") else Answer(200, {}) if mishap == "garbled" else answer

    def _once(self, call: str, path: str, form: Form, headers: Mapping[str, str]) -> Answer:
        if headers.get("Authorization") != f"Bearer {KEY}":
            raise Refusal(401, "invalid_request_error", "invalid_api_key")
        for name, _ in form:
            if call not in known_parameters() or generic(name) not in known_parameters()[call]:
                raise Refusal(400, "invalid_request_error", "parameter_unknown", name)
        key = headers.get("Idempotency-Key")
        if key in self._answered:
            before, answer = self._answered[key]
            if before != form:
                raise Refusal(400, "idempotency_error", "idempotency_key_reused")
            return answer
        answer = self._done(call, path, form)
        if key is not None:
            self._answered[key] = (form, answer)
        return answer

    def _done(self, call: str, path: str, form: Form) -> Answer:
        if call == _CREATE:
            return Answer(200, dict(self._create(dict(form))))
        if call == "GET /v1/checkout/sessions":
            return Answer(200, self._list(dict(form)))
        if call == "POST /v1/refunds":
            return Answer(200, self._refund(dict(form)))
        if call == "GET /v1/refunds":
            of = [one for one in reversed(self.refunds) if one["payment_intent"] == dict(form)["payment_intent"]]
            page = of[: int(dict(form).get("limit", 10))]
            return Answer(200, {"object": "list", "url": "/v1/refunds", "data": page, "has_more": False})
        if call == "POST /v1/payment_methods/{method}/detach":
            return Answer(200, self._detach(path.split("/")[3]))
        session = self.sessions.get(path.split("/")[4])
        if session is None:
            raise Refusal(404, "invalid_request_error", "resource_missing", "session")
        if call.endswith("/expire"):
            if session["status"] != "open":
                raise Refusal(400, "invalid_request_error", "")
            session["status"] = "expired"
        return Answer(200, self._shown(session, ("expand[0]", DETAILS) in form))

    def _create(self, form: dict[str, str]) -> dict[str, Any]:
        lifetime = timedelta(seconds=int(form["expires_at"]) - self.clock.now().timestamp())
        price = {name.rpartition("[")[2][:-1]: value for name, value in form.items() if "[price_data]" in name}
        for param, is_good in {
            "mode": form["mode"] == "payment",
            "expires_at": LIFETIMES[0] <= lifetime <= LIFETIMES[1],
            "currency": price["currency"].islower(),
            "unit_amount": int(price["unit_amount"]) > 0,
            "success_url": form["success_url"].startswith("http"),
            "name": bool(price["name"]) and price.get("description") != "",
            "customer": form.get("customer") in (None, *self.customers),
            "customer_creation": "customer" not in form or "customer_creation" not in form,
        }.items():
            if not is_good:
                raise Refusal(400, "invalid_request_error", "parameter_invalid", param)
        session_id = f"cs_test_{secrets.token_hex(29)}"
        self._wanted[session_id] = form
        self.sessions[session_id] = new_session(session_id, form, price, int(self.clock.now().timestamp()))
        return self.sessions[session_id]

    def _refund(self, form: dict[str, str]) -> dict[str, Any]:
        intent = self._intents.get(form["payment_intent"])
        if intent is None or intent["status"] != "succeeded":
            raise Refusal(400, "invalid_request_error", "charge_not_captured")
        charge, amount = intent["latest_charge"], int(form["amount"])
        session = next(one for one in self.sessions.values() if one["payment_intent"] == intent["id"])
        if charge["amount_refunded"] + amount > session["amount_total"]:
            raise Refusal(400, "invalid_request_error", "charge_already_refunded")
        charge["amount_refunded"] += amount
        refund = {
            "id": f"re_{len(self.refunds) + 1}",
            "object": "refund",
            "amount": amount,
            "currency": session["currency"],
            "payment_intent": intent["id"],
            "status": self.refund_status,
            "metadata": {name[9:-1]: value for name, value in form.items() if name.startswith("metadata[")},
        }
        self.refunds.append(refund)
        return refund

    def _detach(self, method: str) -> dict[str, Any]:
        for kept in self.customers.values():
            if method in kept:
                kept.remove(method)
                return {"id": method, "object": "payment_method", "customer": None}
        raise Refusal(400, "invalid_request_error", "payment_method_unexpected_state")

    def _keep(self, session: dict[str, Any]) -> str:
        """The payment method that a page was confirmed with: the customer's own, or a new one, attached if asked."""
        customer = session["customer"]
        if customer is not None and self.customers[customer]:
            return self.customers[customer][0]
        method = f"pm_{secrets.token_hex(8)}"
        if customer is None and self._wanted[session["id"]].get("customer_creation") == "always":
            session["customer"] = customer = f"cus_{secrets.token_hex(7)}"
        if "payment_intent_data[setup_future_usage]" in self._wanted[session["id"]]:
            self.customers.setdefault(customer, []).append(method)
        return method

    def _list(self, form: dict[str, str]) -> dict[str, Any]:
        newest = list(reversed(self.sessions.values()))
        ids = [one["id"] for one in newest]
        rest = newest[ids.index(form["starting_after"]) + 1 :] if "starting_after" in form else newest
        found = [
            one
            for one in rest
            if one["created"] >= int(form.get("created[gte]", 0))
            and form.get("payment_intent") in (None, one["payment_intent"])
        ]
        page = found[: int(form.get("limit", 10))]
        in_full = form.get("expand[0]") == f"data.{DETAILS}"
        data = [self._shown(one, in_full) for one in page]
        return {"object": "list", "url": "/v1/checkout/sessions", "data": data, "has_more": len(page) < len(found)}

    def _shown(self, session: dict[str, Any], in_full: bool) -> dict[str, Any]:
        intent = self._intents.get(session["payment_intent"]) if in_full else None
        return {**session, "payment_intent": intent} if intent else session

    # --- who is behind it --------------------------------------------------------------------------------------------
    def confirm(self, session_id: str, details: Mapping[str, Any], paid: bool = True) -> None:
        """What a customer does on Stripe's page. A debit is not paid yet."""
        session = self.sessions[session_id]
        intent = f"pi_{len(self._intents) + 1}"
        charge: dict[str, Any] = {
            "id": f"ch_{intent}",
            "object": "charge",
            "payment_method_details": details,
            "failure_code": None,
        }
        charge["amount_refunded"] = 0
        if paid and self.fee:
            charge["balance_transaction"] = {"id": f"txn_{intent}", "currency": session["currency"], "fee": self.fee}
        status = "succeeded" if paid else "processing"
        self._intents[intent] = {"id": intent, "object": "payment_intent", "status": status, "latest_charge": charge}
        self._intents[intent]["payment_method"] = self._keep(session)
        session |= {"status": "complete", "payment_status": "paid" if paid else "unpaid", "payment_intent": intent}

    def intent_of(self, session_id: str) -> dict[str, Any]:
        return self._intents[self.sessions[session_id]["payment_intent"]]

    def asks_for_deposits(self, session_id: str, arrive_at: datetime, page: str, kind: str = "descriptor_code") -> None:
        """After an account was typed in: there is no charge until they are confirmed."""
        told = {"arrival_date": int(arrive_at.timestamp()), "hosted_verification_url": page, "microdeposit_type": kind}
        action = {"type": "verify_with_microdeposits", "verify_with_microdeposits": told}
        self.intent_of(session_id).update({"status": "requires_action", "next_action": action, "latest_charge": None})

    def confirms_deposits(self, session_id: str) -> None:
        self.intent_of(session_id).update({"status": "processing", "next_action": None})

    def declines(self, session_id: str, code: str) -> None:
        """On the page, which stays open for another try."""
        self.confirm(session_id, VISA, paid=False)
        self.bounce(session_id, code)
        self.sessions[session_id]["status"] = "open"

    def settle(self, session_id: str) -> None:
        self.sessions[session_id]["payment_status"] = "paid"
        self._intents[self.sessions[session_id]["payment_intent"]]["status"] = "succeeded"

    def bounce(self, session_id: str, code: str) -> None:
        told: dict[str, Any] = {"next_action": None}
        told |= {"status": "requires_payment_method", "last_payment_error": {"type": "invalid", "code": code}}
        self._intents[self.sessions[session_id]["payment_intent"]].update(told)

    def event(self, kind: str, thing: Mapping[str, Any] | str, secret: str = SECRET, **fields: Any) -> WebhookRequest:
        """A signed one, about a session by its id or about anything else."""
        about = self.sessions[thing] if isinstance(thing, str) else thing
        body = {"id": "evt_1", "object": "event", "type": kind, "livemode": True, "data": {"object": about}}
        return self.signed(json.dumps(body | fields, indent=2).encode(), secret)

    def signed(self, body: bytes, secret: str = SECRET) -> WebhookRequest:
        at = int(self.clock.now().timestamp())
        header = WebhookSignature.generate_signature_header(body.decode(), secret, at)
        return WebhookRequest("https://till.example/webhooks/stripe", {"Stripe-Signature": header}, (), body)

    def dispute(self, session_id: str, status: str = "needs_response", **fields: Any) -> dict[str, Any]:
        session = self.sessions[session_id]
        told = {"amount": session["amount_total"], "currency": session["currency"], "reason": "debit_not_authorized"}
        return {"id": "du_1", "payment_intent": session["payment_intent"], "status": status, **told, **fields}

    def let_go(self) -> None:
        """Ends the wait of a late answer."""
        self._late.set()


@contextmanager
def serving(server: StripeServer) -> Iterator[StripeServer]:
    """On a loopback port: `server.url` is for STRIPE_API_BASE."""

    class Api(BaseHTTPRequestHandler):
        def _answer(self) -> None:
            url = urlsplit(self.path)
            sent = self.rfile.read(int(self.headers.get("Content-Length", 0))).decode()
            form = parse_qsl(url.query if self.command == "GET" else sent, keep_blank_values=True)
            answer = server.answer(self.command, url.path, form, dict(self.headers.items()))
            if answer is None:
                return
            self.send_response(answer.status)
            self.end_headers()
            self.wfile.write(json.dumps(answer.body).encode())

        do_GET = do_POST = _answer  # noqa: N815 - http.server's names

        def log_message(self, *_: object) -> None:
            pass

    http = ThreadingHTTPServer(("127.0.0.1", 0), Api)
    thread = threading.Thread(target=http.serve_forever, args=(0.01,))
    thread.start()
    server.url = f"http://127.0.0.1:{http.server_port}"
    try:
        yield server
    finally:
        server.let_go()
        http.shutdown()
        http.server_close()
        thread.join()
