"""A merchant"s people, how they sign in, what they did; the indexes that the console"s lists are read by."""

import sqlalchemy as sa
from alembic import op

import models.base
from models import guards

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "member",
        sa.Column("merchant_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("email", sa.String(length=254), nullable=False),
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column(
            "role", sa.Enum("viewer", "staff", "owner", name="role", native_enum=False, length=32), nullable=False
        ),
        sa.Column("totp_secret", sa.String(length=255), nullable=True),
        sa.Column("totp_step", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("enrolled_at", models.base.UtcDateTime(timezone=True), nullable=True),
        sa.Column("disabled_at", models.base.UtcDateTime(timezone=True), nullable=True),
        sa.Column("created_at", models.base.UtcDateTime(timezone=True), nullable=False),
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("public_id", sa.String(length=32), nullable=False),
        sa.ForeignKeyConstraint(["merchant_id"], ["merchant.id"], name=op.f("fk_member_merchant_id_merchant")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_member")),
        sa.UniqueConstraint("merchant_id", "email", name=op.f("uq_member_merchant_id_email")),
        sa.UniqueConstraint("public_id", name=op.f("uq_member_public_id")),
    )
    op.create_index("ix_member_email", "member", ["email"], unique=False)

    op.create_table(
        "audit_entry",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("merchant_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("member_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("actor", sa.String(length=254), nullable=False),
        sa.Column("action", sa.String(length=48), nullable=False),
        sa.Column("subject", sa.String(length=32), nullable=True),
        sa.Column("subject_id", sa.String(length=64), nullable=True),
        sa.Column("label", sa.String(length=120), nullable=False),
        sa.Column("before", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("after", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("network", sa.String(length=45), nullable=False),
        sa.Column("created_at", models.base.UtcDateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["member_id"], ["member.id"], name=op.f("fk_audit_entry_member_id_member")),
        sa.ForeignKeyConstraint(["merchant_id"], ["merchant.id"], name=op.f("fk_audit_entry_merchant_id_merchant")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit_entry")),
    )
    op.create_index("ix_audit_entry_merchant", "audit_entry", ["merchant_id", "id"], unique=False)
    op.create_index("ix_audit_entry_subject", "audit_entry", ["merchant_id", "subject", "subject_id"], unique=False)

    op.create_table(
        "console_session",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("token_hash", sa.String(length=64), nullable=False),
        sa.Column("merchant_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("member_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("network", sa.String(length=45), nullable=False),
        sa.Column("created_at", models.base.UtcDateTime(timezone=True), nullable=False),
        sa.Column("seen_at", models.base.UtcDateTime(timezone=True), nullable=False),
        sa.Column("fresh_at", models.base.UtcDateTime(timezone=True), nullable=False),
        sa.Column("revoked_at", models.base.UtcDateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["member_id"], ["member.id"], name=op.f("fk_console_session_member_id_member")),
        sa.ForeignKeyConstraint(["merchant_id"], ["merchant.id"], name=op.f("fk_console_session_merchant_id_merchant")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_console_session")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_console_session_token_hash")),
    )
    op.create_index("ix_console_session_member_id", "console_session", ["member_id"], unique=False)

    op.create_table(
        "recovery_code",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("member_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("salt", sa.String(length=32), nullable=False),
        sa.Column("code_hash", sa.String(length=64), nullable=False),
        sa.Column("used_at", models.base.UtcDateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["member_id"], ["member.id"], name=op.f("fk_recovery_code_member_id_member")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_recovery_code")),
    )
    op.create_index("ix_recovery_code_member_id", "recovery_code", ["member_id"], unique=False)

    op.create_table(
        "sign_in",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("browser_hash", sa.String(length=64), nullable=False),
        sa.Column("email", sa.String(length=254), nullable=False),
        sa.Column("verification_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("tries", sa.SmallInteger(), nullable=False),
        sa.Column("created_at", models.base.UtcDateTime(timezone=True), nullable=False),
        sa.Column("expires_at", models.base.UtcDateTime(timezone=True), nullable=False),
        sa.Column("proven_at", models.base.UtcDateTime(timezone=True), nullable=True),
        sa.Column("used_at", models.base.UtcDateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["verification_id"], ["verification.id"], name=op.f("fk_sign_in_verification_id_verification")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sign_in")),
    )
    op.create_index("ix_sign_in_browser", "sign_in", ["browser_hash", "id"], unique=False)

    op.create_index("ix_conversation_recent", "conversation", ["merchant_id", "state", "last_inbound_at"], unique=False)

    op.create_index("ix_customer_name", "customer", ["merchant_id", "name", "id"], unique=False)

    op.create_index(
        "ix_invoice_balance", "invoice", ["merchant_id", "mode", "status", "balance_minor", "id"], unique=False
    )
    op.create_index(
        "ix_invoice_due",
        "invoice",
        ["merchant_id", "mode", "status", "due_on", "id", "customer_id", "currency", "balance_minor"],
        unique=False,
    )
    op.create_index("ix_invoice_newest", "invoice", ["merchant_id", "mode", "status", "id"], unique=False)

    op.create_index("ix_message_customer", "message", ["customer_id", "id"], unique=False)
    op.create_index(
        "ix_message_merchant", "message", ["merchant_id", "direction", "channel", "created_at"], unique=False
    )
    op.create_index("ix_message_status", "message", ["merchant_id", "status", "id"], unique=False)

    op.create_index("ix_payment_finished", "payment", ["merchant_id", "status", "finished_at"], unique=False)

    op.add_column(
        "verification",
        sa.Column(
            "member_id",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            sa.ForeignKey("member.id", name=op.f("fk_verification_member_id_member")),
            nullable=True,
        ),
        inline_references=True,
    )
    for statement in guards.statements(op.get_bind().dialect.name, "audit_entry"):
        op.execute(statement)


def downgrade() -> None:
    op.drop_column("verification", "member_id")
    op.drop_index("ix_payment_finished", table_name="payment")

    op.drop_index("ix_message_status", table_name="message")
    op.drop_index("ix_message_merchant", table_name="message")
    op.drop_index("ix_message_customer", table_name="message")

    op.drop_index("ix_invoice_newest", table_name="invoice")
    op.drop_index("ix_invoice_due", table_name="invoice")
    op.drop_index("ix_invoice_balance", table_name="invoice")

    op.drop_index("ix_customer_name", table_name="customer")

    op.drop_index("ix_conversation_recent", table_name="conversation")

    op.drop_index("ix_sign_in_browser", table_name="sign_in")

    op.drop_table("sign_in")
    op.drop_index("ix_recovery_code_member_id", table_name="recovery_code")

    op.drop_table("recovery_code")
    op.drop_index("ix_console_session_member_id", table_name="console_session")

    op.drop_table("console_session")
    op.drop_index("ix_audit_entry_subject", table_name="audit_entry")
    op.drop_index("ix_audit_entry_merchant", table_name="audit_entry")

    op.drop_table("audit_entry")
    op.drop_index("ix_member_email", table_name="member")

    op.drop_table("member")
