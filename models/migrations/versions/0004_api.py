"""Programs: scoped keys, test customers, the answers that were given."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

MODE = sa.Enum("test", "live", name="mode", native_enum=False, length=32)
IDENTIFIER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.add_column("api_key", sa.Column("scopes", sa.JSON(none_as_null=True), nullable=True))
    for table in ("customer", "contact_point"):
        op.add_column(table, sa.Column("mode", MODE, server_default="live", nullable=False))
    op.add_column("customer", sa.Column("reference", sa.String(length=64), nullable=True))
    op.create_index(
        "uq_customer_reference",
        "customer",
        ["merchant_id", "mode", "reference"],
        unique=True,
        sqlite_where=sa.text("reference IS NOT NULL"),
        postgresql_where=sa.text("reference IS NOT NULL"),
    )
    op.create_table(
        "api_answer",
        sa.Column("merchant_id", IDENTIFIER, nullable=False),
        sa.Column("mode", MODE, nullable=False),
        sa.Column("key", sa.String(length=255), nullable=False),
        sa.Column("fingerprint", sa.String(length=64), nullable=False),
        sa.Column("status", sa.SmallInteger(), nullable=True),
        sa.Column("body", sa.Text(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["merchant_id"], ["merchant.id"], name=op.f("fk_api_answer_merchant_id_merchant")),
        sa.PrimaryKeyConstraint("merchant_id", "mode", "key", name=op.f("pk_api_answer")),
    )
    op.create_index("ix_api_answer_created_at", "api_answer", ["created_at"])


def downgrade() -> None:
    op.drop_table("api_answer")
    op.drop_index("uq_customer_reference", table_name="customer")
    op.drop_column("customer", "reference")
    for table in ("contact_point", "customer"):
        op.drop_column(table, "mode")
    op.drop_column("api_key", "scopes")
