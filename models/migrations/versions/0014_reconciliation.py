"""What comparing with the providers' books has found."""

import sqlalchemy as sa
from alembic import op

from models.base import UtcDateTime

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

INTEGER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
INSTANT = UtcDateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "reconciliation",
        sa.Column("provider", sa.String(length=16), nullable=False),
        sa.Column("since_at", INSTANT, nullable=False),
        sa.Column("started_at", INSTANT, nullable=False),
        sa.Column("finished_at", INSTANT, nullable=True),
        sa.Column("compared", INTEGER, nullable=False),
        sa.Column("id", INTEGER, nullable=False),
        sa.Column("public_id", sa.String(length=32), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_reconciliation")),
        sa.UniqueConstraint("public_id", name=op.f("uq_reconciliation_public_id")),
    )
    op.create_index(op.f("ix_reconciliation_started_at"), "reconciliation", ["started_at"])
    op.create_table(
        "difference",
        sa.Column("id", INTEGER, nullable=False),
        sa.Column("reconciliation_id", INTEGER, nullable=False),
        sa.Column("merchant_id", INTEGER, nullable=True),
        sa.Column("payment_id", INTEGER, nullable=True),
        sa.Column("kind", sa.String(length=32), nullable=False),
        sa.Column("reference", sa.String(length=255), nullable=False),
        sa.Column("provider_reference", sa.String(length=255), nullable=True),
        sa.Column("ours", sa.String(length=64), nullable=False),
        sa.Column("theirs", sa.String(length=64), nullable=False),
        sa.ForeignKeyConstraint(["merchant_id"], ["merchant.id"], name=op.f("fk_difference_merchant_id_merchant")),
        sa.ForeignKeyConstraint(["payment_id"], ["payment.id"], name=op.f("fk_difference_payment_id_payment")),
        sa.ForeignKeyConstraint(
            ["reconciliation_id"], ["reconciliation.id"], name=op.f("fk_difference_reconciliation_id_reconciliation")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_difference")),
    )
    op.create_index(op.f("ix_difference_merchant_id"), "difference", ["merchant_id"])
    op.create_index(op.f("ix_difference_reconciliation_id"), "difference", ["reconciliation_id"])


def downgrade() -> None:
    op.drop_table("difference")
    op.drop_table("reconciliation")
