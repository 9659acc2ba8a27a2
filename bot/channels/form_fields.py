"""The fields of a posted form as bytes. A web framework has read them as UTF-8 already, which no mail has promised."""

from urllib.parse import parse_qsl

from werkzeug.exceptions import RequestEntityTooLarge
from werkzeug.http import parse_options_header
from werkzeug.sansio.multipart import Data, Epilogue, Field, MultipartDecoder, NeedData

from bot.channels.email_in import header
from bot.channels.mime import MAIL_BYTES
from models.errors import MalformedWebhook
from models.ports import WebhookRequest

FIELDS = 1_000
BODY_BYTES = MAIL_BYTES + 2 * 1024 * 1024
"""A mail and what its provider writes around it."""


class Form:
    """The first field of each name, and how often the name came."""

    def __init__(self, fields: list[tuple[str, bytes]]) -> None:
        self._fields = fields

    def data(self, name: str) -> bytes:
        return next((value for field, value in self._fields if field == name), b"")

    def text(self, name: str) -> str:
        return self.data(name).decode("utf-8", "replace")

    def sole(self, name: str) -> str:
        """Empty unless the field came exactly once: of two verdicts neither is one."""
        values = [value for field, value in self._fields if field == name]
        return values[0].decode("utf-8", "replace") if len(values) == 1 else ""

    def __contains__(self, name: str) -> bool:
        return any(field == name for field, _ in self._fields)


def form_of(request: WebhookRequest) -> Form:
    """Raises MalformedWebhook. Without a body it takes the fields that came with the request."""
    if len(request.body) > BODY_BYTES:
        raise MalformedWebhook("too large")
    kind, options = parse_options_header(header(request, "Content-Type"))
    if request.body and kind == "multipart/form-data" and options.get("boundary"):
        return Form(_multipart(request.body, options["boundary"].encode("utf-8", "replace")))
    if request.body and kind == "application/x-www-form-urlencoded":
        return Form(_urlencoded(request.body))
    return Form([(name, value.encode("utf-8", "surrogateescape")) for name, value in request.form[:FIELDS]])


def _urlencoded(body: bytes) -> list[tuple[str, bytes]]:
    try:
        # Latin-1 there and back keeps every byte as it came.
        pairs = parse_qsl(body.decode("latin-1"), True, encoding="latin-1", max_num_fields=FIELDS)
    except ValueError as error:
        raise MalformedWebhook("too many fields") from error
    return [(name, value.encode("latin-1", "replace")) for name, value in pairs]


def _multipart(body: bytes, boundary: bytes) -> list[tuple[str, bytes]]:
    decoder = MultipartDecoder(boundary, max_form_memory_size=None, max_parts=FIELDS)
    fields: list[tuple[str, list[bytes]]] = []
    is_field = False
    try:
        decoder.receive_data(body)
        decoder.receive_data(None)
        event = decoder.next_event()
        while not isinstance(event, (Epilogue, NeedData)):
            if isinstance(event, Field):
                fields.append((event.name, []))
            is_field = isinstance(event, Field) or (is_field and isinstance(event, Data))
            if is_field and isinstance(event, Data):
                fields[-1][1].append(event.data)
            event = decoder.next_event()
    except (ValueError, LookupError, RequestEntityTooLarge) as error:
        raise MalformedWebhook("unreadable form") from error
    return [(name, b"".join(parts)) for name, parts in fields]
