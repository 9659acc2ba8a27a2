"""One merchant's rows never point at another's, nor test rows at live ones: the database itself refuses. Every foreign
key between two tables that have a `merchant_id` becomes (merchant_id, x_id) -> (merchant_id, id), with the mode in it
where both have one. A model states `sa.ForeignKey("customer.id")`, a migration the plain key, then `keep_apart`."""

from collections.abc import Iterator
from dataclasses import dataclass

import sqlalchemy as sa

MERCHANT, MODE = "merchant_id", "mode"


@dataclass(frozen=True, slots=True)
class Reference:
    """From `table.column` to `parent.id`, within `scope`: the columns that both must agree in."""

    name: str
    table: str
    column: str
    parent: str
    scope: tuple[str, ...]
    was: str
    """The plain key's own name, where it has one."""
    is_loose: bool
    """The merchant may be missing: then nothing would be compared, so that the column must be empty, too."""

    @property
    def check(self) -> str:
        return f"ck_{self.table}_{self.column}_owned"

    @property
    def owned(self) -> str:
        return f"{self.column} IS NULL OR {MERCHANT} IS NOT NULL"

    @property
    def index(self) -> str:
        """The parent's unique index that the key needs."""
        return f"uq_{self.parent}_{'mode' if MODE in self.scope else 'merchant'}"


def references(metadata: sa.MetaData) -> Iterator[Reference]:
    """Every plain key in `metadata` that a merchant's rows need more of."""
    for table in metadata.sorted_tables:
        for constraint in sorted(table.foreign_key_constraints, key=lambda one: list(one.column_keys)):
            parent, columns = constraint.referred_table, list(constraint.column_keys)
            scope = tuple(name for name in (MERCHANT, MODE) if name in table.c and name in parent.c)
            if MERCHANT in scope and columns != [MERCHANT] and len(columns) == 1:
                name, is_loose = f"fk_{table.name}_{columns[0]}_{parent.name}", bool(table.c[MERCHANT].nullable)
                yield Reference(name, table.name, columns[0], parent.name, scope, str(constraint.name), is_loose)


def bind(metadata: sa.MetaData) -> None:
    """Once all tables are known, and before anything is made of them."""
    for one in list(references(metadata)):
        table, parent = metadata.tables[one.table], metadata.tables[one.parent]
        _drop(table, one.column)
        columns = [*one.scope, one.column]
        target = [f"{one.parent}.{name}" for name in (*one.scope, "id")]
        # A table's index comes after the table: PostgreSQL takes a key to itself only then.
        key = sa.ForeignKeyConstraint(columns, target, name=one.name, use_alter=one.table == one.parent)
        table.append_constraint(key)
        if one.is_loose:
            table.append_constraint(sa.CheckConstraint(one.owned, name=f"{one.column}_owned"))
        if one.index not in {index.name for index in parent.indexes}:
            sa.Index(one.index, *(parent.c[name] for name in one.scope), parent.c.id, unique=True)


def _drop(table: sa.Table, column: str) -> None:
    for key in list(table.c[column].foreign_keys):
        table.c[column].foreign_keys.discard(key)
        table.foreign_keys.discard(key)
        table.constraints.discard(key.constraint)
