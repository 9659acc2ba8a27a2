"""How many texts came without a pause."""

import sqlalchemy as sa
from alembic import op

revision = "0034"
down_revision = "0033"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("conversation", sa.Column("in_a_row", sa.SmallInteger(), server_default="0", nullable=False))


def downgrade() -> None:
    op.drop_column("conversation", "in_a_row")
