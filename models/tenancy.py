"""One merchant's rows never point at another's, nor test rows at live ones: the database itself refuses. Every foreign
key between two tables that have a `merchant_id` becomes (merchant_id, x_id) -> (merchant_id, id), with the mode in it
where both have one and either may be test. A model states `sa.ForeignKey("customer.id")`, a migration the plain key,
then `keep_apart`."""

from collections.abc import Collection, Iterator
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
    """The present key's own name, where it has one."""
    held: tuple[str, ...]
    """What the present key compares beside the column: nothing in a plain one."""
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
        return _index(self.parent, self.scope)

    @property
    def index_before(self) -> str:
        return _index(self.parent, self.held)


def references(metadata: sa.MetaData, modeless: Collection[str] = ()) -> Iterator[Reference]:
    """Every key in `metadata` that does not compare what a merchant's rows need.
    `modeless`: on the way back, tables that are to lose their mode."""
    for table in metadata.sorted_tables:
        for constraint in sorted(table.foreign_key_constraints, key=lambda one: list(one.column_keys)):
            column, parent = _pointer(constraint), constraint.referred_table
            held, scope = tuple(constraint.column_keys[:-1]), _scope(table, parent, modeless)
            if column is not None and MERCHANT in scope and held != scope:
                name, is_loose = f"fk_{table.name}_{column}_{parent.name}", bool(table.c[MERCHANT].nullable)
                yield Reference(name, table.name, column, parent.name, scope, str(constraint.name), held, is_loose)


def _pointer(constraint: sa.ForeignKeyConstraint) -> str | None:
    """The column that names a row of a merchant by its id."""
    last = constraint.elements[-1]
    alone = set(constraint.column_keys[:-1]) <= {MERCHANT, MODE}
    return last.parent.name if alone and last.column.name == "id" and last.parent.name != MERCHANT else None


def _scope(table: sa.Table, parent: sa.Table, modeless: Collection[str]) -> tuple[str, ...]:
    """Two tables without test rows need not compare the mode. On the way back they do: there it was always compared."""
    told = [name for name in (MERCHANT, MODE) if name in table.c and name in parent.c]
    if MODE in told and (table.name in modeless or parent.name in modeless):
        told.remove(MODE)
    if MODE in told and not modeless and is_live_only(table) and is_live_only(parent):
        told.remove(MODE)
    return tuple(told)


def is_live_only(table: sa.Table) -> bool:
    if MODE not in table.c:
        return False
    checks = {*table.constraints, *table.c[MODE].constraints}  # one migration has named its own with a second prefix
    return any(str(check.name).endswith(f"ck_{table.name}_live") for check in checks)


def needless(metadata: sa.MetaData, changed: Collection[Reference]) -> set[tuple[str, str]]:
    """The unique indexes, and whose, that no key rests on any more once these have changed."""
    left = {(one.was, one.table) for one in changed}
    keys = [(key, table) for table in metadata.tables.values() for key in table.foreign_key_constraints]
    used = {
        _index(key.referred_table.name, key.column_keys) for key, table in keys if (key.name, table.name) not in left
    }
    used |= {one.index for one in changed}
    return {(one.index_before, one.parent) for one in changed if one.held and one.index_before not in used}


def _index(parent: str, compared: Collection[str]) -> str:
    return f"uq_{parent}_{'mode' if MODE in compared else 'merchant'}"


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
