"""Part payments, payments without an invoice, card fees, accepted terms."""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

INTEGER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
COLUMNS = ("terms_version", "return_url", "payer_name", "description", "is_custom", "fee_minor")


def upgrade() -> None:
    for column in (
        sa.Column("fee_minor", INTEGER, server_default="0", nullable=False),
        sa.Column("is_custom", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.Column("description", sa.String(length=200), nullable=True),
        sa.Column("payer_name", sa.String(length=120), nullable=True),
        sa.Column("return_url", sa.Text(), nullable=True),
        sa.Column("terms_version", INTEGER, nullable=True),
    ):
        op.add_column("payment", column)


def downgrade() -> None:
    for name in COLUMNS:
        op.drop_column("payment", name)
