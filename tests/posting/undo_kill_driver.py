"""A process that takes everything back and kills itself, as by `kill -9`, at the nth point.

python -m tests.posting.undo_kill_driver STATE_FOLDER BASE_URL NTH POINT
"""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path

from mmrecon.config import FineractServer, PostingLimits
from mmrecon.fineract.client import FineractClient
from mmrecon.model.clock import system_clock
from mmrecon.posting.context import PostingContext
from mmrecon.store.database import open_database
from tests.posting.branch import PASSWORD, ZONE
from tests.posting.corrections import undo_everything


def main(state_folder: Path, base_url: str, nth: int, only: str) -> None:
    counted = 0

    def point(name: str) -> None:
        nonlocal counted
        counted += name == only
        if counted == nth:
            os.kill(os.getpid(), signal.SIGKILL)

    context = PostingContext(
        open_database(state_folder),
        system_clock,
        "killed",
        PostingLimits(),
        wait=lambda _seconds: None,
        point=point,
    )
    server = FineractServer(base_url=base_url, zone=ZONE, username="mifos")
    undo_everything(context, FineractClient(server, PASSWORD))


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2], int(sys.argv[3]), sys.argv[4])
