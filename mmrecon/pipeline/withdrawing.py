"""`import --withdraw`: see what withdrawing a file does, sign it, prove its days anew."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Final

from mmrecon.errors import UsageError
from mmrecon.model.approval import Batch, BatchKind, CanonicalRow, new_batch_id
from mmrecon.model.issue import Issue
from mmrecon.model.withdrawal import Withdrawal, parts_of, withdrawn_files
from mmrecon.pipeline.approving import prepare
from mmrecon.pipeline.drafts import Draft
from mmrecon.pipeline.people import unlock_signer
from mmrecon.pipeline.proving import Proved, prove
from mmrecon.pipeline.refusals import journalled
from mmrecon.pipeline.run import Run
from mmrecon.pipeline.taking_out import CHANGED, plan
from mmrecon.store import files
from mmrecon.store import withdrawals as store
from mmrecon.store.batches import RowPlace
from mmrecon.store.database import reading, transaction
from mmrecon.store.withdrawals import StandingFile

_FEWEST_DIGITS: Final = 8
_NO_HASH: Final = "-"


def look_at_file(run: Run, wanted: str, reason: str) -> Withdrawal:
    """What withdrawing a file (the beginning of its hash, or its name) does; nothing is changed.

    Raises:
        UsageError: no reason, or not exactly one file that counts is meant.
    """
    if not reason.strip():
        raise UsageError("a file is withdrawn for a reason", hint="Add --reason TEXT.")
    digits = wanted.casefold() if len(wanted) >= _FEWEST_DIGITS else _NO_HASH
    with reading(run.engine) as connection:
        found = store.standing_files(connection, wanted, digits)
        if len(found) != 1:
            aside = any(
                one.name == wanted or one.sha256.startswith(digits)
                for one in files.set_aside(connection)
            )
            raise _unclear(wanted, found, aside=aside)
        return plan(connection, found[0], store.shared(connection, found[0]))


def prepare_withdrawal(
    run: Run, wanted: Withdrawal, reason: str, name: str, passphrase: str
) -> str:
    """Sign it as its preparer; gives the batch that another person approves.

    Raises:
        UsageError: something has to be ended first.
        SafetyRefusal: wrong person, role or passphrase.
    """
    if not wanted.possible:
        raise UsageError(
            "something rests on this file that is ended first",
            hint="`mmrecon import --withdraw HASH` without --as says what, and how.",
            code="withdrawal_blocked",
        )
    kind = BatchKind.CORRECTIONS
    batch = Batch(new_batch_id(kind, run.now_utc()), kind, [wanted.row(reason.strip())], {})
    with journalled(run, name):
        signer = unlock_signer(run, name, passphrase)
        with transaction(run.engine) as connection:
            prepare(connection, run, signer, [Draft(batch, [RowPlace()])])
    return batch.batch_id


def prove_anew(run: Run, rows: Sequence[CanonicalRow]) -> list[Proved]:
    """The days of files that were withdrawn just now are proved again."""
    return [
        prove(
            run, [part.name],
            first=date.fromisoformat(part.first_day), last=date.fromisoformat(part.last_day),
        )
        for row in withdrawn_files(rows)
        for part in parts_of(row)
        if part.first_day
    ]  # fmt: skip


def facts_changed(run: Run) -> list[Issue]:
    """Lines with money on them whose facts went with the files that this run withdrew."""
    with reading(run.engine) as connection:
        return store.told_in_run(connection, run.run_id, CHANGED)


def _unclear(wanted: str, found: Sequence[StandingFile], *, aside: bool) -> UsageError:
    if found:
        listed = ", ".join(f"{one.sha256[:12]} ({one.name})" for one in found)
        return UsageError(
            f"several files are meant: {listed}",
            hint="Name one by the beginning of its hash.",
            code="several_standing",
        )
    if aside:
        return UsageError(
            "nothing of that file was stored: it is set aside",
            hint="`mmrecon import --dismiss HASH --reason TEXT` ends it.",
            code="not_standing",
        )
    return UsageError(
        f"no file that counts is called {wanted}, or has a hash that begins so",
        hint="`mmrecon explain RECEIPT` names the files that show a line.",
        code="not_standing",
    )
