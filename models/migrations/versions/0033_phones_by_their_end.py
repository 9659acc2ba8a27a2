"""Phones by their last digits, as people know them. PostgreSQL writes the addresses anew for it."""

import sqlalchemy as sa
from alembic import op

revision = "0033"
down_revision = "0032"
branch_labels = None
depends_on = None


def upgrade() -> None:
    is_postgresql = (
        op.get_bind().dialect.name == "postgresql"
    )  # SQLite adds none that is stored, and indexes it all the same
    last_four = sa.Computed("substr(address, length(address) - 3)", persisted=is_postgresql)
    op.add_column("contact_point", sa.Column("ending", sa.String(4), last_four, nullable=True))
    op.create_index("ix_contact_point_ending", "contact_point", ["merchant_id", "ending"])


def downgrade() -> None:
    op.drop_index("ix_contact_point_ending", table_name="contact_point")
    op.execute("ALTER TABLE contact_point DROP COLUMN ending")
