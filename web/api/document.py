"""The OpenAPI 3.1 document, made by spectree from the routes and shapes as they are. Judges no request itself."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from pydantic import BaseModel, ConfigDict, Field
from spectree import Response as Answers
from spectree import SecurityScheme, SpecTree
from spectree.models import SecureType, SecuritySchemeData

from models.idempotency import KEY_MAX_CHARS
from web.api.problems import CONTENT_TYPE, Problem

VERSION = "1"
DESCRIPTION = """Customers, invoices, payments and reminders of one merchant. Amounts are integers in minor units
(cents). Times are UTC. Lists come newest first, in pages: ask again with `cursor` = `next_cursor`. A POST with an
`Idempotency-Key` may be repeated: the same request gets the same answer."""

spec = SpecTree(
    "flask",
    title="Till",
    version=VERSION,
    description=DESCRIPTION,
    mode="strict",
    annotations=False,
    naming_strategy=lambda model: model.__name__,
    nested_naming_strategy=lambda _parent, child: child,
    security_schemes=[
        SecurityScheme(
            name="key",
            data=SecuritySchemeData(type=SecureType.HTTP, scheme="bearer", description="till_<mode>_<prefix>_<secret>"),
        )
    ],
    security={"key": []},
)


CSV = "text/csv"
FILES_IN: set[str] = set()
FILES_OUT: set[str] = set()
"""Operations that take or give a CSV file."""


class PostHeaders(BaseModel):
    model_config = ConfigDict(populate_by_name=True)

    idempotency_key: str | None = Field(
        None,
        alias="Idempotency-Key",
        min_length=1,
        max_length=KEY_MAX_CHARS,
        pattern=r"^[\x21-\x7e]+$",
        description="Any text that you will not use for another request. Kept for 48 hours.",
    )


@dataclass(frozen=True, slots=True)
class Told:
    """What the document says about one operation."""

    method: str
    answer: type[BaseModel] | None
    status: int
    query: type[BaseModel] | None
    body: type[BaseModel] | None
    tag: str
    name: str
    names_one: bool
    """Its path holds an id."""
    takes_file: bool = False


def describe(told: Told) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    models: dict[str, Any] = {f"HTTP_{told.status}": told.answer}
    if told.takes_file:
        FILES_IN.add(told.name)
    if told.answer is None and told.method == "GET":
        FILES_OUT.add(told.name)
    models |= {f"HTTP_{status}": Problem for status in _refusals(told)}
    return spec.validate(
        query=told.query,
        json=told.body,
        headers=PostHeaders if told.method == "POST" else None,
        resp=Answers(**models),
        tags=(told.tag,),
        operation_id=told.name,
        skip_validation=True,
    )


def _refusals(told: Told) -> list[int]:
    found = [401, 403, 422]
    found += [404] if told.names_one or told.body or told.query else []
    found += [409, 429] if told.method != "GET" else []
    found += [400] if told.body else []
    found += [413, 415] if told.body or told.takes_file else []
    return sorted(found)


def document(base_url: str) -> dict[str, Any]:
    """Inside an application context: the routes are the application's."""
    return {**_generated(), "servers": [{"url": base_url}]}


@lru_cache(maxsize=1)
def _generated() -> dict[str, Any]:
    """Once per process: spectree takes the nested shapes out of its own memory as it goes."""
    made: dict[str, Any] = spec.spec
    for path in made["paths"].values():
        for operation in path.values():
            for status, answer in operation["responses"].items():
                if int(status) >= 400:
                    answer["content"] = {CONTENT_TYPE: answer["content"]["application/json"]}
            _files(operation)
    return made


def _files(operation: dict[str, Any]) -> None:
    """spectree knows JSON; files are said here, without a schema: bytes are no type of JSON."""
    if operation["operationId"] in FILES_IN:
        operation["requestBody"] = {"required": True, "content": {CSV: {}}}
    if operation["operationId"] in FILES_OUT:
        operation["responses"]["200"]["content"] = {CSV: {}}
