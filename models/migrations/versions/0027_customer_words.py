"""The words of customers' names, filled for those on file; emails are found by how they begin, on PostgreSQL, too."""

import sqlalchemy as sa
from alembic import op

from models import customer_word
from models.migrations import walls
from models.migrations.apart import keep_apart

revision = "0027"
down_revision = "0026"
branch_labels = None
depends_on = None

INTEGER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
WORD = sa.String(60).with_variant(sa.String(60, collation="C"), "postgresql")
BATCH = 1_000
ADDRESS = ["merchant_id", "channel", "address"]


def upgrade() -> None:
    op.create_table(
        "customer_word",
        sa.Column("merchant_id", INTEGER, autoincrement=False, nullable=False),
        sa.Column("word", WORD, nullable=False),
        sa.Column("customer_id", INTEGER, autoincrement=False, nullable=False),
        sa.ForeignKeyConstraint(["merchant_id"], ["merchant.id"], name=op.f("fk_customer_word_merchant_id_merchant")),
        sa.ForeignKeyConstraint(["customer_id"], ["customer.id"], name=op.f("fk_customer_word_customer_id_customer")),
        sa.PrimaryKeyConstraint("merchant_id", "word", "customer_id", name=op.f("pk_customer_word")),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_customer_word_customer", "customer_word", ["merchant_id", "customer_id"])
    _fill(op.get_bind())  # before the changes for which everybody waits
    keep_apart()
    _index_addresses({"address": "varchar_pattern_ops"})
    walls.build(op.get_bind())


def downgrade() -> None:
    _index_addresses({})
    op.drop_table("customer_word")


def _index_addresses(ops: dict[str, str]) -> None:
    if op.get_bind().dialect.name == "postgresql":
        op.drop_index("ix_contact_point_address", table_name="contact_point")
        op.create_index("ix_contact_point_address", "contact_point", ADDRESS, postgresql_ops=ops)


def _fill(db: sa.Connection) -> None:
    customer = sa.table("customer", sa.column("id"), sa.column("merchant_id"), sa.column("name"))
    last = db.scalar(sa.select(sa.func.max(customer.c.id))) or 0
    asked = sa.select(customer.c.merchant_id, customer.c.id, customer.c.name).order_by(customer.c.id).limit(BATCH)
    done = 0
    while done < last:
        some = [tuple(row) for row in db.execute(asked.where(customer.c.id > done))]
        customer_word.enter(db, some)
        done = some[-1][1]
