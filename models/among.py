"""Membership in a long list as one parameter. An IN list has one for each value: to build, send and parse five hundred
of them takes longer than to find the rows."""

import json
from collections.abc import Collection
from typing import Any, Self

import sqlalchemy as sa
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.orm import InstrumentedAttribute
from sqlalchemy.sql.compiler import SQLCompiler


class _Array(sa.types.UserDefinedType[str]):
    """What an array is in PostgreSQL's own words: the driver would look at each value of a list several times."""

    cache_ok = True
    render_bind_cast = True

    def __init__(self, item: str) -> None:
        self.item = item

    def get_col_spec(self, **_: Any) -> str:
        return f"{self.item}[]"


class _Values(sa.TypeDecorator[Any]):
    """An array where there are arrays, else JSON text."""

    impl = sa.Text
    cache_ok = True

    def __init__(self, *, are_numbers: bool) -> None:
        super().__init__()
        self.are_numbers = are_numbers

    def load_dialect_impl(self, dialect: sa.Dialect) -> sa.types.TypeEngine[Any]:
        is_array = dialect.name == "postgresql"
        return dialect.type_descriptor(_Array("BIGINT" if self.are_numbers else "TEXT") if is_array else sa.Text())

    def process_bind_param(self, value: Any, dialect: sa.Dialect) -> Any:
        if dialect.name != "postgresql":
            return json.dumps(value)
        return f"{{{','.join(map(str if self.are_numbers else _quoted, value))}}}"


def _quoted(word: str) -> str:
    escaped = word.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


class _Among(sa.sql.functions.GenericFunction[bool]):
    name = "till_among"
    type = sa.Boolean()
    inherit_cache = True

    def self_group(self, against: Any = None) -> Self:  # noqa: ARG002
        """As it is: SQLAlchemy would append "= 1" for SQLite, which then uses no index."""
        return self


@compiles(_Among)
def _listed(element: _Among, compiler: SQLCompiler, **options: Any) -> str:
    column, values = (compiler.process(clause, **options) for clause in element.clauses)
    if compiler.dialect.name == "postgresql":
        return f"{column} = ANY ({values})"
    return f"{column} IN (SELECT value FROM json_each({values}))"  # noqa: S608 - compiled parts


def among(column: InstrumentedAttribute[Any], values: Collection[int] | Collection[str]) -> sa.ColumnElement[bool]:
    """`column.in_(values)` for hundreds of integers or strings; cannot be negated."""
    kind = _Values(are_numbers=isinstance(column.type, sa.Integer))
    return _Among(column, sa.bindparam(None, list(values), type_=kind))
