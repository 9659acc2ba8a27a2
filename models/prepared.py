"""Statements for the hot path: compiled once per database, then handed straight to the driver. Each is a Core
statement, so that tables, types and dialects stay in one place; of SQLAlchemy's execution only the types remain."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine.interfaces import DBAPICursor
from sqlalchemy.orm import Session
from sqlalchemy.sql.compiler import SQLCompiler

Convert = Callable[[Any], Any] | None
Row = tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class _Compiled:
    sql: str
    constants: Mapping[str, Any]
    """Already in the driver's form."""
    binds: Sequence[tuple[str, Convert]]
    results: Sequence[tuple[int, Callable[[Any], Any]]]
    """Columns whose values need converting, by place."""
    order: Sequence[str] | None
    """Of the arguments, for a driver that takes them by place."""

    def arguments(self, parameters: Mapping[str, Any]) -> Any:
        values = {name: convert(parameters[name]) if convert else parameters[name] for name, convert in self.binds}
        values.update(self.constants)
        return values if self.order is None else [values[name] for name in self.order]

    def row(self, raw: Row) -> Row:
        if not self.results:
            return raw
        row = list(raw)
        for place, convert in self.results:
            row[place] = convert(row[place])
        return tuple(row)


class Prepared:
    """One statement. `columns` names the parameters of an INSERT, which has none of its own.

    `all`, `first` and `run` raise sa.exc.DBAPIError as a Connection would.
    """

    def __init__(self, statement: sa.Executable, columns: Sequence[str] | None = None) -> None:
        self._statement = statement
        self._columns = None if columns is None else list(columns)
        self._compiled: dict[str, _Compiled] = {}

    def all(self, db: sa.Connection, parameters: Mapping[str, Any]) -> list[Row]:
        compiled, cursor = self._execute(db, parameters)
        return [compiled.row(row) for row in cursor.fetchall()]

    def first(self, db: sa.Connection, parameters: Mapping[str, Any]) -> Row | None:
        compiled, cursor = self._execute(db, parameters)
        row = cursor.fetchone()
        return None if row is None else compiled.row(row)

    def run(self, db: sa.Connection, parameters: Mapping[str, Any]) -> None:
        self._execute(db, parameters)

    def _execute(self, db: sa.Connection, parameters: Mapping[str, Any]) -> tuple[_Compiled, DBAPICursor]:
        compiled = self._compiled.get(db.dialect.name) or self._compile(db.dialect)
        driver = driver_of(db)
        cursor: DBAPICursor = driver.cursor()
        try:
            cursor.execute(compiled.sql, compiled.arguments(parameters))
        except db.dialect.loaded_dbapi.Error as error:
            raise translated(db, error, compiled.sql) from error
        return compiled, cursor

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
            [(name, convert) for name, convert in converts.items() if name not in constants],
            _results(compiler, dialect),
            compiler.positiontup if compiler.positional else None,
        )
        return compiled


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
