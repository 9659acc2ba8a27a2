"""Inbound email."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    identifier = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    op.create_table(
        "received_mail",
        sa.Column("message_id", identifier, autoincrement=False, nullable=False),
        sa.Column("merchant_id", identifier, nullable=False),
        sa.Column("identifier", sa.String(length=255), nullable=False),
        sa.Column("checksum", sa.String(length=64), nullable=False),
        sa.Column("replay_key", sa.String(length=255), nullable=True),
        sa.Column("is_authenticated", sa.Boolean(), nullable=False),
        sa.Column("automatic", sa.String(length=64), nullable=True),
        sa.Column("raw", sa.LargeBinary(), nullable=True),
        sa.ForeignKeyConstraint(["merchant_id"], ["merchant.id"], name=op.f("fk_received_mail_merchant_id_merchant")),
        sa.ForeignKeyConstraint(["message_id"], ["message.id"], name=op.f("fk_received_mail_message_id_message")),
        sa.PrimaryKeyConstraint("message_id", name=op.f("pk_received_mail")),
        sa.UniqueConstraint("merchant_id", "replay_key", name=op.f("uq_received_mail_merchant_id_replay_key")),
    )


def downgrade() -> None:
    op.drop_table("received_mail")
