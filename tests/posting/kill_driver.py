"""A process that posts and kills itself, as by `kill -9`, at the nth numbered point.

    python -m tests.posting.kill_driver STATE_FOLDER BASE_URL NTH [POINT]

Without POINT every point counts; NTH 0 never kills.
"""

from __future__ import annotations

import os
import signal
import sys
import threading
from pathlib import Path

from mmrecon.config import FineractServer, PostingLimits
from mmrecon.fineract.client import FineractClient
from mmrecon.model.clock import system_clock
from mmrecon.posting.context import PostingContext
from mmrecon.store.database import open_database
from tests.posting.branch import PASSWORD, ZONE
from tests.posting.desk import run_posting


def main(state_folder: Path, base_url: str, nth: int, only: str) -> None:
    counted = 0
    guard = threading.Lock()

    def point(name: str) -> None:
        nonlocal counted
        with guard:
            counted += not only or name == only
            if counted == nth > 0:
                os.kill(os.getpid(), signal.SIGKILL)

    limits = PostingLimits(savings_batch_size=3, loan_batch_size=3)
    server = FineractServer(base_url=base_url, zone=ZONE, username="mifos")
    client = FineractClient(server, PASSWORD)
    context = PostingContext(
        open_database(state_folder),
        system_clock,
        "killed",
        limits,
        wait=lambda _seconds: None,
        point=point,
    )
    run_posting(context, client)


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2], int(sys.argv[3]), "".join(sys.argv[4:5]))
