"""Three indexes of messages hold only the rows that have what they index: a turn writes them no longer."""

import sqlalchemy as sa
from alembic import op

revision = "0025"
down_revision = "0024"
branch_labels = None
depends_on = None

COLUMNS = ("reminder_link_id", "reply_to_id", "instead_of_id")


def upgrade() -> None:
    for column in COLUMNS:
        there = sa.text(f"{column} IS NOT NULL")
        op.drop_index(f"ix_message_{column}", table_name="message")
        op.create_index(f"ix_message_{column}", "message", [column], sqlite_where=there, postgresql_where=there)


def downgrade() -> None:
    for column in COLUMNS:
        op.drop_index(f"ix_message_{column}", table_name="message")
        op.create_index(f"ix_message_{column}", "message", [column])
