"""Alembic's way in: the connection is handed over by `store/database.py`."""

from __future__ import annotations

from alembic import context

from mmrecon.store.schema import METADATA, tell_servers

tell_servers()
context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=METADATA,
    render_as_batch=True,
    transactional_ddl=True,
)
with context.begin_transaction():
    context.run_migrations()
