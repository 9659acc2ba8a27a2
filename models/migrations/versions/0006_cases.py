"""Cases; the invoice that a message or a promise is about."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    identifier = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    at = sa.DateTime(timezone=True)
    op.create_table(
        "customer_case",
        sa.Column("merchant_id", identifier, nullable=False),
        sa.Column("customer_id", identifier, nullable=True),
        sa.Column("conversation_id", identifier, nullable=False),
        sa.Column("invoice_id", identifier, nullable=True),
        sa.Column("kind", sa.String(length=32), nullable=False),
        sa.Column("message_id", identifier, nullable=False),
        sa.Column("matter", sa.String(length=96), nullable=True),
        sa.Column("opened_at", at, nullable=False),
        sa.Column("resolved_at", at, nullable=True),
        sa.Column("id", identifier, nullable=False),
        sa.Column("public_id", sa.String(length=32), nullable=False),
        sa.ForeignKeyConstraint(
            ["conversation_id"], ["conversation.id"], name=op.f("fk_customer_case_conversation_id_conversation")
        ),
        sa.ForeignKeyConstraint(["customer_id"], ["customer.id"], name=op.f("fk_customer_case_customer_id_customer")),
        sa.ForeignKeyConstraint(["invoice_id"], ["invoice.id"], name=op.f("fk_customer_case_invoice_id_invoice")),
        sa.ForeignKeyConstraint(["merchant_id"], ["merchant.id"], name=op.f("fk_customer_case_merchant_id_merchant")),
        sa.ForeignKeyConstraint(["message_id"], ["message.id"], name=op.f("fk_customer_case_message_id_message")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_customer_case")),
        sa.UniqueConstraint("matter", name=op.f("uq_customer_case_matter")),
        sa.UniqueConstraint("public_id", name=op.f("uq_customer_case_public_id")),
    )
    op.create_index("ix_customer_case_conversation_id", "customer_case", ["conversation_id"])
    op.create_index("ix_customer_case_customer_id", "customer_case", ["customer_id", "resolved_at"])
    op.create_index("ix_customer_case_merchant_id", "customer_case", ["merchant_id", "resolved_at", "id"])
    for table in ("message", "promise"):
        _add_invoice(table, identifier)


def _add_invoice(table: str, identifier: sa.types.TypeEngine[int]) -> None:
    """In place: SQLite cannot make a table anew while others point at its rows."""
    name = f"fk_{table}_invoice_id_invoice"
    column = sa.Column("invoice_id", identifier, sa.ForeignKey("invoice.id", name=op.f(name)), nullable=True)
    op.add_column(table, column, inline_references=True)


def downgrade() -> None:
    for table in ("message", "promise"):
        op.drop_column(table, "invoice_id")
    op.drop_table("customer_case")
