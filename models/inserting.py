"""INSERT that says what to do where the row is there already: each database has its own. Only the one in use is loaded;
the other's takes a thirtieth of a web process's start."""

from importlib import import_module
from typing import TYPE_CHECKING

import sqlalchemy as sa
from sqlalchemy.orm import Session

from models.base import Base

if TYPE_CHECKING:
    from sqlalchemy.dialects.sqlite import Insert  # PostgreSQL's can do as much, and more that we do not use


def insert(db: Session | sa.Connection, table: type[Base] | sa.Table) -> "Insert":
    return insert_for(db.get_bind().dialect.name if isinstance(db, Session) else db.dialect.name, table)


def insert_for(dialect: str, table: type[Base] | sa.Table) -> "Insert":
    made: Insert = import_module(f"sqlalchemy.dialects.{dialect}").insert(table)
    return made
