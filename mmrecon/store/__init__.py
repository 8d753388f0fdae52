"""The database: schema, migrations, journal, lock."""

from __future__ import annotations
