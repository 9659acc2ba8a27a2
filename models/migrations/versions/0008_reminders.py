"""Reminders: cadences, campaigns, one row per invoice and step, and what consents say."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

INTEGER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
MOMENT = sa.DateTime(timezone=True)
LIST = sa.JSON(none_as_null=True)
WAYS = sa.Enum("text", "email", "both", name="ways", native_enum=False, length=32)
CHANNEL = sa.Enum("sms", "email", "whatsapp", name="channel", native_enum=False, length=32)
SOURCE = sa.Enum("console", "api", "cli", "text", "cadence", name="campaignsource", native_enum=False, length=32)
STATUS = sa.Enum("scheduled", "sent", "skipped", "cancelled", name="reminderstatus", native_enum=False, length=32)
REASON = sa.Enum(
    *("paid", "not_open", "processing", "disputed", "case_open", "promised", "switched_off", "no_address", "no_phone"),
    *("bad_address", "unsupported_country", "opted_out", "no_consent", "outside_window", "no_sender", "no_hours"),
    *("duplicate_phone", "already_planned", "reminded_recently", "frequency_cap"),
    name="skipreason",
    native_enum=False,
    length=32,
)


def _references(table: str, **targets: str) -> list[sa.ForeignKeyConstraint]:
    return [
        sa.ForeignKeyConstraint([column], [f"{target}.id"], name=op.f(f"fk_{table}_{column}_{target}"))
        for column, target in targets.items()
    ]


def upgrade() -> None:
    _cadences()
    _campaigns()
    _reminders()
    reference = sa.ForeignKey("reminder_link.id", name=op.f("fk_message_reminder_link_id_reminder_link"))
    op.add_column("message", sa.Column("reminder_link_id", INTEGER, reference, nullable=True), inline_references=True)
    op.create_index(op.f("ix_message_reminder_link_id"), "message", ["reminder_link_id"])
    op.add_column("consent", sa.Column("wording", sa.Text(), nullable=True))
    op.add_column("consent", sa.Column("given_by", sa.String(length=120), nullable=True))
    op.add_column("customer", sa.Column("postal_code", sa.String(length=12), nullable=True))
    op.add_column("verification", sa.Column("is_email_hidden", sa.Boolean(), server_default=sa.false(), nullable=False))
    op.add_column("merchant", sa.Column("staff_phones", LIST, server_default="[]", nullable=False))


def _cadences() -> None:
    op.create_table(
        "cadence",
        sa.Column("merchant_id", INTEGER, autoincrement=False, nullable=False),
        sa.Column("is_on", sa.Boolean(), nullable=False),
        sa.Column("starts_on", sa.Date(), nullable=True),
        sa.Column("steps", LIST, nullable=False),
        sa.Column("repeat_every", sa.SmallInteger(), nullable=True),
        sa.Column("repeat_times", sa.SmallInteger(), nullable=False),
        sa.Column("ways", WAYS, nullable=False),
        sa.Column("at", sa.Time(), nullable=False),
        sa.Column("opens", sa.Time(), nullable=False),
        sa.Column("closes", sa.Time(), nullable=False),
        sa.Column("on_sundays", sa.Boolean(), nullable=False),
        sa.Column("shows_amounts", sa.Boolean(), nullable=False),
        sa.Column("countries", LIST, nullable=False),
        *_references("cadence", merchant_id="merchant"),
        sa.PrimaryKeyConstraint("merchant_id", name=op.f("pk_cadence")),
    )
    op.create_table(
        "customer_cadence",
        sa.Column("customer_id", INTEGER, autoincrement=False, nullable=False),
        sa.Column("merchant_id", INTEGER, nullable=False),
        sa.Column("is_on", sa.Boolean(), nullable=False),
        sa.Column("steps", LIST, nullable=True),
        sa.Column("ways", WAYS, nullable=True),
        *_references("customer_cadence", customer_id="customer", merchant_id="merchant"),
        sa.PrimaryKeyConstraint("customer_id", name=op.f("pk_customer_cadence")),
    )
    op.create_index(op.f("ix_customer_cadence_merchant_id"), "customer_cadence", ["merchant_id"])


def _campaigns() -> None:
    op.create_table(
        "campaign",
        sa.Column("id", INTEGER, nullable=False),
        sa.Column("public_id", sa.String(length=32), nullable=False),
        sa.Column("merchant_id", INTEGER, nullable=False),
        sa.Column("key", sa.String(length=255), nullable=False),
        sa.Column("source", SOURCE, nullable=False),
        sa.Column("pressed_by", sa.String(length=120), nullable=False),
        sa.Column("pressed_on", sa.Date(), nullable=False),
        sa.Column("selection", LIST, nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("filled_at", MOMENT, nullable=True),
        sa.Column("paused_at", MOMENT, nullable=True),
        sa.Column("pause_reason", sa.String(length=32), nullable=True),
        sa.Column("cancelled_at", MOMENT, nullable=True),
        *_references("campaign", merchant_id="merchant"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_campaign")),
        sa.UniqueConstraint("merchant_id", "key", name=op.f("uq_campaign_merchant_id_key")),
        sa.UniqueConstraint("public_id", name=op.f("uq_campaign_public_id")),
    )
    op.create_table(
        "reminder_link",
        sa.Column("id", INTEGER, nullable=False),
        sa.Column("key", sa.LargeBinary(length=8), nullable=False),
        sa.Column("merchant_id", INTEGER, nullable=False),
        sa.Column("customer_id", INTEGER, nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        *_references("reminder_link", customer_id="customer", merchant_id="merchant"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_reminder_link")),
        sa.UniqueConstraint("key", name=op.f("uq_reminder_link_key")),
    )


def _reminders() -> None:
    op.create_table(
        "reminder",
        sa.Column("id", INTEGER, nullable=False),
        sa.Column("public_id", sa.String(length=32), nullable=False),
        sa.Column("merchant_id", INTEGER, nullable=False),
        sa.Column("campaign_id", INTEGER, nullable=False),
        sa.Column("customer_id", INTEGER, nullable=False),
        sa.Column("invoice_id", INTEGER, nullable=False),
        sa.Column("step", sa.String(length=8), nullable=False),
        sa.Column("anchor_on", sa.Date(), nullable=False),
        sa.Column("status", STATUS, nullable=False),
        sa.Column("reason", REASON, nullable=True),
        sa.Column("detail", sa.String(length=40), nullable=True),
        sa.Column("channel", CHANNEL, nullable=True),
        sa.Column("address", sa.String(length=254), nullable=True),
        sa.Column("due_at", MOMENT, nullable=True),
        sa.Column("sent_at", MOMENT, nullable=True),
        sa.Column("link_id", INTEGER, nullable=True),
        sa.Column("message_id", INTEGER, nullable=True),
        sa.Column("copy_id", INTEGER, nullable=True),
        sa.Column("created_at", MOMENT, nullable=False),
        *_references("reminder", campaign_id="campaign", customer_id="customer", invoice_id="invoice"),
        *_references("reminder", merchant_id="merchant", message_id="message", copy_id="message"),
        *_references("reminder", link_id="reminder_link"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_reminder")),
        sa.UniqueConstraint("invoice_id", "step", "anchor_on", name=op.f("uq_reminder_invoice_id_step_anchor_on")),
        sa.UniqueConstraint("public_id", name=op.f("uq_reminder_public_id")),
    )
    op.create_index("ix_reminder_address", "reminder", ["merchant_id", "address", "sent_at"])
    op.create_index("ix_reminder_campaign", "reminder", ["campaign_id", "status"])
    op.create_index("ix_reminder_customer", "reminder", ["customer_id", "sent_at"])
    op.create_index("ix_reminder_due", "reminder", ["status", "due_at"])
    op.create_index(op.f("ix_reminder_link_id"), "reminder", ["link_id"])


def downgrade() -> None:
    op.drop_index(op.f("ix_message_reminder_link_id"), "message")
    op.drop_column("message", "reminder_link_id")
    for table, columns in {
        "merchant": ("staff_phones",),
        "verification": ("is_email_hidden",),
        "customer": ("postal_code",),
        "consent": ("given_by", "wording"),
    }.items():
        for column in columns:
            op.drop_column(table, column)
    for table in ("reminder", "reminder_link", "campaign", "customer_cadence", "cadence"):
        op.drop_table(table)
