"""The sandbox's carrier: takes texts, delivers to phones, and posts signed webhooks back. What may go wrong is switched
on in the Outside. The API by which we send is in sandbox_rest."""

import secrets
import threading
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from xml.etree import ElementTree as ET

import sqlalchemy as sa
import structlog
from twilio.request_validator import RequestValidator

from bot import gsm
from bot.channels.sandbox import Outside, carried

log = structlog.get_logger()

Post = Callable[[str, Mapping[str, str], Mapping[str, str]], tuple[int, str]]
"""(url, form, headers) -> (status, body). Real HTTP in the demo, the test client in tests."""
TokenOf = Callable[[str], str | None]
"""A Twilio account's auth token, by its SID."""

FAILURES = {"next_text_fails": "30003", "number_is_gone": "30005", "carrier_blocks": "30007"}
"""Switches that let the next text fail after it was accepted, with Twilio's error code."""
ANY_FAILURE = "text_fails"
"""Likewise, with the code in its detail."""
WHATSAPP = "whatsapp:"
WINDOW = timedelta(hours=24)
OUTSIDE_WINDOW = "63016"


@dataclass(frozen=True, slots=True)
class Texted:
    """What the webhook answered to a text: its status and the replies that the phone then received."""

    status: int
    replies: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Callback:
    url: str
    form: Mapping[str, str] = field(repr=False)
    account: str


