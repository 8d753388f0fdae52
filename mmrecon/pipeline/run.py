"""What every verb is given: settings, store, clock, the run's id, a way to Fineract."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import Engine

from mmrecon.config import Settings
from mmrecon.model.clock import Clock, iso_utc
from mmrecon.model.progress import Progress

if TYPE_CHECKING:
    from mmrecon.fineract.client import FineractClient


@dataclass(frozen=True, slots=True)
class Run:
    """One execution of a command.

    `connect` gives a client of the configured Fineract; it raises UsageError where none is
    configured, and OutsideUnreachable only when something is asked.
    """

    settings: Settings
    config_path: Path
    engine: Engine
    clock: Clock
    run_id: str
    progress: Progress
    connect: Callable[[], FineractClient]

    @property
    def state_folder(self) -> Path:
        """Where mmrecon keeps its memory."""
        return self.settings.state.folder

    @property
    def founders_path(self) -> Path:
        """The file with the founders' fingerprints, beside the configuration."""
        return self.config_path.resolve().parent / "founders"

    def now_utc(self) -> datetime:
        """The present moment."""
        return self.clock()

    def at_utc(self) -> str:
        """The present moment as ISO text."""
        return iso_utc(self.clock())
