"""Invoice numbers compared byte by byte on PostgreSQL, as SQLite does: so an index finds those that begin alike."""

import sqlalchemy as sa
from alembic import op

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None


def upgrade() -> None:
    _collate('"C"')


def downgrade() -> None:
    _collate('pg_catalog."default"')


def _collate(name: str) -> None:
    if op.get_bind().dialect.name == "postgresql":
        op.execute(sa.text(f"ALTER TABLE invoice ALTER COLUMN number TYPE varchar(32) COLLATE {name}"))
