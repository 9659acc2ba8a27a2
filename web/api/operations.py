"""One operation of the API: its route, its place in the OpenAPI document, and the order in which a request is judged:
key, scope, shape, idempotency, rate, then the work in one transaction."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import wraps
from http import HTTPStatus
from typing import Any

import sqlalchemy as sa
from flask import Blueprint, Response, request, stream_with_context
from pydantic import BaseModel, ValidationError

from models import limits
from models.context import Context, Runtime
from models.errors import DomainError
from models.merchant import Scope
from web.api import answers, callers, document, problems, trail
from web.api.callers import Caller
from web.api.problems import problem
from web.context import retrying, runtime, turn_to

blueprint = Blueprint("api", __name__, url_prefix=document.PATH)

View = Callable[..., BaseModel | Iterable[str] | None]
CSV = "text/csv"


@dataclass(frozen=True, slots=True)
class Call:
    """One request by one caller. Views read and write only what is the caller's."""

    ctx: Context
    caller: Caller


@dataclass(frozen=True, slots=True)
class Outside:
    """For the few operations that ask a vendor: no transaction is open meanwhile. What they do, they do once for each
    Idempotency-Key by themselves, so that one that died in the middle may run again."""

    runtime: Runtime
    caller: Caller


@dataclass(frozen=True, slots=True)
class _Operation:
    view: View
    scope: Scope
    status: int
    query: type[BaseModel] | None
    body: type[BaseModel] | None
    is_outside: bool
    most_bytes: int
    """Of a CSV file as the body; 0: JSON, or none."""
    records: bool


def get(
    path: str, *, answer: type[BaseModel], tag: str, query: type[BaseModel] | None = None
) -> Callable[[View], View]:
    return _route("GET", path, answer, tag, scope=Scope.READ, query=query)


def post(
    path: str,
    *,
    answer: type[BaseModel],
    tag: str,
    scope: Scope = Scope.WRITE,
    body: type[BaseModel] | None = None,
    status: int = 201,
    records: bool = True,
) -> Callable[[View], View]:
    """`records` False: it changes nothing, so the trail has no entry of it."""
    return _route("POST", path, answer, tag, scope=scope, body=body, status=status, records=records)


def post_outside(
    path: str,
    *,
    answer: type[BaseModel],
    tag: str,
    scope: Scope = Scope.WRITE,
    body: type[BaseModel] | None = None,
    status: int = 201,
    records: bool = True,
) -> Callable[[View], View]:
    """The view gets an Outside instead of a Call. `records` False: it writes its entry of the trail itself, in the
    transaction that changes what the entry is about."""
    return _route("POST", path, answer, tag, scope=scope, body=body, status=status, is_outside=True, records=records)


def post_file(path: str, *, answer: type[BaseModel], tag: str, most_bytes: int) -> Callable[[View], View]:
    """The body is a CSV file: the view gets its `content`, and an Outside."""
    return _route("POST", path, answer, tag, scope=Scope.WRITE, status=201, is_outside=True, most_bytes=most_bytes)


def get_file(path: str, *, tag: str) -> Callable[[View], View]:
    """The answer is a CSV file, line by line. The view gets an Outside, and records itself: it is asked with GET."""
    return _route("GET", path, None, tag, scope=Scope.READ, is_outside=True)


def patch(
    path: str, *, answer: type[BaseModel], tag: str, body: type[BaseModel], scope: Scope = Scope.WRITE
) -> Callable[[View], View]:
    return _route("PATCH", path, answer, tag, scope=scope, body=body)


def put(
    path: str, *, answer: type[BaseModel], tag: str, body: type[BaseModel], scope: Scope = Scope.WRITE
) -> Callable[[View], View]:
    return _route("PUT", path, answer, tag, scope=scope, body=body)


def delete(path: str, *, tag: str, scope: Scope = Scope.WRITE) -> Callable[[View], View]:
    return _route("DELETE", path, None, tag, scope=scope, status=204)


def _route(
    method: str,
    path: str,
    answer: type[BaseModel] | None,
    tag: str,
    *,
    scope: Scope,
    status: int = 200,
    query: type[BaseModel] | None = None,
    body: type[BaseModel] | None = None,
    is_outside: bool = False,
    most_bytes: int = 0,
    records: bool = True,
) -> Callable[[View], View]:
    def decorate(view: View) -> View:
        operation = _Operation(view, scope, status, query, body, is_outside, most_bytes, records)

        @wraps(view)
        def run(**path_parts: str) -> Response:
            return _refused_or(lambda: _perform(operation, path_parts))

        document.DECLARED.append(
            document.Told(method, path, answer, status, query, body, tag, view, takes_file=bool(most_bytes))
        )
        blueprint.add_url_rule(path, view.__name__, run, methods=[method])
        return view

    return decorate


def _refused_or(work: Callable[[], Response]) -> Response:
    try:
        return work()
    except problems.InvalidRequest as error:
        return problem(error.code, error.errors)
    except DomainError as error:
        if error.code not in problems.PROBLEMS:
            raise
        guessed = error.code == "key_unknown" and not callers.may_guess_on()
        return problem("too_many_requests" if guessed else error.code)


