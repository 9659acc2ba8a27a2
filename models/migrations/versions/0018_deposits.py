"""Small deposits that a payment's owner has to confirm."""

import sqlalchemy as sa
from alembic import op

from models.base import UtcDateTime

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("payment", sa.Column("deposits", sa.SmallInteger(), nullable=True))
    op.add_column("payment", sa.Column("deposits_at", UtcDateTime(timezone=True), nullable=True))


def downgrade() -> None:
    op.drop_column("payment", "deposits_at")
    op.drop_column("payment", "deposits")
