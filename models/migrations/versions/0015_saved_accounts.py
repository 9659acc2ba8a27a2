"""Accounts that customers keep for the next time."""

import sqlalchemy as sa
from alembic import op

from models.base import UtcDateTime

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None

INTEGER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
INSTANT = UtcDateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "saved_account",
        sa.Column("merchant_id", INTEGER, nullable=False),
        sa.Column("customer_id", INTEGER, nullable=False),
        sa.Column("mode", sa.String(length=32), nullable=False),
        sa.Column("provider", sa.String(length=16), nullable=False),
        sa.Column("token", sa.String(length=255), nullable=False),
        sa.Column("method", sa.String(length=32), nullable=False),
        sa.Column("name", sa.String(length=40), nullable=False),
        sa.Column("last4", sa.String(length=4), nullable=False),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("removed_at", INSTANT, nullable=True),
        sa.Column("blocked_at", INSTANT, nullable=True),
        sa.Column("blocked_code", sa.String(length=64), nullable=True),
        sa.Column("id", INTEGER, nullable=False),
        sa.Column("public_id", sa.String(length=32), nullable=False),
        sa.ForeignKeyConstraint(["customer_id"], ["customer.id"], name=op.f("fk_saved_account_customer_id_customer")),
        sa.ForeignKeyConstraint(["merchant_id"], ["merchant.id"], name=op.f("fk_saved_account_merchant_id_merchant")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_saved_account")),
        sa.UniqueConstraint(
            "customer_id", "provider", "token", name=op.f("uq_saved_account_customer_id_provider_token")
        ),
        sa.UniqueConstraint("public_id", name=op.f("uq_saved_account_public_id")),
    )
    op.add_column("payment", sa.Column("saves_account", sa.Boolean(), server_default=sa.false(), nullable=False))
    op.add_column("payment", sa.Column("saved_account_id", INTEGER, nullable=True))


def downgrade() -> None:
    op.drop_column("payment", "saved_account_id")
    op.drop_column("payment", "saves_account")
    op.drop_table("saved_account")
