"""Refusals as RFC 9457 problem documents: one table from code to status and words. For programs, so in English only."""

from collections.abc import Sequence

from flask import Response, g
from pydantic import BaseModel, ValidationError

from models.errors import DomainError

CONTENT_TYPE = "application/problem+json"
RETRY_AFTER_S = {429: 1, 503: 5}


class Fault(BaseModel):
    """One thing that is wrong with what was sent. `pointer` is a JSON Pointer, or `?name` for the query."""

    pointer: str
    message: str


class Problem(BaseModel):
    """Why a request was refused. `code` is stable; `title` may be reworded."""

    type: str
    title: str
    status: int
    code: str
    request_id: str
    errors: list[Fault] = []


PROBLEMS: dict[str, tuple[int, str]] = {
    "malformed_json": (400, "The body is not JSON"),
    "key_missing": (401, "Send your API key: Authorization: Bearer till_..."),
    "key_unknown": (401, "No such API key, or it was revoked"),
    "scope_missing": (403, "This key may not do that: its scopes do not include it"),
    "not_found": (404, "There is no such thing here"),
    "method_not_allowed": (405, "This address does not take that method"),
    "too_large": (413, "The body is too large"),
    "not_csv": (415, "Send the file itself, with Content-Type: text/csv"),
    "import_state": (409, "Only a file that was checked and found good can be imported"),
    "file_too_large": (413, "The file is larger than 10 MB"),
    "not_json": (415, "Send JSON, with Content-Type: application/json"),
    "invalid": (422, "Something in the request is not right: see errors"),
    "too_many_requests": (429, "Too many requests: come back after Retry-After seconds"),
    "internal": (500, "Our fault. Please tell us the request_id"),
    "unavailable": (503, "Not available at the moment: come back after Retry-After seconds"),
    "idempotency_key_invalid": (422, "Idempotency-Key must be 1 to 255 printable ASCII characters"),
    "idempotency_mismatch": (409, "This Idempotency-Key was used for another request"),
    "in_progress": (409, "The first request with this Idempotency-Key is still being worked on"),
    "conflict": (409, "Somebody changed the same thing at the same moment: read it again"),
    "bad_cursor": (422, "This cursor is not of this list"),
    "reference_taken": (409, "Another customer has this reference"),
    "number_taken": (409, "Another invoice has this number"),
    "customer_erased": (409, "The customer was erased: nothing can be added to them any more"),
    "customer_in_use": (409, "Money of this customer is open: see errors, and settle it first"),
    "address_taken": (409, "The customer has this address already"),
    "opted_out": (409, "The owner of this address has opted out: only they can opt in again"),
    "invoice_state": (409, "An invoice in this state does not take that step"),
    "no_email": (409, "The customer has no email address that works"),
    "test_invoice": (409, "A test invoice reaches no mailbox"),
    "invoice_void": (409, "The invoice is void"),
    "already_paid": (409, "The invoice is paid already"),
    "payment_in_flight": (409, "A payment of this invoice is under way"),
    "payment_state": (409, "A payment in this state does not take that step"),
    "below_paid": (409, "That is less than what has been paid already"),
    "above_balance": (409, "That is more than what is owed"),
    "nothing_to_pay": (409, "None of these invoices is owed"),
    "no_invoices": (422, "Name at least one invoice"),
    "mixed_currencies": (422, "One currency at a time"),
    "mixed_customers": (422, "These invoices are of several customers"),
    "unknown_currency": (422, "There is no such currency"),
    "bad_amount": (422, "That is no amount"),
    "bad_quantity": (422, "That is no quantity: above 0, with three decimals at most"),
    "lines_do_not_add_up": (422, "The lines do not add up to the total"),
    "too_many_lines": (422, "Too many lines"),
    "due_before_issue": (422, "An invoice cannot be due before it is issued"),
    "method_unknown": (422, "That is not a way of paying that can be recorded"),
    "not_captured": (409, "This payment has brought no money to give back"),
    "payment_disputed": (409, "This payment is disputed: whoever wins the dispute has the money"),
    "above_captured": (409, "That is more than is left of the payment"),
    "nothing_selected": (422, "Say whom to remind"),
    "too_many": (422, "Too many at once"),
    "key_reused": (409, "This Idempotency-Key was used for another request"),
    "campaign_over": (409, "These reminders were cancelled"),
    "url_not_allowed": (422, "That address cannot be called: https, a public name, no user name in it"),
    "endpoint_disabled": (409, "The endpoint is switched off"),
    "too_many_endpoints": (409, "You have as many endpoints as there can be"),
    "steps_malformed": (422, "Between 1 and 12 steps, at most 180 days away"),
    "count_malformed": (422, "Between 0 and 180"),
    "time_outside_hours": (422, "`at` must be within `opens` and `closes`"),
    "country_unknown": (422, "Each of `countries` must be one of ISO 3166's that has telephone numbers, 40 at most"),
    "phone_known": (409, "This phone is on the list already"),
    "too_many_phones": (409, "Twenty phones are on the list: take one off first"),
    "no_sender": (409, "The merchant has no number to text from"),
    "only_live": (409, "Nothing of test mode reaches a phone, a mailbox or a live page"),
    "template_changed": (409, "Somebody has worded it anew meanwhile: read it again"),
}
"""Anything else is a fault of ours."""
_BY_STATUS = {400: "malformed_json", 401: "key_missing", 403: "scope_missing", 404: "not_found", 422: "invalid"}
_BY_STATUS |= {405: "method_not_allowed", 413: "too_large", 415: "not_json", 429: "too_many_requests"}
_BY_STATUS |= {503: "unavailable"}


def problem(code: str, errors: Sequence[Fault] = ()) -> Response:
    """A code that the table lacks is told as `internal`: web/errors.py has logged it."""
    code = code if code in PROBLEMS else "internal"
    status, title = PROBLEMS[code]
    told = Problem(
        type="about:blank", title=title, status=status, code=code, request_id=g.request_id, errors=list(errors)
    )
    response = Response(told.model_dump_json(), status, content_type=CONTENT_TYPE)
    if status in RETRY_AFTER_S:
        response.headers["Retry-After"] = str(RETRY_AFTER_S[status])
    if status == 401:
        response.headers["WWW-Authenticate"] = 'Bearer realm="till"'
    return response


def of_status(status: int) -> Response:
    """For what Flask itself refuses."""
    return problem(_BY_STATUS.get(status, "internal"))


class InvalidRequest(DomainError):
    """What was sent does not have the documented shape."""

    def __init__(self, errors: Sequence[Fault]) -> None:
        super().__init__("invalid")
        self.errors = errors


def invalid(error: ValidationError, *, of_query: bool = False) -> InvalidRequest:
    """Without the values: they may be addresses."""
    found = error.errors(include_input=False, include_url=False, include_context=False)
    return InvalidRequest([Fault(pointer=_pointer(one["loc"], of_query), message=one["msg"]) for one in found])


def _pointer(location: tuple[int | str, ...], of_query: bool) -> str:
    if of_query:
        return "?" + ".".join(map(str, location))
    return "".join("/" + str(part).replace("~", "~0").replace("/", "~1") for part in location)
