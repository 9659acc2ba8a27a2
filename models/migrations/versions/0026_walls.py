"""PostgreSQL shows a transaction the rows of the merchant that it names, and none to one that names nobody."""

from alembic import op

from models.migrations import walls

revision = "0026"
down_revision = "0025"
branch_labels = None
depends_on = None


def upgrade() -> None:
    walls.build(op.get_bind())


def downgrade() -> None:
    walls.tear_down(op.get_bind())
