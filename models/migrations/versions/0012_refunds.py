"""Refunds and disputes."""

import sqlalchemy as sa
from alembic import op

from models.base import UtcDateTime

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

INTEGER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
INSTANT = UtcDateTime(timezone=True)
KNOWN = sa.text("provider_reference IS NOT NULL")


def upgrade() -> None:
    op.create_table(
        "refund",
        sa.Column("merchant_id", INTEGER, nullable=False),
        sa.Column("payment_id", INTEGER, nullable=False),
        sa.Column("key", sa.String(length=255), nullable=False),
        sa.Column("provider_reference", sa.String(length=255), nullable=True),
        sa.Column("amount_minor", INTEGER, nullable=False),
        sa.Column("reopens", sa.Boolean(), nullable=False),
        sa.Column("note", sa.String(length=200), nullable=False),
        sa.Column("status", sa.String(length=32), nullable=False),
        sa.Column("failure_code", sa.String(length=64), nullable=True),
        sa.Column("booked_minor", INTEGER, nullable=False),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("finished_at", INSTANT, nullable=True),
        sa.Column("next_check_at", INSTANT, nullable=True),
        sa.Column("checks", sa.SmallInteger(), nullable=False),
        sa.Column("id", INTEGER, nullable=False),
        sa.Column("public_id", sa.String(length=32), nullable=False),
        sa.CheckConstraint("amount_minor > 0", name=op.f("ck_refund_amount_positive")),
        sa.ForeignKeyConstraint(["merchant_id"], ["merchant.id"], name=op.f("fk_refund_merchant_id_merchant")),
        sa.ForeignKeyConstraint(["payment_id"], ["payment.id"], name=op.f("fk_refund_payment_id_payment")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_refund")),
        sa.UniqueConstraint("payment_id", "key", name=op.f("uq_refund_payment_id_key")),
        sa.UniqueConstraint("public_id", name=op.f("uq_refund_public_id")),
    )
    op.create_index(op.f("ix_refund_merchant_id"), "refund", ["merchant_id"])
    op.create_index("ix_refund_next_check", "refund", ["next_check_at"])
    op.create_index(
        "uq_refund_provider_reference",
        "refund",
        ["payment_id", "provider_reference"],
        unique=True,
        sqlite_where=KNOWN,
        postgresql_where=KNOWN,
    )
    op.create_table(
        "dispute",
        sa.Column("merchant_id", INTEGER, nullable=False),
        sa.Column("payment_id", INTEGER, nullable=False),
        sa.Column("kind", sa.String(length=32), nullable=False),
        sa.Column("provider_reference", sa.String(length=255), nullable=False),
        sa.Column("reason", sa.String(length=64), nullable=True),
        sa.Column("amount_minor", INTEGER, nullable=False),
        sa.Column("status", sa.String(length=32), nullable=False),
        sa.Column("withheld_minor", INTEGER, nullable=False),
        sa.Column("taken_minor", INTEGER, nullable=False),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("closed_at", INSTANT, nullable=True),
        sa.Column("id", INTEGER, nullable=False),
        sa.Column("public_id", sa.String(length=32), nullable=False),
        sa.CheckConstraint("amount_minor > 0", name=op.f("ck_dispute_amount_positive")),
        sa.ForeignKeyConstraint(["merchant_id"], ["merchant.id"], name=op.f("fk_dispute_merchant_id_merchant")),
        sa.ForeignKeyConstraint(["payment_id"], ["payment.id"], name=op.f("fk_dispute_payment_id_payment")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_dispute")),
        sa.UniqueConstraint("payment_id", "provider_reference", name=op.f("uq_dispute_payment_id_provider_reference")),
        sa.UniqueConstraint("public_id", name=op.f("uq_dispute_public_id")),
    )
    op.create_index(op.f("ix_dispute_merchant_id"), "dispute", ["merchant_id"])


def downgrade() -> None:
    op.drop_table("dispute")
    op.drop_table("refund")
