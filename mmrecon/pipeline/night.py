"""`nightly` and `tick`: the verbs of a day, one after the other; trouble of one stops no other.

Each step is a small function on the run that gives (what it found, its exit code). What failed in
a known way is kept beside the results and decides the exit code.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any

from sqlalchemy import func, select

from mmrecon.errors import ExitCode, MmreconError, worst
from mmrecon.model.posting import PostingState
from mmrecon.pipeline import (
    answering,
    expecting,
    fetching,
    importing,
    ledger_in,
    matching,
    posting,
    proving,
    workbook,
)
from mmrecon.pipeline.posting import Seams
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


def nightly(run: Run, stop: threading.Event | None = None) -> Iterator[Step]:
    """Run fetch → import → ledger refresh → match → post and verify → prove → workbook.

    When `stop` is set, the request in flight is finished, and no other step begins.
    """
    seams = Seams() if stop is None else Seams(stop=stop)
    steps: list[tuple[str, Callable[[Run], Found]]] = [("fetch", _fetch), ("import", _import)]
    if run.settings.fineract is not None:
        steps.append(("ledger refresh", _refresh))
    steps.append(("match", _match))
    if run.settings.fineract is not None:
        steps += [("post", partial(_post, seams)), ("verify", partial(_verify, seams))]
    steps += [("prove", _prove), ("workbook", _workbook)]
    for name, step in steps:
        if seams.stop.is_set():
            return
        yield _guarded(run, name, step)
        if name == "import":
            yield from _late(run, expecting.missing(run))


def tick(run: Run, stop: threading.Event | None = None) -> Iterator[Step]:
    """Take new files in folders → match → posting → workbook → answers; nothing when idle.

    When `stop` is set, the request in flight is finished, and nothing else begins.
    """
    seams = Seams() if stop is None else Seams(stop=stop)
    fetched = _guarded(run, "fetch", _fetch_folders)
    if fetched.result is None or fetched.result.files or fetched.exit_code != ExitCode.DONE:
        yield fetched
    changed = False
    if importing.unread_files(run):
        yield _guarded(run, "import", _import)
        yield _guarded(run, "match", _match)
        changed = True
    yield from _late(run, expecting.newly_missing(run))
    going = not seams.stop.is_set()
    if going and run.settings.fineract is not None and _has_unfinished(run):
        yield _guarded(run, "post", partial(_post, seams))
        yield _guarded(run, "verify", partial(_verify, seams))
        changed = True
    if changed and not seams.stop.is_set():
        yield _guarded(run, "workbook", _workbook)
    if not seams.stop.is_set() and answering.has_unanswered(run):
        yield _guarded(run, "returned workbooks", _answer)


def exit_code_of(steps: list[Step]) -> ExitCode:
    """The most serious of what happened in a run of several verbs."""
    return worst(step.exit_code for step in steps)


def _guarded(run: Run, name: str, step: Callable[[Run], Found]) -> Step:
    try:
        result, code = step(run)
    except MmreconError as error:
        return Step(name, None, error.exit_code, error)
    return Step(name, result, code)


def _late(run: Run, missing: expecting.Missing) -> Iterator[Step]:
    """A step only where a statement that should be there is not."""
    if missing.issues:
        yield _guarded(run, "expected statements", lambda _run: (missing, missing.exit_code()))


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


def _post(seams: Seams, run: Run) -> Found:
    posted = posting.post(run, seams)
    return posted, posted.exit_code()


def _verify(seams: Seams, run: Run) -> Found:
    verified = posting.verify(run, seams)
    return verified, verified.exit_code()


def _prove(run: Run) -> Found:
    proved = proving.prove(run)
    return proved, proved.exit_code()


def _answer(run: Run) -> Found:
    answered = answering.answer_returned(run)
    return answered, answered.exit_code()


def _workbook(run: Run) -> Found:
    written = workbook.write_workbook(run)
    return written, written.exit_code()
