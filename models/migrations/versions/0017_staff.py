"""Commands that merchants' own phones have asked for."""

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None

INTEGER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "staff_command",
        sa.Column("merchant_id", INTEGER, autoincrement=False, nullable=False),
        sa.Column("phone", sa.String(length=20), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("asked", sa.JSON(none_as_null=True), nullable=False),
        sa.Column("number", sa.String(length=4), nullable=False),
        sa.Column("key", sa.String(length=32), nullable=False),
        sa.Column("tries", sa.SmallInteger(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["merchant_id"], ["merchant.id"], name=op.f("fk_staff_command_merchant_id_merchant")),
        sa.PrimaryKeyConstraint("merchant_id", "phone", name=op.f("pk_staff_command")),
    )


def downgrade() -> None:
    op.drop_table("staff_command")
