"""Many rows by one statement. As a list of rows PostgreSQL gets a statement for each and plans it anew, which costs the
server more than storing the row."""

from collections.abc import Mapping, Sequence
from typing import Any

import sqlalchemy as sa


def write(db: sa.Connection, insert: sa.Insert, rows: Sequence[Mapping[str, Any]]) -> None:
    """`insert` has no values of its own. Every row names the same columns, and no two are one to ON CONFLICT."""
    if db.dialect.name == "sqlite":
        db.execute(insert, rows)  # parsed once for all of them
        return
    names, columns = list(rows[0]), insert.table.c
    arrays = [sa.bindparam(name, type_=sa.ARRAY(columns[name].type)) for name in names]
    given = sa.func.unnest(*arrays).table_valued(*names).render_derived()
    by_column = {name: [row[name] for row in rows] for name in names}
    db.execute(insert.from_select(names, sa.select(*given.c), include_defaults=False), by_column)
