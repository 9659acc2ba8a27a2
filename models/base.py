"""What every table shares: the declarative base, UTC timestamps, enums stored by value, public ids."""

import enum
import secrets
from datetime import UTC, datetime
from typing import Any, ClassVar

import sqlalchemy as sa
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

NAMING = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}


_OPTIONS = "till_options"
"""In the info of a table or an index."""


class UtcDateTime(sa.TypeDecorator[datetime]):
    """Aware UTC datetimes on both databases. Refuses naive values instead of guessing their zone."""

    impl = sa.DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, _dialect: sa.Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("naive datetime")
        return value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, _dialect: sa.Dialect) -> datetime | None:
        if value is None or value.tzinfo is not None:
            return value
        return value.replace(tzinfo=UTC)


class Base(DeclarativeBase):
    metadata = sa.MetaData(naming_convention=NAMING)
    type_annotation_map: ClassVar[dict[Any, Any]] = {
        datetime: UtcDateTime(),
        int: sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
        dict[str, Any]: sa.JSON(none_as_null=True),
        list[Any]: sa.JSON(none_as_null=True),
    }


def only_on(**options: Any) -> dict[str, Any]:
    """For a table or an index, what is one database's own: `postgresql_ops`, `sqlite_with_rowid`. Said to SQLAlchemy in
    its own way, it would load that database's dialect to look whether there is such an option."""
    return {"info": {_OPTIONS: options}}


def partial(name: str, *columns: str, where: str, unique: bool = False) -> sa.Index:
    """An index of some rows alone."""
    told = sa.text(where)
    return sa.Index(name, *columns, unique=unique, **only_on(sqlite_where=told, postgresql_where=told))


def say_options(metadata: sa.MetaData, dialect: str) -> None:
    """What `only_on` has kept back, for whoever builds or compares tables."""
    tables = metadata.tables.values()
    items: list[sa.Table | sa.Index] = [*tables, *(index for table in tables for index in table.indexes)]
    for item in items:
        for name, value in item.info.get(_OPTIONS, {}).items():
            owner, _, option = name.partition("_")
            if owner == dialect:
                item.dialect_options[dialect][option] = value


@sa.event.listens_for(Base.metadata, "before_create")
def _say_options(metadata: sa.MetaData, connection: sa.Connection, **_rest: object) -> None:
    say_options(metadata, connection.dialect.name)


def new_public_id() -> str:
    """32 hex digits from the CSPRNG."""
    return secrets.token_hex(16)


class Identified:
    """Integer key for joins inside, 128-bit random public id for everything that leaves the house."""

    id: Mapped[int] = mapped_column(primary_key=True)
    public_id: Mapped[str] = mapped_column(sa.String(32), unique=True, default=new_public_id)


def stored(kind: type[enum.StrEnum]) -> sa.Enum:
    """Column type for a StrEnum: its value as text, so that a reordered or renamed member breaks nothing."""
    return sa.Enum(kind, native_enum=False, length=32, values_callable=lambda e: [m.value for m in e])
