"""Alembic's entry: one connection, a transaction for each migration, SQLite in batch mode."""

import sqlalchemy as sa
from alembic import context

import models
from models.base import say_options
from models.migrations import is_ours, wait_briefly, walls

for dialect in ("sqlite", "postgresql"):
    say_options(models.Base.metadata, dialect)  # a new revision is for both
with context.config.attributes["engine"].connect() as connection:
    # SQLite: wait for whoever writes, here and not at the first change, where it would be told "database is locked".
    connection.execution_options(till_write=True)
    context.configure(
        connection=connection,
        target_metadata=models.Base.metadata,  # importing the package registers every table
        render_as_batch=connection.dialect.name == "sqlite",
        include_name=is_ours,
        compare_type=True,
        transaction_per_migration=True,  # what one has locked is free before the next begins
    )

    @sa.event.listens_for(connection, "begin")
    def _begin(begun: sa.Connection) -> None:
        walls.open_all(begun)
        wait_briefly(begun, context.config.attributes["lock_wait_s"])

    with context.begin_transaction():
        context.run_migrations()
    connection.commit()
