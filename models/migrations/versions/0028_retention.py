"""How long what people wrote is kept, and how far it is gone; what the trail holds of people can be blanked."""

import sqlalchemy as sa
from alembic import op

from models import guards
from models.migrations import walls
from models.migrations.apart import keep_apart

revision = "0028"
down_revision = "0027"
branch_labels = None
depends_on = None

INTEGER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
KEPT = ("id", "merchant_id", "member_id", "actor", "action", "subject", "subject_id", "network", "created_at")
BLANKED = ("label", "before", "after")


def upgrade() -> None:
    op.create_table(
        "retention_mark",
        sa.Column("merchant_id", INTEGER, autoincrement=False, nullable=False),
        sa.Column("what", sa.String(32), nullable=False),
        sa.Column("through_id", INTEGER, nullable=False),
        sa.ForeignKeyConstraint(["merchant_id"], ["merchant.id"], name=op.f("fk_retention_mark_merchant_id_merchant")),
        sa.PrimaryKeyConstraint("merchant_id", "what", name=op.f("pk_retention_mark")),
    )
    _guard(KEPT, BLANKED)
    keep_apart()
    walls.build(op.get_bind())
    # Last, since everybody waits for these tables from here to the end.
    op.add_column("merchant", sa.Column("retention_months", sa.SmallInteger(), server_default="18", nullable=False))
    op.add_column("message", sa.Column("removed_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("message", sa.Column("removed_why", sa.String(32), nullable=True))


def downgrade() -> None:
    _guard((), ())
    op.drop_table("retention_mark")
    op.drop_column("message", "removed_why")
    op.drop_column("message", "removed_at")
    op.drop_column("merchant", "retention_months")


def _guard(kept: tuple[str, ...], may_blank: tuple[str, ...]) -> None:
    dialect = op.get_bind().dialect.name
    on = " ON audit_entry" if dialect == "postgresql" else ""
    for name in sorted({f"audit_entry_{what}" for what in ("append_only", "no_update", "no_delete", "only_blanked")}):
        op.execute(f"DROP TRIGGER IF EXISTS {name}{on}")
    for statement in guards.statements(dialect, "audit_entry", kept, may_blank):
        op.execute(statement)
