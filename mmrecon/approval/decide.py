"""What came back, decided: every answer is accepted, or refused with a code and a next step."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import pandas as pd

from mmrecon.approval.accepted import TYPED_CELLS, Accepted, Answer, Decided, Refused
from mmrecon.approval.answer_cells import POSTING, decision_named
from mmrecon.approval.payable import Payable
from mmrecon.approval.proposals import WalletPart
from mmrecon.approval.resolve import READ_BY_ANSWERS, Ledger, Resolver
from mmrecon.approval.returned import Returned
from mmrecon.approval.sections import approved_sections, sign_off_faults
from mmrecon.approval.typed import TypedError
from mmrecon.model.approval import Decision
from mmrecon.model.issue import Issue


@dataclass(frozen=True, slots=True)
class Now:
    """How things stand when a workbook comes back.

    `proposals` (ProposalFrame) of the lines that still wait; `states` the word of every line the
    workbook showed; `taken` the answer accepted earlier from this workbook, by row id;
    `reversed_lines` the ids of lines that the provider took back.
    """

    proposals: pd.DataFrame
    states: Mapping[int, str]
    accounts: pd.DataFrame
    items: pd.DataFrame
    wallets: Sequence[WalletPart]
    today: date
    taken: Mapping[str, Answer]
    reversed_lines: frozenset[int] = frozenset()


def decide(returned: Returned, issued: pd.DataFrame, now: Now) -> Decided:
    """Every answer of a returned workbook; `issued` is the IssuedFrame of the same workbook.

    Pure. Rows without an answer are no decision. A row that was changed, doubled or invented is
    refused and the others are kept.
    """
    rows = _judged(returned.rows, issued)
    rows, section_issues = _with_sections(rows, returned, issued)
    answers = {answer.row_id: answer for answer in _answers(rows[rows["fault"] == ""])}
    refused = [_refused_row(row) for row in rows[rows["fault"] != ""].itertuples(index=False)]
    off = sign_off_faults(returned.sign_off, _asked(rows))
    if off:
        return Decided((), refused, answers, issues=[*section_issues, *off])
    accepted, more, repeated = _each(answers, issued, now)
    return Decided(accepted, [*refused, *more], answers, repeated, section_issues)


def _judged(rows: pd.DataFrame, issued: pd.DataFrame) -> pd.DataFrame:
    """Returned rows with what was issued, and the code of what is wrong with the row itself."""
    frame = rows.merge(issued.rename(columns={"digest": "issued_digest"}), on="row_id", how="left")
    frame["answered"] = (frame[list(TYPED_CELLS)] != "").any(axis=1) | (frame["formula"] != "")
    facts = [json.loads(text) if isinstance(text, str) else {} for text in frame["facts_json"]]
    frame["amount_minor"] = [fact.get("amount_minor", 0) for fact in facts]
    frame["currency"] = [fact.get("currency", "") for fact in facts]
    frame["receipt"] = [str(fact.get("receipt", "")) for fact in facts]
    frame["section"] = frame["section"].astype("str").fillna("")
    unknown = frame["issued_digest"].isna()
    changed = frame["digest"] != frame["issued_digest"]
    key_changed = frame["key_digest"] != frame["issued_digest"]
    frame["fault"] = ""
    frame["fault"] = frame["fault"].mask(frame["formula"] != "", "answer_formula")
    frame["fault"] = frame["fault"].mask(key_changed, "answer_key_changed")
    frame["fault"] = frame["fault"].mask(changed, "answer_row_changed")
    frame["fault"] = frame["fault"].mask(unknown, "answer_row_unknown")
    return _without_doubles(frame)


def _without_doubles(frame: pd.DataFrame) -> pd.DataFrame:
    """A row that stands there twice alike counts once; with different answers not at all."""
    once = frame.drop_duplicates(["row_id", "digest", "key_digest", "formula", *TYPED_CELLS])
    doubled = once["row_id"].duplicated(keep=False) & (once["fault"] != "answer_row_unknown")
    return once.assign(fault=once["fault"].mask(doubled, "answer_row_doubled")).reset_index(
        drop=True
    )


def _with_sections(
    rows: pd.DataFrame, returned: Returned, issued: pd.DataFrame
) -> tuple[pd.DataFrame, list[Issue]]:
    """Unmarked ready rows of approved sections get the decision; changed rows were counted too."""
    unmarked = rows[~rows["answered"] & (rows["section"] != "")]
    unmarked = unmarked.drop_duplicates("row_id")
    ready = issued[issued["section"] != ""].drop_duplicates("section")
    known = {
        section: str(json.loads(facts)["currency"])
        for section, facts in zip(ready["section"], ready["facts_json"], strict=True)
    }
    sections, issues = approved_sections(returned.sections, unmarked, known)
    by_section = ~rows["answered"] & rows["section"].isin(sections)
    decision = rows["decision"].mask(by_section, Decision.APPROVE.value)
    return rows.assign(decision=decision, by_section=by_section), issues


def _answers(rows: pd.DataFrame) -> list[Answer]:
    answered = rows[rows["answered"] | rows["by_section"]]
    names = ("sheet", "row", "row_id", *TYPED_CELLS, "by_section")
    return [
        Answer(**dict(zip(names, values, strict=True)))
        for values in zip(*(answered[name].tolist() for name in names), strict=True)
    ]


def _asked(rows: pd.DataFrame) -> pd.DataFrame:
    """Rows whose answer posts money, whether or not it can be taken."""
    words = rows["decision"].str.casefold().str.strip()
    posting = words.isin([decision.value for decision in POSTING])
    return rows[posting & (rows["currency"] != "")].drop_duplicates("row_id")


def _refused_row(row: Any) -> Refused:
    arguments: dict[str, str | int] = {"cell": row.formula, "columns": "one or more"}
    return Refused(
        row.row_id,
        Issue(row.fault, row.sheet, int(row.row), receipt=row.receipt, arguments=arguments),
    )


def _each(
    answers: Mapping[str, Answer], issued: pd.DataFrame, now: Now
) -> tuple[list[Accepted], list[Refused], int]:
    resolver = Resolver(
        Ledger(now.accounts, now.items),
        {wallet.name: wallet for wallet in now.wallets},
        now.today,
        Payable(now.reversed_lines),
    )
    waiting = now.proposals.loc[now.proposals["row_id"].isin(answers), list(READ_BY_ANSWERS)]
    present = {row.row_id: row for row in waiting.itertuples(index=False)}
    shown = issued[issued["row_id"].isin(answers)].set_index("row_id")
    facts = shown["facts_json"].to_dict()
    lines = shown["line_id"].to_dict()
    accepted: list[Accepted] = []
    refused: list[Refused] = []
    repeated = 0
    for row_id, answer in answers.items():
        if _same(answer, now.taken.get(row_id)):
            repeated += 1
            continue
        try:
            decision = decision_named(answer)
            row = present.get(row_id)
            if row is None:
                raise _moved_on(now, row_id, lines[row_id])
            _check_still_so(row, facts[row_id])
            accepted.append(resolver.resolve(answer, decision, row))
        except TypedError as error:
            refused.append(_refused_answer(answer, facts[row_id], error))
    return accepted, refused, repeated


def _same(answer: Answer, taken: Answer | None) -> bool:
    return taken is not None and all(
        getattr(answer, name) == getattr(taken, name) for name in TYPED_CELLS
    )


def _moved_on(now: Now, row_id: str, line_id: int) -> TypedError:
    if row_id in now.taken:
        return TypedError("answer_taken_differently")
    state = now.states.get(line_id, "gone")
    return TypedError("answer_line_moved_on", state=state.replace("_", " "))


def _check_still_so(row: Any, facts_json: str) -> None:
    """The facts that the officer saw are the facts of now.

    Raises:
        TypedError: names the part that changed.
    """
    if row.facts_json == facts_json:
        return
    then, present = json.loads(facts_json), json.loads(row.facts_json)
    changed = {name for name in then if then[name] != present.get(name)}
    if changed & {"source", "line_class", "value_date", "currency", "amount_minor", "conflict"}:
        raise TypedError("answer_line_changed")
    if "sent_back" in changed:
        raise TypedError("answer_sent_back_since")
    raise TypedError("answer_left_changed" if "left_minor" in changed else "answer_match_changed")


def _refused_answer(answer: Answer, facts_json: str, error: TypedError) -> Refused:
    issue = Issue(
        error.code,
        file=answer.sheet,
        row=answer.row,
        receipt=str(json.loads(facts_json).get("receipt", "")),
        arguments=error.arguments,
    )
    return Refused(answer.row_id, issue)
