"""Who answers for it that a merchant's invoices are its own, since when and by which words. Nobody yet, of those who are
here: their reminders go by email until somebody does."""

import sqlalchemy as sa
from alembic import op

revision = "0032"
down_revision = "0031"
branch_labels = None
depends_on = None

COLUMNS = ("attested_at", "attested_by", "attested_version")


def upgrade() -> None:
    op.add_column("merchant", sa.Column("attested_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("merchant", sa.Column("attested_by", sa.String(120), nullable=True))
    op.add_column("merchant", sa.Column("attested_version", sa.SmallInteger(), nullable=True))


def downgrade() -> None:
    for column in reversed(COLUMNS):
        op.drop_column("merchant", column)