def _perform(operation: _Operation, path_parts: dict[str, str]) -> Response:
    with runtime().read() as ctx:
        caller = callers.identify(ctx, operation.scope)
        turn_to(ctx, caller.merchant_id)
        arguments: dict[str, Any] = {**path_parts, **_shaped(operation)}
        if request.method in ("GET", "HEAD") and not operation.is_outside:
            return _answer(operation, operation.view(Call(ctx, caller), **arguments))
    if request.method in ("GET", "HEAD"):
        return _streamed(operation.view(Outside(runtime(), caller), **arguments))
    key = answers.key() if request.method == "POST" else None
    if operation.is_outside:
        return _write_outside(operation, caller, key, arguments)
    return retrying(lambda: _write(operation, caller, key, arguments))


def _shaped(operation: _Operation) -> dict[str, Any]:
    """The query and the body. Raises DomainError for what does not have their shape."""
    told: dict[str, Any] = {}
    if operation.query is not None:
        told["query"] = _query(operation.query)
    elif request.args:
        raise problems.InvalidRequest([problems.Fault(pointer=f"?{n}", message="Unknown") for n in request.args])
    if operation.body is not None:
        told["body"] = _body(operation.body)
    return told | ({"content": _content(operation.most_bytes)} if operation.most_bytes else {})


def _query(shape: type[BaseModel]) -> BaseModel:
    repeated = [name for name, values in request.args.lists() if len(values) > 1]
    if repeated:
        raise problems.InvalidRequest([problems.Fault(pointer=f"?{name}", message="Once only") for name in repeated])
    try:
        return shape.model_validate(request.args.to_dict())
    except ValidationError as error:
        raise problems.invalid(error, of_query=True) from None


def _body(shape: type[BaseModel]) -> BaseModel:
    if request.mimetype != "application/json":
        raise DomainError("not_json")
    try:
        return shape.model_validate_json(request.get_data())
    except ValidationError as error:
        if error.errors()[0]["type"] == "json_invalid":
            raise DomainError("malformed_json") from None
        raise problems.invalid(error) from None


def _content(most_bytes: int) -> bytes:
    if request.mimetype != CSV:
        raise DomainError("not_csv")
    request.max_content_length = most_bytes
    return request.get_data()


def _write_outside(operation: _Operation, caller: Caller, key: str | None, arguments: dict[str, Any]) -> Response:
    if (given := retrying(lambda: _claim(caller, key))) is not None:
        return given
    made = None
    try:
        made = operation.view(Outside(runtime(), caller), **arguments)
        answer = _answer(operation, made)
    except DomainError as error:
        if error.code not in problems.PROBLEMS:
            raise
        answer = problem(error.code, getattr(error, "errors", ()))
    with runtime().write() as ctx:
        if key is not None:
            answers.keep(ctx, caller, key, answer)
        _record(operation, ctx, caller, arguments, made)
    return answer


def _claim(caller: Caller, key: str | None) -> Response | None:
    """None: work. Otherwise what to answer instead."""
    with runtime().write() as ctx:
        return _answered(ctx, caller, key)


def _answered(ctx: Context, caller: Caller, key: str | None) -> Response | None:
    if key is not None and (given := answers.claim(ctx, caller, key)) is not None:
        return given
    if limits.hit(ctx.session, limits.API_WRITES_PER_KEY, str(caller.key_id), ctx.clock.now()):
        return None
    if key is not None:
        answers.give_up(ctx, caller, key)
    return problem("too_many_requests")


def _write(operation: _Operation, caller: Caller, key: str | None, arguments: dict[str, Any]) -> Response:
    with runtime().write() as ctx:
        if (given := _answered(ctx, caller, key)) is not None:
            return given
        answer = _work(operation, Call(ctx, caller), arguments)
        if key is not None:
            answers.keep(ctx, caller, key, answer)
        return answer


def _work(operation: _Operation, call: Call, arguments: dict[str, Any]) -> Response:
    """Inside a savepoint: a refusal undoes what the view did, and is itself kept as the answer."""
    session = call.ctx.session
    try:
        with session.begin_nested():
            made = operation.view(call, **arguments)
            _record(operation, call.ctx, call.caller, arguments, made)
            session.flush()
            return _answer(operation, made)
    except sa.exc.IntegrityError:
        return problem("conflict")
    except DomainError as error:
        if error.code not in problems.PROBLEMS:
            raise
        return problem(error.code, getattr(error, "errors", ()))


def _record(operation: _Operation, ctx: Context, caller: Caller, arguments: dict[str, Any], made: Any) -> None:
    """A refusal changed nothing; whatever else a program asked for by POST, PATCH or DELETE is in the trail."""
    is_done = isinstance(made, BaseModel) or operation.status == HTTPStatus.NO_CONTENT
    if operation.records and is_done:
        trail.record(ctx, caller, operation.view.__name__, arguments, made)


def _streamed(lines: Any) -> Response:
    return Response(stream_with_context(lines), content_type=f"{CSV}; charset=utf-8")


def _answer(operation: _Operation, made: Any) -> Response:
    if made is None:
        return Response(status=operation.status)
    return Response(made.model_dump_json(), operation.status, content_type="application/json")
