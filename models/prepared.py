"""Statements for the hot path: compiled once per database, then handed straight to the driver. Each is a Core
statement, so that tables, types and dialects stay in one place; of SQLAlchemy's execution only the types remain."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from operator import itemgetter
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine.interfaces import DBAPICursor
from sqlalchemy.orm import Session
from sqlalchemy.sql.compiler import SQLCompiler

from models import walls

Convert = Callable[[Any], Any] | None
Row = tuple[Any, ...]

WITH_COMMIT = "till_with_commit"
"""In a connection's info: statements that wait to travel with the commit."""


@dataclass(frozen=True, slots=True)
class _Compiled:
    sql: str
    constants: Mapping[str, Any]
    """Already in the driver's form."""
    converts: Sequence[tuple[str, Callable[[Any], Any]]]
    """Parameters whose values need converting."""
    results: Sequence[tuple[int, Callable[[Any], Any]]]
    """Columns whose values need converting, by place."""
    in_order: Callable[[Mapping[str, Any]], Any] | None
    """For a driver that takes them by place."""

    def arguments(self, parameters: Mapping[str, Any]) -> Any:
        values = {**parameters, **self.constants}
        for name, convert in self.converts:
            if values[name] is not None:
                values[name] = convert(values[name])
        return values if self.in_order is None else self.in_order(values)

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
    _cursor: DBAPICursor

    def all(self) -> list[Row]:
        return [self._compiled.row(row) for row in self._cursor.fetchall()]

    def first(self) -> Row | None:
        row = self._cursor.fetchone()
        return None if row is None else self._compiled.row(row)


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
        if WITH_COMMIT not in db.info:
            self.send(db, parameters)
            return
        compiled = self._compiled.get(db.dialect.name) or self._compile(db.dialect)
        db.info[WITH_COMMIT].append((compiled.sql, compiled.arguments(parameters)))

    def send(self, db: sa.Connection, parameters: Mapping[str, Any]) -> Sent:
        """Inside `one_trip` nothing has arrived before its end."""
        if walls.UNSAID not in db.info:
            return self._hand_over(db, parameters)
        if driver_of(db).pgconn.pipeline_status:
            walls.say_now(db)
            return self._hand_over(db, parameters)
        with one_trip(db):
            walls.say_now(db)
            return self._hand_over(db, parameters)

    def _hand_over(self, db: sa.Connection, parameters: Mapping[str, Any]) -> Sent:
        compiled = self._compiled.get(db.dialect.name) or self._compile(db.dialect)
        driver = driver_of(db)
        cursor: DBAPICursor = driver.cursor()
        try:
            cursor.execute(compiled.sql, compiled.arguments(parameters))
        except db.dialect.loaded_dbapi.Error as error:
            raise translated(db, error, compiled.sql) from error
        return Sent(compiled, cursor)

    def _compile(self, dialect: sa.Dialect) -> _Compiled:
        compiler: SQLCompiler = self._statement.compile(dialect=dialect, column_keys=self._columns)  # type: ignore[attr-defined]
        sql = str(compiler)
        if "POSTCOMPILE" in sql:
            raise ValueError("an IN list has no fixed text: spell it out with OR")
        converts = {name: _bind(bound, dialect) for name, bound in compiler.binds.items()}
        constants = {name: bound.effective_value for name, bound in compiler.binds.items() if not bound.required}
        compiled = self._compiled[dialect.name] = _Compiled(
            sql,
            {name: _converted(converts[name], value) for name, value in constants.items()},
            [(name, convert) for name, convert in converts.items() if convert and name not in constants],
            _results(compiler, dialect),
            _by_place(compiler.positiontup) if compiler.positiontup else None,
        )
        return compiled


def _by_place(names: Sequence[str]) -> Callable[[Mapping[str, Any]], Any]:
    return itemgetter(*names) if len(names) > 1 else lambda values: (values[names[0]],)


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
    if db.dialect.name == "sqlite":
        yield
        return
    try:
        with driver_of(db).pipeline():
            yield
    except db.dialect.loaded_dbapi.Error as error:
        raise translated(db, error, "pipeline") from error


def commit(db: sa.Connection) -> None:
    """With what waited for it. Nothing to do where the session has committed already: both drivers know."""
    driver = driver_of(db)
    try:
        if not db.info.get(WITH_COMMIT):
            driver.commit()
        else:
            with driver.pipeline():
                run_waiting(db)
                driver.commit()
    except db.dialect.loaded_dbapi.Error as error:
        raise translated(db, error, "COMMIT") from error
    walls.say_again(db)


def run_waiting(db: sa.Connection) -> None:
    waiting, db.info[WITH_COMMIT] = db.info[WITH_COMMIT], []
    if walls.UNSAID in db.info:
        walls.say_now(db)
    for sql, arguments in waiting:
        cursor: DBAPICursor = driver_of(db).cursor()
        cursor.execute(sql, arguments)


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
