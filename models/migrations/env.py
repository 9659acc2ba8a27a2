"""Alembic's entry: one connection, one transaction, SQLite in batch mode."""

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
    )
    with context.begin_transaction():
        walls.open_all(connection)
        wait_briefly(connection, context.config.attributes["lock_wait_s"])
        context.run_migrations()
    connection.commit()
