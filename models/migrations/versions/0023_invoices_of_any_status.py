"""The list of a merchant's invoices of any status, without sorting all of them."""

from alembic import op

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index("ix_invoice_any_status", "invoice", ["merchant_id", "mode", "id"])


def downgrade() -> None:
    op.drop_index("ix_invoice_any_status", table_name="invoice")
