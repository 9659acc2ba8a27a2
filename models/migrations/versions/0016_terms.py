"""Accepted terms; a customer's credit found by itself."""

import sqlalchemy as sa
from alembic import op

import models.base
from models import guards

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None

INTEGER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
GUARDED = ("terms_text", "terms_acceptance")


def upgrade() -> None:
    op.create_table(
        "terms_text",
        sa.Column("merchant_id", INTEGER, nullable=False),
        sa.Column("version", INTEGER, autoincrement=False, nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("created_at", models.base.UtcDateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["merchant_id"], ["merchant.id"], name=op.f("fk_terms_text_merchant_id_merchant")),
        sa.PrimaryKeyConstraint("merchant_id", "version", name=op.f("pk_terms_text")),
    )
    op.create_table(
        "terms_acceptance",
        sa.Column("id", INTEGER, nullable=False),
        sa.Column("merchant_id", INTEGER, nullable=False),
        sa.Column("version", INTEGER, nullable=False),
        sa.Column("customer_id", INTEGER, nullable=False),
        sa.Column("pay_link_id", INTEGER, nullable=True),
        sa.Column("ip_address", sa.String(length=45), nullable=False),
        sa.Column("accepted_at", models.base.UtcDateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["customer_id"], ["customer.id"], name=op.f("fk_terms_acceptance_customer_id_customer")
        ),
        sa.ForeignKeyConstraint(
            ["merchant_id", "version"],
            ["terms_text.merchant_id", "terms_text.version"],
            name=op.f("fk_terms_acceptance_merchant_id_terms_text"),
        ),
        sa.ForeignKeyConstraint(
            ["pay_link_id"], ["pay_link.id"], name=op.f("fk_terms_acceptance_pay_link_id_pay_link")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_terms_acceptance")),
    )
    op.create_index(op.f("ix_terms_acceptance_customer_id"), "terms_acceptance", ["customer_id"])
    for table in GUARDED:
        for statement in guards.statements(op.get_bind().dialect.name, table):
            op.execute(statement)
    op.create_index(
        "ix_ledger_entry_credit",
        "ledger_entry",
        ["customer_id"],
        sqlite_where=sa.text("account = 'credit'"),
        postgresql_where=sa.text("account = 'credit'"),
    )


def downgrade() -> None:
    op.drop_index("ix_ledger_entry_credit", "ledger_entry")
    op.drop_table("terms_acceptance")
    op.drop_table("terms_text")
