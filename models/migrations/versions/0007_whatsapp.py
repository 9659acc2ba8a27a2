"""WhatsApp senders and templates, addresses out of reach, and pauses that carriers call for."""

import sqlalchemy as sa
from alembic import op

import models.base

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

INTEGER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
MOMENT = models.base.UtcDateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "sending_pause",
        sa.Column("merchant_id", INTEGER, autoincrement=False, nullable=False),
        sa.Column("reach", sa.String(length=32), nullable=False),
        sa.Column("error_code", sa.String(length=64), nullable=False),
        sa.Column("since_at", MOMENT, nullable=False),
        sa.Column("until_at", MOMENT, nullable=False),
        sa.ForeignKeyConstraint(["merchant_id"], ["merchant.id"], name=op.f("fk_sending_pause_merchant_id_merchant")),
        sa.PrimaryKeyConstraint("merchant_id", "reach", name=op.f("pk_sending_pause")),
    )
    # In place: SQLite cannot make a table anew while others point at its rows.
    op.add_column("merchant", sa.Column("whatsapp_number", sa.String(length=20), nullable=True))
    op.add_column("merchant", sa.Column("whatsapp_templates", sa.JSON(), server_default="{}", nullable=False))
    op.create_index("ix_merchant_whatsapp_number", "merchant", ["whatsapp_number"], unique=True)
    op.add_column("conversation", sa.Column("unreachable_since_at", MOMENT, nullable=True))
    op.add_column("message", sa.Column("slots", sa.JSON(), nullable=True))
    name = op.f("fk_message_instead_of_id_message")
    replaced = sa.Column("instead_of_id", INTEGER, sa.ForeignKey("message.id", name=name), nullable=True)
    op.add_column("message", replaced, inline_references=True)
    op.create_index(op.f("ix_message_instead_of_id"), "message", ["instead_of_id"])


def downgrade() -> None:
    op.drop_index(op.f("ix_message_instead_of_id"), "message")
    op.drop_column("message", "instead_of_id")
    op.drop_column("message", "slots")
    op.drop_column("conversation", "unreachable_since_at")
    op.drop_index("ix_merchant_whatsapp_number", "merchant")
    op.drop_column("merchant", "whatsapp_templates")
    op.drop_column("merchant", "whatsapp_number")
    op.drop_table("sending_pause")
