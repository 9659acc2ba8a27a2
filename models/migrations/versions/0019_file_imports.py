"""Files that merchants hand in; who settled a case, and how."""

import sqlalchemy as sa
from alembic import op

import models.base

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None

INTEGER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    at = models.base.UtcDateTime(timezone=True)
    op.create_table(
        "file_import",
        sa.Column("merchant_id", INTEGER, nullable=False),
        sa.Column("mode", sa.String(length=32), nullable=False),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=True),
        sa.Column("status", sa.String(length=32), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("shape", sa.String(length=16), nullable=True),
        sa.Column("kind", sa.String(length=16), nullable=True),
        sa.Column("problem", sa.String(length=48), nullable=True),
        sa.Column("lines", INTEGER, nullable=False),
        sa.Column("done", INTEGER, nullable=False),
        sa.Column("told", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("sample", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("troubles", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("trouble_count", INTEGER, nullable=False),
        sa.Column("fingerprint", sa.String(length=64), nullable=True),
        sa.Column("is_stale", sa.Boolean(), nullable=False),
        sa.Column("handed_in_by", sa.String(length=254), nullable=False),
        sa.Column("created_at", at, nullable=False),
        sa.Column("finished_at", at, nullable=True),
        sa.Column("id", INTEGER, nullable=False),
        sa.Column("public_id", sa.String(length=32), nullable=False),
        sa.ForeignKeyConstraint(["merchant_id"], ["merchant.id"], name=op.f("fk_file_import_merchant_id_merchant")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_file_import")),
        sa.UniqueConstraint("public_id", name=op.f("uq_file_import_public_id")),
    )
    op.create_index("ix_file_import_merchant", "file_import", ["merchant_id", "id"])
    op.add_column("customer_case", sa.Column("note", sa.String(length=500), nullable=True))
    op.add_column("customer_case", sa.Column("resolved_by", sa.String(length=120), nullable=True))


def downgrade() -> None:
    op.drop_column("customer_case", "resolved_by")
    op.drop_column("customer_case", "note")
    op.drop_table("file_import")