class Carrier:
    """`post` reaches our own webhooks. Status callbacks wait for `flush`, or leave by the thread of `start`."""

    def __init__(self, outside: Outside, base_url: str, post: Post, token_of: TokenOf) -> None:
        self.outside = outside
        self._base_url = base_url
        self._post = post
        self._token_of = token_of
        self._callbacks: deque[_Callback] = deque()
        self._wake = threading.Event()
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None

    # --- a phone's owner texts -----------------------------------------------------------------------------------
    def text(self, account: str, sender: str, to: str, body: str, **fields: str) -> Texted:
        """Post the text to the SMS webhook as Twilio would, and deliver what the TwiML says."""
        form = self.form(account, sender, to, body) | fields
        self.outside.deliver(_channel(sender, to), sender, to, body)
        self.outside.open_window(sender, to)
        headers = self.signed(account, "/webhooks/twilio/sms", form)
        if self.outside.strikes("bad_signature"):
            headers = {"X-Twilio-Signature": "bm90IG91cnM="}
        answers = [self._post(f"{self._base_url}/webhooks/twilio/sms", form, headers)]
        if self.outside.strikes("webhook_twice"):
            answers.append(self._post(f"{self._base_url}/webhooks/twilio/sms", form, headers))
        status, twiml = answers[-1]  # who repeats a request has given up waiting for the first answer
        replies = self._deliver_twiml(account, sender, to, twiml) if status == 200 else ()
        return Texted(status, tuple(replies))

    def form(self, account: str, sender: str, to: str, body: str) -> dict[str, str]:
        sid = f"SM{secrets.token_hex(16)}"
        return {
            "ToCountry": "US",
            "SmsMessageSid": sid,
            "NumMedia": "0",
            "SmsSid": sid,
            "SmsStatus": "received",
            "FromCountry": "US",
            "Body": body,
            "To": to,
            "NumSegments": str(gsm.segments(body).count),
            "MessageSid": sid,
            "AccountSid": account,
            "From": sender,
            "ApiVersion": "2010-04-01",
        }

    def signed(self, account: str, path: str, form: Mapping[str, str]) -> dict[str, str]:
        return {"X-Twilio-Signature": self.signature(account, f"{self._base_url}{path}", form)}

    def signature(self, account: str, url: str, form: Mapping[str, str]) -> str:
        token = self._token_of(account) or ""
        return str(RequestValidator(token).compute_signature(url, dict(form)))

    def _deliver_twiml(self, account: str, phone: str, number: str, twiml: str) -> list[str]:
        replies = []
        for message in ET.fromstring(twiml).iter("Message"):  # noqa: S314 - our own answer
            if self.outside.strikes("reply_is_lost"):
                continue
            text = message.text or ""
            self.accept(account, number, phone, text, message.get("statusCallback"), "outbound-reply")
            replies.append(text)
        return replies

    def is_account(self, sid: str, token: str) -> bool:
        return self._token_of(sid) == token

    # --- the REST API's side -------------------------------------------------------------------------------------
    def accept(
        self,
        account: str,
        sender: str,
        to: str,
        body: str,
        callback: str | None,
        direction: str,
        *,
        is_free: bool = True,
    ) -> str:
        """Take a text: onto the phone, unless something is to go wrong, and its callbacks into the queue."""
        sid = f"SM{secrets.token_hex(16)}"
        failure = self._failure() or (OUTSIDE_WINDOW if is_free and self._is_too_late(sender, to) else None)
        delivered = None if failure else self.outside.deliver(_channel(sender, to), sender, to, body)
        values = {"sid": sid, "account": account, "sender": sender, "recipient": to, "body": body}
        outcome = {"status": "failed" if failure else "delivered", "error_code": failure, "direction": direction}
        with self.outside.database.write() as db:
            at = self.outside.clock.now()
            db.execute(sa.insert(carried).values(**values, **outcome, received_id=delivered, at=at))
        if callback and not self.outside.strikes("reports_are_lost"):
            self._call_back(account, callback, sid, sender, to, "undelivered" if failure else "delivered", failure)
        return sid

    def _failure(self) -> str | None:
        switched = next((code for name, code in FAILURES.items() if self.outside.strikes(name)), None)
        return switched or self.outside.strikes(ANY_FAILURE)

    def _is_too_late(self, number: str, phone: str) -> bool:
        """WhatsApp takes free words only within a day of the last message from that phone."""
        if _channel(number, phone) != "whatsapp":
            return False
        opened_at = self.outside.window_opened_at(phone, number)
        return opened_at is None or self.outside.clock.now() - opened_at > WINDOW

    def _call_back(self, account: str, url: str, sid: str, sender: str, to: str, last: str, code: str | None) -> None:
        words = ["queued", "sent", last]
        if self.outside.strikes("out_of_order"):
            words.reverse()
        for word in words:
            form = {"MessageSid": sid, "SmsSid": sid, "AccountSid": account, "From": sender, "To": to}
            form |= {"MessageStatus": word, "SmsStatus": word, "ApiVersion": "2010-04-01"}
            if code and word == last:
                form["ErrorCode"] = code
            self._callbacks.append(_Callback(url, form, account))
        self._wake.set()

    def flush(self) -> int:
        """Post every status callback that waits. Returns how many."""
        count = 0
        while (callback := self._next_callback()) is not None:
            headers = {"X-Twilio-Signature": self.signature(callback.account, callback.url, callback.form)}
            try:
                status, _ = self._post(callback.url, callback.form, headers)
            except OSError:
                status = 0
            if status >= 300 or not status:
                log.warning("carrier.callback_not_taken", status=status)
            count += 1
        return count

    def _next_callback(self) -> _Callback | None:
        try:
            return self._callbacks.popleft()
        except IndexError:  # another thread's flush took the last one
            return None

    def start(self) -> None:
        """Post callbacks as they come, in a thread of their own."""
        self._thread = threading.Thread(target=self._run, name="carrier", daemon=True)
        self._thread.start()

    def close(self) -> None:
        self._stop.set()
        self._wake.set()
        if self._thread is not None:
            self._thread.join()

    def _run(self) -> None:
        while not self._stop.is_set():
            self._wake.wait()
            self._wake.clear()
            self.flush()


def _channel(sender: str, to: str) -> str:
    """WhatsApp is another app on the same phone; its addresses keep their prefix."""
    return "whatsapp" if sender.startswith(WHATSAPP) or to.startswith(WHATSAPP) else "sms"
