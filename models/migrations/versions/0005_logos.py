"""Merchants' logos."""

import sqlalchemy as sa
from alembic import op

import models.base

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "logo",
        sa.Column(
            "merchant_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False
        ),
        sa.Column("png", sa.LargeBinary(), nullable=False),
        sa.Column("uploaded_at", models.base.UtcDateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["merchant_id"], ["merchant.id"], name=op.f("fk_logo_merchant_id_merchant")),
        sa.PrimaryKeyConstraint("merchant_id", name=op.f("pk_logo")),
    )
    op.add_column("merchant", sa.Column("logo_version", sa.String(length=16), nullable=True))


def downgrade() -> None:
    op.drop_column("merchant", "logo_version")
    op.drop_table("logo")
