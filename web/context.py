"""A unit of work per request: opened around a view, committed when it returns, rolled back when it raises."""

from collections.abc import Callable
from functools import wraps
from typing import Any, Concatenate, ParamSpec, TypeVar

import sqlalchemy as sa
from flask import Request, g, has_request_context, request
from flask.globals import app_ctx

from models.context import Context, Runtime
from models.database import is_retryable
from models.walls import ALL_MERCHANTS, NOBODY, Whose

P = ParamSpec("P")
R = TypeVar("R")

TRIES = 4
"""PostgreSQL ends one of two transactions that wait for each other; the loser runs again from its start."""


def runtime() -> Runtime:
    """For the rows of whom the request is about: nobody's, as long as no door has said (web/doors.py)."""
    at = app_ctx._get_current_object()  # type: ignore[attr-defined]
    assembled: Runtime = at.app.extensions["till"]
    return assembled.of(at.g.get("whose", NOBODY) if has_request_context() else ALL_MERCHANTS)  # all: a command


def this_request() -> Request:
    """The request itself, for who looks at it more than once: each look through Flask's stand-in costs as much as ten
    at an object."""
    return request._get_current_object()  # type: ignore[attr-defined,no-any-return]


def turn_to(ctx: Context, whose: Whose) -> None:
    """The rest of the request is about that merchant, now that a token has told whose it is."""
    g.whose = whose
    ctx.turn_to(whose)


def writes(view: Callable[Concatenate[Context, P], R]) -> Callable[P, R]:
    """Give the view a Context that may write. The view may run more than once, so it must keep side effects inside."""

    @wraps(view)
    def run(*args: P.args, **kwargs: P.kwargs) -> R:
        return retrying(lambda: _once(view, *args, **kwargs))

    return run


def reads(view: Callable[Concatenate[Context, P], R]) -> Callable[P, R]:
    """Give the view a Context that only reads: it never waits for a writer."""

    @wraps(view)
    def run(*args: P.args, **kwargs: P.kwargs) -> R:
        with runtime().read() as ctx:
            return view(ctx, *args, **kwargs)

    return run


def retrying(work: Callable[[], R], *, bears_repeating: bool = False) -> R:
    """`bears_repeating`: what is known by its message's id may run again even where a lost connection leaves open
    whether it was committed."""
    for left in reversed(range(TRIES)):
        try:
            return work()
        except sa.exc.DBAPIError as error:
            if not left or not (is_retryable(error) or (bears_repeating and error.connection_invalidated)):
                raise
    raise AssertionError("unreachable")


def _once(view: Callable[..., R], *args: Any, **kwargs: Any) -> R:
    with runtime().write() as ctx:
        return view(ctx, *args, **kwargs)
