"""What leads to a phone, a mailbox or the portal is live: messages, conversations, verifications, cases, promises and
what customers have instead of the cadence."""

import sqlalchemy as sa
from alembic import op

from models.migrations.apart import keep_apart

revision = "0030"
down_revision = "0029"
branch_labels = None
depends_on = None

LIVE_ONLY = ("conversation", "customer_cadence", "customer_case", "message", "promise", "verification")


def upgrade() -> None:
    # They say when a customer is reminded, and a test one never is.
    op.execute(
        "DELETE FROM customer_cadence WHERE EXISTS (SELECT 1 FROM customer"
        " WHERE customer.id = customer_cadence.customer_id AND customer.mode = 'test')"
    )
    for table in LIVE_ONLY:
        check = sa.CheckConstraint("mode = 'live'", name=op.f(f"ck_{table}_live"))
        op.add_column(table, sa.Column("mode", sa.String(32), check, server_default="live", nullable=False))
    keep_apart()


def downgrade() -> None:
    keep_apart(modeless=LIVE_ONLY)
    for table in LIVE_ONLY:
        op.execute(f"ALTER TABLE {table} DROP COLUMN mode")
