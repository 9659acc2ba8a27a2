"""Merchants' own words for their texts and emails."""

import sqlalchemy as sa
from alembic import op

import models.base
from models import guards

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None

INTEGER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "template_version",
        sa.Column("merchant_id", INTEGER, autoincrement=False, nullable=False),
        sa.Column("name", sa.String(length=32), nullable=False),
        sa.Column("language", sa.String(length=8), nullable=False),
        sa.Column("version", INTEGER, autoincrement=False, nullable=False),
        sa.Column("words", sa.JSON(none_as_null=True), nullable=False),
        sa.Column("written_by", sa.String(length=254), nullable=False),
        sa.Column("created_at", models.base.UtcDateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["merchant_id"], ["merchant.id"], name=op.f("fk_template_version_merchant_id_merchant")
        ),
        sa.PrimaryKeyConstraint("merchant_id", "name", "language", "version", name=op.f("pk_template_version")),
    )
    for statement in guards.statements(op.get_bind().dialect.name, "template_version"):
        op.execute(statement)


def downgrade() -> None:
    op.drop_table("template_version")
