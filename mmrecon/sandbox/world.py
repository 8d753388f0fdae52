"""Everything the handlers share: state, users, held rows, faults, routes."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from mmrecon.sandbox.auth import Users
from mmrecon.sandbox.database import Database
from mmrecon.sandbox.faults import Faults
from mmrecon.sandbox.locks import RowLocks

if TYPE_CHECKING:
    from mmrecon.sandbox.routing import Router


@dataclass
class World:
    """One tenant's server."""

    database: Database
    users: Users
    locks: RowLocks
    faults: Faults
    router: Router
    service_seconds: float = 0.0
    state_dir: Path = field(default_factory=Path)
