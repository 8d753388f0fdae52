"""`nightly` and `tick`: the verbs of a day, one after the other; trouble of one stops no other.

Each step is a small function on the run that gives (what it found, its exit code). What failed in
a known way is kept beside the results and decides the exit code.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from sqlalchemy import func, select

from mmrecon.errors import ExitCode, MmreconError, worst
from mmrecon.model.posting import PostingState
from mmrecon.pipeline import (
    fetching,
    importing,
    ledger_in,
    matching,
    posting,
    proving,
    workbook,
)
from mmrecon.pipeline.run import Run
from mmrecon.store.database import reading
from mmrecon.store.schema import POSTING

Found = tuple[Any, ExitCode]
_UNFINISHED = (
    PostingState.APPROVED, PostingState.SENDING, PostingState.UNKNOWN, PostingState.DEFERRED,
    PostingState.PENDING_IN_CORE, PostingState.POSTED,
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Step:
    """One step of a run of several verbs: what it found, or how it ended early."""

    name: str
    result: Any
    exit_code: ExitCode
    error: MmreconError | None = None


def nightly(run: Run) -> Iterator[Step]:
    """Run fetch → import → ledger refresh → match → post and verify → prove → workbook."""
    steps: list[tuple[str, Callable[[Run], Found]]] = [("fetch", _fetch), ("import", _import)]
    if run.settings.fineract is not None:
        steps.append(("ledger refresh", _refresh))
    steps.append(("match", _match))
    if run.settings.fineract is not None:
        steps += [("post", _post), ("verify", _verify)]
    steps += [("prove", _prove), ("workbook", _workbook)]
    for name, step in steps:
        yield _guarded(run, name, step)


def tick(run: Run) -> Iterator[Step]:
    """Take new files in folders → match → recovery and posting → workbook; nothing when idle."""
    fetched = _guarded(run, "fetch", _fetch_folders)
    if fetched.result is None or fetched.result.files or fetched.exit_code != ExitCode.DONE:
        yield fetched
    changed = False
    if importing.unread_files(run):
        yield _guarded(run, "import", _import)
        yield _guarded(run, "match", _match)
        changed = True
    if run.settings.fineract is not None and _has_unfinished(run):
        yield _guarded(run, "post", _post)
        yield _guarded(run, "verify", _verify)
        changed = True
    if changed:
        yield _guarded(run, "workbook", _workbook)


def exit_code_of(steps: list[Step]) -> ExitCode:
    """The most serious of what happened in a run of several verbs."""
    return worst(step.exit_code for step in steps)


def _guarded(run: Run, name: str, step: Callable[[Run], Found]) -> Step:
    try:
        result, code = step(run)
    except MmreconError as error:
        return Step(name, None, error.exit_code, error)
    return Step(name, result, code)


def _has_unfinished(run: Run) -> bool:
    states = [state.value for state in _UNFINISHED]
    query = select(func.count()).where(POSTING.c.state.in_(states), ~POSTING.c.shadow)
    with reading(run.engine) as connection:
        return bool(connection.execute(query).scalar())


def _fetch(run: Run) -> Found:
    fetched = fetching.fetch(run)
    return fetched, fetched.exit_code()


def _fetch_folders(run: Run) -> Found:
    fetched = fetching.fetch(run, kinds=("folder",))
    return fetched, fetched.exit_code()


def _import(run: Run) -> Found:
    imported = importing.import_files(run, importing.unread_files(run))
    return imported, imported.exit_code()


def _refresh(run: Run) -> Found:
    taken = ledger_in.refresh_ledger(run)
    return taken, taken.exit_code()


def _match(run: Run) -> Found:
    matched = matching.match(run)
    return matched, matched.exit_code()


def _post(run: Run) -> Found:
    posted = posting.post(run)
    return posted, posted.exit_code()


def _verify(run: Run) -> Found:
    verified = posting.verify(run)
    return verified, verified.exit_code()


def _prove(run: Run) -> Found:
    proved = proving.prove(run)
    return proved, proved.exit_code()


def _workbook(run: Run) -> Found:
    written = workbook.write_workbook(run)
    return written, written.exit_code()
