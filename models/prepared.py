"""Statements for the hot path: compiled once per database, then handed straight to the driver. Each is a Core
statement, so that tables, types and dialects stay in one place; of SQLAlchemy's execution only the types remain."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import count
from operator import itemgetter
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session
from sqlalchemy.sql.compiler import SQLCompiler

from models import walls

Convert = Callable[[Any], Any] | None
Row = tuple[Any, ...]

WITH_COMMIT = "till_with_commit"
"""In a connection's info: statements that wait to travel with the commit."""
PIPELINE = "till_pipeline"
"""In the info of a connection to PostgreSQL: its models/pipeline.py."""

_NUMBERS = count(1)


@dataclass(frozen=True, slots=True)
class Statement:
    """As a server knows it: parsed and planned once by each connection to PostgreSQL, under one name in all of them."""

    text: str
    name: bytes = field(default_factory=lambda: b"till_%d" % next(_NUMBERS))


@dataclass(frozen=True, slots=True)
class _Compiled:
    statement: Statement
    constants: Mapping[str, Any]
    """Already in the driver's form."""
    converts: Sequence[tuple[str, Callable[[Any], Any]]]
    """Parameters whose values need converting."""
    results: Sequence[tuple[int, Callable[[Any], Any]]]
    """Columns whose values need converting, by place."""
    in_order: Callable[[Mapping[str, Any]], Any]

    def arguments(self, parameters: Mapping[str, Any]) -> Any:
        values = {**parameters, **self.constants}
        for name, convert in self.converts:
            if values[name] is not None:
                values[name] = convert(values[name])
        return self.in_order(values)

    def row(self, raw: Row) -> Row:
        if not self.results:
            return raw
        row = list(raw)
        for place, convert in self.results:
            if row[place] is not None:
                row[place] = convert(row[place])
        return tuple(row)


@dataclass(frozen=True, slots=True)
class Sent:
    """An answer that is on its way, or has come."""

    _compiled: _Compiled
    _fetch: Callable[[], list[Row]]

    def all(self) -> list[Row]:
        return [self._compiled.row(row) for row in self._fetch()]

    def first(self) -> Row | None:
        rows = self._fetch()
        return self._compiled.row(rows[0]) if rows else None


class Prepared:
    """One statement. `columns` names the parameters of an INSERT, which has none of its own.

    `all`, `first` and `run` raise sa.exc.DBAPIError as a Connection would.
    """

    def __init__(self, statement: sa.Executable, columns: Sequence[str] | None = None) -> None:
        self._statement = statement
        self._columns = None if columns is None else list(columns)
        self._compiled: dict[str, _Compiled] = {}

    def all(self, db: sa.Connection, parameters: Mapping[str, Any]) -> list[Row]:
        return self.send(db, parameters).all()

    def first(self, db: sa.Connection, parameters: Mapping[str, Any]) -> Row | None:
        return self.send(db, parameters).first()

    def run(self, db: sa.Connection, parameters: Mapping[str, Any]) -> None:
        self.send(db, parameters)

    def last(self, db: sa.Connection, parameters: Mapping[str, Any]) -> None:
        """`run` for what nothing later in the transaction reads: it may travel with the commit."""
        waiting = db.info.get(WITH_COMMIT)
        if waiting is None:
            self.send(db, parameters)
            return
        compiled = self._for(db)
        waiting.append((compiled, compiled.arguments(parameters)))

    def send(self, db: sa.Connection, parameters: Mapping[str, Any]) -> Sent:
        """Inside `one_trip` nothing has arrived before its end."""
        compiled = self._for(db)
        return _send(db, compiled, compiled.arguments(parameters))

    def _for(self, db: sa.Connection) -> _Compiled:
        return self._compiled.get(db.dialect.name) or self._compile(db.dialect)

    def _compile(self, dialect: sa.Dialect) -> _Compiled:
        by_place = _places(dialect)
        compiler: SQLCompiler = self._statement.compile(dialect=by_place, column_keys=self._columns)  # type: ignore[attr-defined]
        text = str(compiler)
        if "POSTCOMPILE" in text:
            raise ValueError("an IN list has no fixed text: spell it out with OR")
        converts = {name: _bind(bound, dialect) for name, bound in compiler.binds.items()}
        constants = {name: bound.effective_value for name, bound in compiler.binds.items() if not bound.required}
        compiled = self._compiled[dialect.name] = _Compiled(
            Statement(text),
            {name: _converted(converts[name], value) for name, value in constants.items()},
            [(name, convert) for name, convert in converts.items() if convert and name not in constants],
            _results(compiler, dialect),
            _by_place(compiler.positiontup or ()),
        )
        return compiled


