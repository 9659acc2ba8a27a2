"""Messages and codes by when they were made: for what operators watch."""

from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index("ix_message_created_at", "message", ["created_at"])
    op.create_index("ix_verification_created_at", "verification", ["created_at"])


def downgrade() -> None:
    op.drop_index("ix_verification_created_at", "verification")
    op.drop_index("ix_message_created_at", "message")
