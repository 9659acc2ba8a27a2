"""The OpenAPI 3.1 document, made by spectree from the routes and shapes as they are. Judges no request itself."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from flask import Flask
from pydantic import BaseModel, ConfigDict, Field
from spectree import Response as Answers
from spectree import SecurityScheme, SpecTree
from spectree.model_adapter.protocol import SchemaMode
from spectree.model_adapter.pydantic_adapter import PydanticModelAdapter
from spectree.models import SecureType, SecuritySchemeData

from models.idempotency import KEY_MAX_CHARS
from web.api.problems import CONTENT_TYPE, Problem

PATH = "/api/v1"
VERSION = "1"
DESCRIPTION = """Customers, invoices, payments and reminders of one merchant. Amounts are integers in minor units
(cents). Times are UTC. Lists come newest first, in pages: ask again with `cursor` = `next_cursor`. A POST with an
`Idempotency-Key` may be repeated: the same request gets the same answer."""

CSV = "text/csv"


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
    path: str
    answer: type[BaseModel] | None
    status: int
    query: type[BaseModel] | None
    body: type[BaseModel] | None
    tag: str
    view: Callable[..., Any]
    takes_file: bool = False

    @property
    def name(self) -> str:
        return self.view.__name__

    @property
    def names_one(self) -> bool:
        return "<" in self.path

    @property
    def gives_file(self) -> bool:
        return self.answer is None and self.method == "GET"


DECLARED: list[Told] = []
"""Each with its route, in the order of their declaration."""


class OnceEach(PydanticModelAdapter):
    """spectree asks for a shape's schema again for every operation that names it."""

    def __init__(self) -> None:
        super().__init__()
        self._made: dict[tuple[type[Any], str], dict[str, Any]] = {}

    def json_schema(self, model: type[Any], *, ref_template: str, mode: SchemaMode = "validation") -> dict[str, Any]:
        if (model, mode) not in self._made:
            self._made[model, mode] = super().json_schema(model, ref_template=ref_template, mode=mode)
        return self._made[model, mode]


def document(base_url: str) -> dict[str, Any]:
    return {**_generated(), "servers": [{"url": base_url}]}


@lru_cache(maxsize=1)
def _generated() -> dict[str, Any]:
    """At the first request for it: schemas of all shapes take longer to make than Till to start. spectree reads an
    application's routes, so it gets one that has no others."""
    routes = Flask("document", static_folder=None)
    spec = _spec()
    for told in DECLARED:
        routes.add_url_rule(PATH + told.path, told.name, _described(spec, told), methods=[told.method])
    with routes.app_context():
        made: dict[str, Any] = spec.spec
    files = {told.name: told for told in DECLARED if told.takes_file or told.gives_file}
    for path in made["paths"].values():
        for operation in path.values():
            for status, answer in operation["responses"].items():
                if int(status) >= 400:
                    answer["content"] = {CONTENT_TYPE: answer["content"]["application/json"]}
            if operation["operationId"] in files:
                _say_files(operation, files[operation["operationId"]])
    return made


def _spec() -> SpecTree:
    adapter: Any = OnceEach()
    return SpecTree(
        "flask",
        title="Till",
        version=VERSION,
        description=DESCRIPTION,
        mode="strict",
        annotations=False,
        model_adapter=adapter,
        naming_strategy=lambda model: model.__name__,
        nested_naming_strategy=lambda _parent, child: child,
        security_schemes=[
            SecurityScheme(
                name="key",
                data=SecuritySchemeData(
                    type=SecureType.HTTP, scheme="bearer", description="till_<mode>_<prefix>_<secret>"
                ),
            )
        ],
        security={"key": []},
    )


def _described(spec: SpecTree, told: Told) -> Callable[..., Any]:
    models: dict[str, Any] = {f"HTTP_{told.status}": told.answer}
    models |= {f"HTTP_{status}": Problem for status in _refusals(told)}
    describe = spec.validate(
        query=told.query,
        json=told.body,
        headers=PostHeaders if told.method == "POST" else None,
        resp=Answers(**models),
        tags=(told.tag,),
        operation_id=told.name,
        skip_validation=True,
    )
    described: Callable[..., Any] = describe(told.view)
    return described


def _refusals(told: Told) -> list[int]:
    found = [401, 403, 422]
    found += [404] if told.names_one or told.body or told.query else []
    found += [409, 429] if told.method != "GET" else []
    found += [400] if told.body else []
    found += [413, 415] if told.body or told.takes_file else []
    return sorted(found)


def _say_files(operation: dict[str, Any], told: Told) -> None:
    """spectree knows JSON; files are said here, without a schema: bytes are no type of JSON."""
    if told.takes_file:
        operation["requestBody"] = {"required": True, "content": {CSV: {}}}
    if told.gives_file:
        operation["responses"]["200"]["content"] = {CSV: {}}
