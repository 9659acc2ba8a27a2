"""Merchants' rows apart, and test rows from live ones: foreign keys with the merchant, and with the mode."""

import sqlalchemy as sa
from alembic import op

from models.migrations.apart import keep_apart

revision = "0024"
down_revision = "0023"
branch_labels = None
depends_on = None

INTEGER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
OWNERS = {"allocation": "payment", "pay_link_invoice": "pay_link"}
LIVE_ONLY = ("proof", "reminder", "reminder_link", "web_session")


def upgrade() -> None:
    op.add_column("pay_link", sa.Column("mode", sa.String(32), server_default="live", nullable=False))
    op.execute(
        "UPDATE pay_link SET mode = 'test' WHERE id IN (SELECT pay_link_id FROM pay_link_invoice"
        " JOIN invoice ON invoice.id = pay_link_invoice.invoice_id WHERE invoice.mode = 'test')"
    )
    for table, owner in OWNERS.items():
        _own(table, owner)
    for table in LIVE_ONLY:
        check = sa.CheckConstraint("mode = 'live'", name=f"ck_{table}_live")
        op.add_column(table, sa.Column("mode", sa.String(32), check, server_default="live", nullable=False))
    op.drop_index("ix_invoice_any_status", table_name="invoice")  # the key's own index is the same
    keep_apart()


def _own(table: str, owner: str) -> None:
    """The defaults are for the rows that are there; afterwards the keys refuse them."""
    op.add_column(table, sa.Column("merchant_id", INTEGER, server_default="0", nullable=False))
    op.add_column(table, sa.Column("mode", sa.String(32), server_default="live", nullable=False))
    own, whose = _owned(table, f"{owner}_id"), _owned(owner, "id")
    mine = whose.c.id == own.c[f"{owner}_id"]
    theirs = {name: sa.select(whose.c[name]).where(mine).scalar_subquery() for name in ("merchant_id", "mode")}
    op.execute(sa.update(own).values(theirs))


def _owned(table: str, key: str) -> sa.TableClause:
    return sa.table(table, sa.column(key), sa.column("merchant_id"), sa.column("mode"))
