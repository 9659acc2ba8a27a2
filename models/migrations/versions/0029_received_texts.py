"""Texts whose turns are put off."""

import sqlalchemy as sa
from alembic import op

from models.migrations import walls

revision = "0029"
down_revision = "0028"
branch_labels = None
depends_on = None

INTEGER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "received_text",
        sa.Column("id", INTEGER, nullable=False),
        sa.Column("merchant_id", INTEGER, nullable=False),
        sa.Column(
            "channel",
            sa.Enum("sms", "whatsapp", "email", name="channel", native_enum=False, length=32),
            nullable=False,
        ),
        sa.Column("their_address", sa.String(254), nullable=False),
        sa.Column("our_address", sa.String(254), nullable=False),
        sa.Column("provider_reference", sa.String(255), nullable=False),
        sa.Column("hidden_body", sa.Text(), nullable=False),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("taken_at", sa.DateTime(timezone=True)),
        sa.Column("tries", sa.SmallInteger(), nullable=False),
        sa.Column("put_aside_at", sa.DateTime(timezone=True)),
        sa.ForeignKeyConstraint(["merchant_id"], ["merchant.id"], name=op.f("fk_received_text_merchant_id_merchant")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_received_text")),
        sa.UniqueConstraint(
            "merchant_id", "provider_reference", name=op.f("uq_received_text_merchant_id_provider_reference")
        ),
    )
    op.create_index("ix_received_text_sender", "received_text", ["merchant_id", "channel", "their_address"])
    walls.build(op.get_bind())


def downgrade() -> None:
    op.drop_table("received_text")
