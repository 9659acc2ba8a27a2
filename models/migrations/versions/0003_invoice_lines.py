"""Line items and files of invoices; what each merchant lets customers do with money."""

import sqlalchemy as sa
from alembic import op

import models.base

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

INTEGER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
TOGGLES = ("allows_partial", "partial_minimum_minor", "allows_custom", "custom_landing", "fee_payer")
MORE_TOGGLES = ("fee_basis_points", "terms", "terms_version")


def upgrade() -> None:
    op.create_table(
        "invoice_line",
        sa.Column("invoice_id", INTEGER, nullable=False),
        sa.Column("position", sa.SmallInteger(), autoincrement=False, nullable=False),
        sa.Column("description", sa.String(length=200), nullable=False),
        sa.Column("quantity_milli", INTEGER, nullable=False),
        sa.Column("unit_price_minor", INTEGER, nullable=False),
        sa.Column("amount_minor", INTEGER, nullable=False),
        sa.ForeignKeyConstraint(["invoice_id"], ["invoice.id"], name=op.f("fk_invoice_line_invoice_id_invoice")),
        sa.PrimaryKeyConstraint("invoice_id", "position", name=op.f("pk_invoice_line")),
    )
    op.create_table(
        "attachment",
        sa.Column("merchant_id", INTEGER, nullable=False),
        sa.Column("invoice_id", INTEGER, nullable=False),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("content_type", sa.String(length=32), nullable=False),
        sa.Column("size", INTEGER, nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", models.base.UtcDateTime(timezone=True), nullable=False),
        sa.Column("id", INTEGER, nullable=False),
        sa.Column("public_id", sa.String(length=32), nullable=False),
        sa.CheckConstraint("size > 0 AND size <= 5242880", name=op.f("ck_attachment_size_in_range")),
        sa.ForeignKeyConstraint(["invoice_id"], ["invoice.id"], name=op.f("fk_attachment_invoice_id_invoice")),
        sa.ForeignKeyConstraint(["merchant_id"], ["merchant.id"], name=op.f("fk_attachment_merchant_id_merchant")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_attachment")),
        sa.UniqueConstraint("public_id", name=op.f("uq_attachment_public_id")),
    )
    op.create_index(op.f("ix_attachment_invoice_id"), "attachment", ["invoice_id"])
    for column in (
        sa.Column("allows_partial", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.Column("partial_minimum_minor", INTEGER, server_default="1", nullable=False),
        sa.Column("allows_custom", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.Column("custom_landing", sa.String(length=32), server_default="unapplied_credit", nullable=False),
        sa.Column("fee_payer", sa.String(length=32), server_default="merchant", nullable=False),
        sa.Column("fee_basis_points", INTEGER, server_default="0", nullable=False),
        sa.Column("terms", sa.Text(), server_default="", nullable=False),
        sa.Column("terms_version", INTEGER, server_default="1", nullable=False),
    ):
        op.add_column("merchant", column)


def downgrade() -> None:
    for name in (*MORE_TOGGLES, *TOGGLES):
        op.drop_column("merchant", name)
    op.drop_table("attachment")
    op.drop_table("invoice_line")
