"""A file that was set aside and is nobody's statement is dismissed, with a reason.

Nothing of it is in the store, so no second person is needed; the days it might have covered stay
missing in the calendar, and the journal keeps which file it was.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from mmrecon.errors import UsageError
from mmrecon.pipeline.run import Run
from mmrecon.store import files
from mmrecon.store.database import transaction
from mmrecon.store.files import SetAside
from mmrecon.store.journal import Entry, append

_FEWEST_DIGITS: Final = 8


def dismiss(run: Run, wanted: str, reason: str) -> Sequence[SetAside]:
    """Dismiss a file that was set aside, named by its hash (8 digits are enough) or its name.

    The file stays in the archive, and is read again when somebody imports it again.

    Raises:
        UsageError: no reason, or not exactly one file that was set aside is meant.
    """
    if not reason.strip():
        raise UsageError("a file is dismissed for a reason", hint="Add --reason TEXT.")
    with transaction(run.engine) as connection:
        found = _meant(files.set_aside(connection), wanted)
        files.dismiss(connection, found, at_utc=run.at_utc())
        payload = {
            "sha256": found[0].sha256, "codes": sorted({one.reason_code for one in found}),
            "why": reason.strip(),
        }  # fmt: skip
        entry = Entry("file_dismissed", payload)
        append(connection, [entry], at_utc=run.at_utc(), run_id=run.run_id)
    return found


def _meant(aside: Sequence[SetAside], wanted: str) -> Sequence[SetAside]:
    digits = wanted.casefold() if len(wanted) >= _FEWEST_DIGITS else "-"
    found = [one for one in aside if one.name == wanted or one.sha256.startswith(digits)]
    if not found:
        raise UsageError(
            "no file of that name or hash is set aside",
            hint="`mmrecon status` names them with their hashes.",
            code="not_set_aside",
        )
    if len({one.sha256 for one in found}) > 1:
        raise UsageError(
            "several files of that name are set aside",
            hint="Name one by its hash: `mmrecon status` shows it.",
            code="several_set_aside",
        )
    return found
