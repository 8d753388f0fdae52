"""`submit FILE`: a workbook comes back, its answers are decided, and become signed batches."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import pandas as pd
from sqlalchemy import Connection

from mmrecon.approval.accepted import TYPED_CELLS, Accepted, Answer, Decided
from mmrecon.approval.changes import has_changed_rows, name_changes
from mmrecon.approval.decide import Now, decide
from mmrecon.approval.proposals import propose
from mmrecon.approval.returned import Returned
from mmrecon.approval.workbook_in import read
from mmrecon.errors import ExitCode, UsageError, worst
from mmrecon.fetch.archive import Archived, get, put
from mmrecon.model.approval import Batch, Decision
from mmrecon.model.catalogue import next_step_of, sentence_of, severity_of
from mmrecon.model.catalogue.approval import TAMPERING
from mmrecon.model.issue import Issue
from mmrecon.pipeline.approving import prepare as sign_and_keep
from mmrecon.pipeline.drafts import drafts_of
from mmrecon.pipeline.open_work import ledger_snapshot, open_work
from mmrecon.pipeline.people import Signer, unlock_signer
from mmrecon.pipeline.reading_back import read_back
from mmrecon.pipeline.refusals import journalled
from mmrecon.pipeline.reversing import look_at_undos, undo_drafts
from mmrecon.pipeline.run import Run
from mmrecon.store.answers import StoredAnswer, StoredReturn, insert_return, taken_answers
from mmrecon.store.database import reading, transaction
from mmrecon.store.journal import Entry, append
from mmrecon.store.line_states import line_states
from mmrecon.store.posting_lines import lines_of as posted_lines
from mmrecon.store.workbooks import StoredWorkbook, find_workbook, issued_rows


@dataclass(frozen=True, slots=True)
class Submitted:
    """What became of a returned workbook; `batches` wait for another person now."""

    workbook_id: str
    decided: Decided
    batches: Sequence[Batch]
    issues: Sequence[Issue]
    signed: bool

    def exit_code(self) -> ExitCode:
        """5 where somebody changed what may not be changed; 1 while people have work."""
        found = [*self.issues, *(refused.issue for refused in self.decided.refused)]
        if any(issue.code in TAMPERING for issue in found):
            return ExitCode.REFUSED
        codes = [severity_of(issue).exit_code() for issue in found]
        waiting = [ExitCode.PEOPLE_HAVE_WORK] if self.batches else []
        return worst([*codes, *waiting])


@dataclass(frozen=True, slots=True)
class _Seen:
    """What a decision was made on; it must still stand when the batches are kept.

    `workbook` is missing when it was not written here: then nothing was decided.
    """

    workbook: StoredWorkbook | None
    lines: Mapping[str, int]
    states: Mapping[int, str]
    taken: Mapping[str, Answer]


def check_workbook(run: Run, path: Path) -> Submitted:
    """What would become of a returned workbook; keeps and signs nothing.

    Raises:
        SafetyRefusal: the file carries macros or links.
        UsageError: the file cannot be read, or is no workbook of mmrecon's.
    """
    returned = _read(run, _bytes(run, path))
    with reading(run.engine) as connection:
        seen, decided = _decide(run, connection, returned)
    decided, _ = look_at_undos(run, read_back(run, decided))
    issues = _issues(run, returned, seen, decided)
    return Submitted(returned.workbook_id, decided, (), issues, signed=False)


def submit_workbook(run: Run, path: Path, name: str, passphrase: str) -> Submitted:
    """Take a returned workbook: every answer accepted or refused, the accepted ones signed.

    Raises:
        SafetyRefusal: wrong person, role or passphrase; the file carries macros or links.
        UsageError: the file cannot be read, is no workbook of mmrecon's, or the answers changed
            under our hands.
    """
    with journalled(run, name):
        signer = unlock_signer(run, name, passphrase)
        content = _bytes(run, path)
        returned = _read(run, content)
        archived = put(run.state_folder, content)
        with reading(run.engine) as connection:
            seen, decided = _decide(run, connection, returned)
        decided, undos = look_at_undos(run, read_back(run, decided))
        with reading(run.engine) as connection:
            others = [one for one in decided.accepted if one.decision is not Decision.UNDO]
            drafts = drafts_of(connection, run, others)
            drafts += undo_drafts(connection, run, undos)
        with transaction(run.engine) as connection:
            _refuse_changed(connection, seen, decided.accepted)
            _keep_return(run, connection, archived, seen, decided, signer)
            sign_and_keep(connection, run, signer, drafts)
    batches = [draft.batch for draft in drafts]
    issues = _issues(run, returned, seen, decided)
    return Submitted(returned.workbook_id, decided, batches, issues, signed=True)


def _read(run: Run, content: bytes) -> Returned:
    returned = read(content, unpacked_bytes=run.settings.reading.unpacked_bytes)
    if not returned.workbook_id:
        (issue,) = returned.issues
        hint = next_step_of(issue)
        raise UsageError(sentence_of(issue), hint=hint, code=issue.code)
    return returned


def _bytes(run: Run, path: Path) -> bytes:
    try:
        size = path.stat().st_size
        content = path.read_bytes() if size <= run.settings.reading.file_bytes else b""
    except OSError as error:
        raise UsageError(
            f"the file cannot be read: {error.strerror}", hint="Check the path."
        ) from error
    if not content:
        raise UsageError("the file is empty, or larger than `reading.file_bytes`")
    return content


def _decide(run: Run, connection: Connection, returned: Returned) -> tuple[_Seen, Decided]:
    workbook = find_workbook(connection, returned.workbook_id) if returned.workbook_id else None
    if workbook is None:
        return _Seen(None, {}, {}, {}), Decided((), (), {})
    issued = issued_rows(connection, workbook.workbook_id)
    ids = issued["line_id"].tolist()
    work = open_work(run, connection, ledger_snapshot(run, connection), ids)
    states = line_states(connection, ids)
    seen = _Seen(
        workbook=workbook,
        lines=dict(zip(issued["row_id"], ids, strict=True)),
        states=dict(zip(states["line_id"].tolist(), states["state"].tolist(), strict=True)),
        taken=_taken(connection, workbook.workbook_id),
    )
    proposals = propose(work)
    now = Now(
        proposals=proposals,
        states=seen.states,
        accounts=work.accounts,
        items=work.items,
        wallets=work.wallets,
        today=work.today,
        taken=seen.taken,
        reversed_lines=_reversed(connection, proposals),
    )
    decided = decide(returned, issued, now)
    if has_changed_rows(decided):
        written = _read(run, get(run.state_folder, workbook.sha256))
        decided = name_changes(decided, returned.rows, written.rows)
    return seen, decided


def _reversed(connection: Connection, proposals: pd.DataFrame) -> frozenset[int]:
    """Lines that the provider certainly took back: what `post` would not send either."""
    doubtful = proposals["vetoes"].str.split(";").map(lambda codes: "reversal_seen" in codes)
    found = posted_lines(connection, proposals.loc[doubtful, "line_id"].tolist())
    return frozenset(line_id for line_id, line in found.items() if line.reversal_seen)


def _taken(connection: Connection, workbook_id: str) -> dict[str, Answer]:
    return {
        row_id: Answer(sheet="", row=0, row_id=row_id, by_section=False, **details)
        for row_id, details in taken_answers(connection, workbook_id).items()
    }


def _refuse_changed(connection: Connection, seen: _Seen, accepted: Sequence[Accepted]) -> None:
    """Somebody may have handed in the same rows while these were being read."""
    line_ids = [answer.line_id for answer in accepted]
    present = line_states(connection, line_ids)
    pairs = zip(present["line_id"].tolist(), present["state"].tolist(), strict=True)
    if any(seen.states.get(line_id) != state for line_id, state in pairs):
        raise UsageError(
            "lines of this workbook changed while it was read; nothing was taken",
            hint="Run `mmrecon submit` again.",
            code="changed_meanwhile",
        )


def _keep_return(
    run: Run,
    connection: Connection,
    archived: Archived,
    seen: _Seen,
    decided: Decided,
    signer: Signer,
) -> None:
    returned = StoredReturn(
        workbook_id=seen.workbook.workbook_id if seen.workbook else "",
        sha256=archived.sha256,
        archived_as=archived.archived_as,
        person=signer.person.name,
        returned_at_utc=run.at_utc(),
        run_id=run.run_id,
    )
    return_id = insert_return(connection, returned, _stored_answers(seen, decided))
    payload: dict[str, object] = {
        "workbook_id": returned.workbook_id,
        "return_id": return_id,
        "sha256": archived.sha256,
        "accepted": len(decided.accepted),
        "repeated": decided.repeated,
        "refused": dict(Counter(refused.issue.code for refused in decided.refused)),
        "issues": [issue.code for issue in decided.issues],
    }
    entries = [Entry("workbook_returned", payload, signer.person.name)]
    entries += [_tampered(refused.row_id, refused.issue, signer) for refused in decided.refused
                if refused.issue.code in TAMPERING]  # fmt: skip
    append(connection, entries, at_utc=returned.returned_at_utc, run_id=run.run_id)


def _tampered(row_id: str, issue: Issue, signer: Signer) -> Entry:
    payload = {"row_id": row_id, "code": issue.code, "row": issue.row}
    return Entry("refused", payload, signer.person.name)


def _stored_answers(seen: _Seen, decided: Decided) -> Iterator[StoredAnswer]:
    accepted = {answer.row_id: answer for answer in decided.accepted}
    refused = {one.row_id: one.issue for one in decided.refused}
    for row_id in accepted.keys() | refused.keys():
        issue = refused.get(row_id)
        answer = decided.answers.get(row_id)
        yield StoredAnswer(
            row_id=row_id,
            line_id=seen.lines.get(row_id),
            decision=answer.decision if answer else "",
            details=_details(answer) if answer else {},
            accepted=issue is None,
            reason_code=issue.code if issue else "",
            reason_arguments=issue.arguments if issue else {},
        )


def _details(answer: Answer) -> dict[str, str]:
    """The cells as typed; what `_taken` builds an answer from again."""
    return {name: getattr(answer, name) for name in TYPED_CELLS}


def _issues(run: Run, returned: Returned, seen: _Seen, decided: Decided) -> list[Issue]:
    issues = [*returned.issues, *decided.issues]
    if seen.workbook is None and returned.workbook_id:
        issues.append(Issue("workbook_unknown", arguments={"workbook_id": returned.workbook_id}))
    if returned.hidden_rows:
        issues.append(Issue("workbook_rows_hidden", arguments={"count": returned.hidden_rows}))
    if seen.workbook and seen.workbook.expires_on < run.now_utc().date().isoformat():
        issues.append(Issue("workbook_old"))
    return issues
