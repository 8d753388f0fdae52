"""Workbooks that people put back into their desk folders are checked and answered, never signed.

A folder identifies nobody: what a person wants taken they sign in their own session (DESIGN 7.1).
"""

from __future__ import annotations

import hashlib
import shlex
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from mmrecon.approval.answer_text import NO_NAME, Checked, answer_text
from mmrecon.errors import ExitCode, SafetyRefusal, UsageError, worst
from mmrecon.model.clock import zoned_time
from mmrecon.pipeline.refusals import journalled
from mmrecon.pipeline.run import Run
from mmrecon.pipeline.submitting import check_workbook
from mmrecon.store.database import transaction
from mmrecon.store.journal import Entry, append

_RETURN: Final = "return"
_ANSWERS: Final = "answers"
_ENDING: Final = ".answer.txt"
_QUIET_S: Final = 5
"""A file that somebody wrote a moment ago may still be growing."""

_BLOCK: Final = 1 << 20


@dataclass(frozen=True, slots=True)
class Answered:
    """One workbook that was answered: where it lies, where its answer does, what was found."""

    workbook: Path
    answer: Path
    accepted: int
    refused: int
    exit_code: ExitCode


@dataclass(frozen=True, slots=True)
class AllAnswered:
    """Every workbook that this run answered."""

    workbooks: Sequence[Answered]

    def exit_code(self) -> ExitCode:
        """5 for a workbook that somebody tampered with, 1 while somebody has one to sign."""
        return worst(one.exit_code for one in self.workbooks)


def answer_returned(run: Run) -> AllAnswered:
    """Answer every workbook in `desk/*/return` whose bytes were not answered there yet.

    Temporary and lock files, links and files still being written are left alone.
    """
    return AllAnswered([_answer(run, *found) for found in _unanswered(run)])


def has_unanswered(run: Run) -> bool:
    """Whether a workbook waits for an answer."""
    return next(_unanswered(run), None) is not None


def _unanswered(run: Run) -> Iterator[tuple[Path, str]]:
    """Workbooks with the SHA-256 of their bytes, person by person."""
    desk = run.state_folder / "desk"
    for folder in sorted(desk.glob(f"*/{_RETURN}")):
        answers = folder.parent / _ANSWERS
        if any(place.is_symlink() for place in (folder, folder.parent, answers)):
            continue
        told = "".join(
            path.read_text("utf-8", errors="replace") for path in answers.glob(f"*{_ENDING}")
        )
        for path in sorted(folder.iterdir()):
            if _is_workbook(run, path):
                sha256 = _sha256(path)
                if sha256 not in told:
                    yield path, sha256


def _is_workbook(run: Run, path: Path) -> bool:
    hidden = path.name.startswith(("~$", "."))
    if hidden or path.suffix.lower() != ".xlsx" or path.is_symlink() or not path.is_file():
        return False
    age_s = run.now_utc().timestamp() - path.stat().st_mtime
    return not 0 <= age_s < _QUIET_S


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _answer(run: Run, path: Path, sha256: str) -> Answered:
    checked, code = _checked(run, path, sha256)
    command = f"mmrecon submit {shlex.quote(str(path))} --as {NO_NAME}"
    at = zoned_time(run.now_utc(), run.settings.zone)
    written = path.parent.parent / _ANSWERS / f"{path.name}{_ENDING}"
    _write(written, answer_text(checked, command, at))
    decided = checked.decided
    _record(run, checked)
    return Answered(
        workbook=path,
        answer=written,
        accepted=len(decided.accepted) if decided else 0,
        refused=len(decided.refused) if decided else 0,
        exit_code=code,
    )


def _checked(run: Run, path: Path, sha256: str) -> tuple[Checked, ExitCode]:
    """What the workbook says; one that cannot be taken is an answer too, not a failed run."""
    try:
        with journalled(run):
            found = check_workbook(run, path)
    except (UsageError, SafetyRefusal) as error:
        safety = error.exit_code is ExitCode.REFUSED
        code = ExitCode.REFUSED if safety else ExitCode.PEOPLE_HAVE_WORK
        return Checked(path.name, sha256, trouble=str(error), hint=error.hint), code
    checked = Checked(path.name, sha256, found.workbook_id, found.decided, found.issues)
    waits = ExitCode.PEOPLE_HAVE_WORK if found.decided.accepted else ExitCode.DONE
    return checked, worst([found.exit_code(), waits])


def _record(run: Run, checked: Checked) -> None:
    refused = checked.decided.refused if checked.decided else ()
    payload: dict[str, object] = {
        "sha256": checked.sha256,
        "workbook_id": checked.workbook_id,
        "refused": dict(Counter(one.issue.code for one in refused)),
        "issues": [issue.code for issue in checked.issues],
        "trouble": bool(checked.trouble),
    }
    with transaction(run.engine) as connection:
        entry = Entry("workbook_checked", payload)
        append(connection, [entry], at_utc=run.at_utc(), run_id=run.run_id)


def _write(path: Path, text: str) -> None:
    """The answer whole or not at all."""
    path.parent.mkdir(mode=0o700, exist_ok=True)
    draft = path.with_name(f".{path.name}.part")
    try:
        draft.write_text(text, encoding="utf-8")
        draft.replace(path)
    finally:
        draft.unlink(missing_ok=True)