def _send(db: sa.Connection, compiled: _Compiled, arguments: Any) -> Sent:
    statement, info = compiled.statement, db.info  # looked for once: it lies three calls deep
    pipeline = info.get(PIPELINE)
    try:
        if pipeline is None:
            return Sent(compiled, driver_of(db).execute(statement.text, arguments).fetchall)
        if walls.UNSAID not in info:
            return Sent(compiled, pipeline.send(statement, arguments).rows)
        with one_trip(db):
            say_now(db)
            return Sent(compiled, pipeline.send(statement, arguments).rows)
    except db.dialect.loaded_dbapi.Error as error:
        raise translated(db, error, statement.text) from error


def _places(dialect: sa.Dialect) -> sa.Dialect:
    """The same, writing parameters by their places."""
    return dialect if dialect.name == "sqlite" else type(dialect)(paramstyle="numeric_dollar")  # type: ignore[call-arg]


def _by_place(names: Sequence[str]) -> Callable[[Mapping[str, Any]], Any]:
    return itemgetter(*names) if len(names) > 1 else lambda values: tuple(values[name] for name in names)


def _bind(bound: sa.BindParameter[Any], dialect: sa.Dialect) -> Convert:
    return bound.type.dialect_impl(dialect).bind_processor(dialect)


def _converted(convert: Convert, value: Any) -> Any:
    return convert(value) if convert else value


def _results(compiler: SQLCompiler, dialect: sa.Dialect) -> list[tuple[int, Callable[[Any], Any]]]:
    columns = enumerate(compiler._result_columns)  # the only list of them that RETURNING fills as well
    found = ((place, column.type.dialect_impl(dialect).result_processor(dialect, None)) for place, column in columns)
    return [(place, convert) for place, convert in found if convert is not None]


def connection_of(session: Session) -> sa.Connection:
    """The connection of a session without starting the session's own transaction, where it has been given one."""
    bind = session.get_bind()
    return bind if isinstance(bind, sa.Connection) else session.connection()


def driver_of(db: sa.Connection) -> Any:
    return db.connection.driver_connection


@contextmanager
def one_trip(db: sa.Connection) -> Iterator[None]:
    """What is sent in here goes to PostgreSQL together, the BEGIN in front of it included: one wait for all of it."""
    pipeline = db.info.get(PIPELINE)
    if pipeline is None or pipeline.is_open:
        yield
        return
    try:
        with pipeline.one_trip():
            yield
    except db.dialect.loaded_dbapi.Error as error:
        raise translated(db, error, "pipeline") from error


_SAY = Prepared(sa.select(sa.func.set_config(walls.SETTING, sa.bindparam("whose", type_=sa.Text), sa.true())))
"""True: until the transaction ends, whoever borrows the connection next."""


def say_now(db: sa.Connection) -> None:
    """In front of a transaction's first statement: whose rows it may see (models/walls.py)."""
    _SAY.send(db, {"whose": db.info.pop(walls.UNSAID)})


def commit(db: sa.Connection) -> None:
    """With what waited for it. Nothing to do where the session has committed already: both drivers know."""
    try:
        if not db.info.get(WITH_COMMIT):
            driver_of(db).commit()
        else:
            with one_trip(db):
                run_waiting(db)
                db.info[PIPELINE].commit()
    except db.dialect.loaded_dbapi.Error as error:
        raise translated(db, error, "COMMIT") from error
    walls.say_again(db)


def run_waiting(db: sa.Connection) -> None:
    waiting = db.info[WITH_COMMIT]
    for compiled, arguments in waiting:
        _send(db, compiled, arguments)
    waiting.clear()


def translated(db: sa.Connection, error: Any, sql: str) -> Exception:
    """The driver's error as SQLAlchemy's. A broken connection is not given to anybody else."""
    dbapi = db.dialect.loaded_dbapi
    is_broken = db.dialect.is_disconnect(error, db.connection, None)
    if is_broken:
        db.connection.invalidate(error)
    found: Exception = sa.exc.DBAPIError.instance(
        sql, None, error, dbapi.Error, hide_parameters=True, connection_invalidated=is_broken, dialect=db.dialect
    )
    return found
