"""Whose store this is, and who posts."""

from __future__ import annotations

from alembic import op

from mmrecon.store.schema import INSTANCE, LEASE

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    for table in (INSTANCE, LEASE):
        table.create(op.get_bind(), checkfirst=True)
