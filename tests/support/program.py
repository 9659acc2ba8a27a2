"""A merchant's program: holds one API key, speaks JSON."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa
from werkzeug.datastructures import Headers

from models.merchant import ApiKey, Mode, Scope
from tests.support.world import World

API = "/api/v1"


@dataclass(frozen=True)
class Answer:
    """`json` is None where there is no body."""

    status: int
    json: Any
    headers: Headers
    content_type: str | None


@dataclass
class Program:
    world: World
    key: str | None
    headers: dict[str, str] = field(default_factory=dict)

    def get(self, path: str, **query: Any) -> Answer:
        return self.call("GET", path, query_string=query)

    def post(self, path: str, body: Any = None, *, key: str | None = None) -> Answer:
        extra = {"Idempotency-Key": key} if key is not None else {}
        return self.call("POST", path, body, extra=extra)

    def patch(self, path: str, body: Any) -> Answer:
        return self.call("PATCH", path, body)

    def delete(self, path: str) -> Answer:
        return self.call("DELETE", path)

    def call(
        self, method: str, path: str, body: Any = None, *, extra: Mapping[str, str] | None = None, **options: Any
    ) -> Answer:
        headers = self.headers | dict(extra or {})
        if self.key is not None:
            headers["Authorization"] = f"Bearer {self.key}"
        if body is not None:
            options["json"] = body
        told = self.world.client.open(f"{API}{path}", method=method, headers=headers, **options)
        return Answer(told.status_code, told.get_json(silent=True), told.headers, told.content_type)


def new_key(
    world: World, slug: str = "acme", mode: Mode = Mode.LIVE, scopes: frozenset[Scope] = frozenset(Scope)
) -> str:
    with world.runtime.write() as ctx:
        key, text = ApiKey.issue(world.merchants[slug].id, mode, "Test", world.clock.now(), scopes)
        ctx.session.add(key)
    return text


def program(
    world: World, slug: str = "acme", mode: Mode = Mode.LIVE, scopes: frozenset[Scope] = frozenset(Scope)
) -> Program:
    return Program(world, new_key(world, slug, mode, scopes))


def revoke(caller: Program) -> None:
    prefix = (caller.key or "").split("_")[2]
    with caller.world.runtime.write() as ctx:
        key = ctx.session.scalars(sa.select(ApiKey).where(ApiKey.prefix == prefix)).one()
        key.revoked_at = caller.world.clock.now()
