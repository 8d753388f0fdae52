"""From arrays to a MatchFrame: texts and JSON for each line, built column by column."""

from __future__ import annotations

import json
from dataclasses import dataclass, fields, replace
from typing import Final

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from mmrecon.matching.keys import (
    Flags,
    Keys,
    Places,
    as_arrow,
    byte_set,
    flags,
    texts,
    with_bytes,
)
from mmrecon.matching.vetoes import words
from mmrecon.model.line import LineClass
from mmrecon.model.match import MatchFrame
from mmrecon.model.match_texts import evidence_of

_NO_ID: Final = -1
_ESCAPED: Final = byte_set(b'"\\' + bytes([*range(32), 127]))
"""What JSON does not take as it is."""
_TEXT: Final = pd.StringDtype("pyarrow", np.nan)


@dataclass(frozen=True)
class Targets:
    """Accounts of lines, sorted by line and rank: legs, or candidates.

    `amount_minor` and `posted_minor` count for legs only; `speaks_for` and `against` (JSON lists)
    for candidates only.
    """

    line: Places
    kind: pa.StringArray
    account_id: Keys
    account_no: pa.StringArray
    client_id: Keys
    command: pa.StringArray
    amount_minor: Keys
    posted_minor: Keys
    speaks_for: pa.StringArray
    against: pa.StringArray


@dataclass
class Outcomes:
    """What is said of each line, one element a line.

    `target` is what the explanation points at; where it is empty, the accounts of the legs, else
    the first candidate.
    """

    line_id: Keys
    state: pa.StringArray
    tier: pa.StringArray
    rule: pa.StringArray
    vetoes: Keys
    client_id: Keys
    item_id: Keys
    explanation: pa.StringArray
    reference: pa.StringArray
    line_class: pa.StringArray
    client: pa.StringArray
    target: pa.StringArray


def match_frame(outcomes: Outcomes, legs: Targets, candidates: Targets) -> pd.DataFrame:
    """A MatchFrame, in the order of the outcomes; without the texts that follow from the rest."""
    short = _said_by_one_account(outcomes, legs, candidates)
    rest = np.flatnonzero(~short)
    written = _texts(_some(outcomes, rest), _of_lines(legs, ~short), _of_lines(candidates, ~short))
    where = pa.array(~short)
    empty = repeated("", len(short))
    columns: dict[str, object] = {
        "line_id": outcomes.line_id,
        "state": _series(outcomes.state),
        "tier": _series(outcomes.tier),
        "rule": _series(outcomes.rule),
        "vetoes": _series(words(outcomes.vetoes)),
        "client_id": _optional(outcomes.client_id),
        "item_id": _optional(outcomes.item_id),
        "explanation": _series(outcomes.explanation),
    }
    for name, values in written.items():
        columns[name] = _series(pc.replace_with_mask(empty, where, values))
    return MatchFrame.build(columns | _one_account(outcomes, legs, short))


def _said_by_one_account(outcomes: Outcomes, legs: Targets, candidates: Targets) -> Flags:
    """Collections that go into the one account that their rule names, with no other considered."""
    count = len(outcomes.line_id)
    short: Flags = (np.bincount(legs.line, minlength=count) == 1) & (
        np.bincount(candidates.line, minlength=count) == 1
    )
    lines = np.flatnonzero(short)
    leg, candidate = (np.searchsorted(each.line, lines) for each in (legs, candidates))
    at, at_leg, at_candidate = pa.array(lines), pa.array(leg), pa.array(candidate)
    evidence = pc.binary_join_element_wise('["', evidence_of(outcomes.rule.take(at)), '"]', "")
    numbers = (
        candidates.account_id[candidate] == legs.account_id[leg],
        candidates.client_id[candidate] == outcomes.client_id[lines],
        legs.client_id[leg] == outcomes.client_id[lines],
        legs.amount_minor[leg] == legs.posted_minor[leg],
        outcomes.item_id[lines] == _NO_ID,
    )
    said = (
        pc.equal(candidates.kind.take(at_candidate), legs.kind.take(at_leg)),
        pc.equal(candidates.speaks_for.take(at_candidate), evidence),
        pc.equal(candidates.against.take(at_candidate), "[]"),
        pc.equal(outcomes.line_class.take(at), LineClass.COLLECTION.value),
        pc.equal(outcomes.target.take(at), ""),
    )
    escaped = (
        with_bytes(legs.account_no.take(at_leg), _ESCAPED),
        with_bytes(outcomes.client.take(at), _ESCAPED),
        with_bytes(outcomes.reference.take(at), _ESCAPED),
    )
    short[lines] = np.logical_and.reduce([*numbers, *map(flags, said)])
    short[lines] &= ~np.logical_or.reduce(escaped)
    return short


def _one_account(outcomes: Outcomes, legs: Targets, short: Flags) -> dict[str, object]:
    """What a MatchFrame says of lines that one account says in full."""
    leg = np.searchsorted(legs.line, np.arange(len(short)))
    leg[~short] = 0
    places = pa.array(leg, mask=~short)
    own = pa.array(np.arange(len(short)), mask=~short)
    if not len(legs.line):
        return {}
    return {
        "one_kind": _series(legs.kind.take(places)),
        "one_account_id": np.where(short, legs.account_id[leg], 0),
        "one_account_no": _series(legs.account_no.take(places)),
        "one_minor": np.where(short, legs.amount_minor[leg], 0),
        "one_client_no": _series(outcomes.client.take(own)),
        "one_reference": _series(outcomes.reference.take(own)),
    }


def _texts(outcomes: Outcomes, legs: Targets, candidates: Targets) -> dict[str, pa.StringArray]:
    """The texts of matches that need them."""
    count = len(outcomes.line_id)
    labels = pc.binary_join_element_wise(candidates.kind, candidates.account_no, ":")
    leg_labels = pc.binary_join_element_wise(legs.kind, legs.account_no, ":")
    amounts = pc.cast(pa.array(legs.amount_minor), pa.string())
    leg_amounts = pc.binary_join_element_wise(leg_labels, amounts, "=")
    return {
        "suggestions": _joined(labels, candidates.line, count, ";"),
        "legs": _joined(leg_amounts, legs.line, count, ";"),
        "legs_json": _listed(_leg_json(legs), legs.line, count),
        "candidates_json": _listed(_candidate_json(candidates), candidates.line, count),
        "explanation_json": _arguments(outcomes, legs, candidates),
    }


def _some(outcomes: Outcomes, lines: Places) -> Outcomes:
    """The outcomes of some lines."""
    at = pa.array(lines)
    return Outcomes(
        **{
            each.name: value[lines] if isinstance(value, np.ndarray) else value.take(at)
            for each in fields(outcomes)
            for value in [getattr(outcomes, each.name)]
        }
    )


def _of_lines(targets: Targets, chosen: Flags) -> Targets:
    """The targets of some lines, which are counted from 0 anew."""
    left = only(targets, np.flatnonzero(chosen[targets.line]))
    number = np.cumsum(chosen) - 1
    return replace(left, line=number[left.line])


def stacked(parts: list[Targets]) -> Targets:
    """Targets of different lines together, sorted by line; the order inside a line is kept."""

    def numbers(name: str) -> Keys:
        return np.concatenate([getattr(part, name) for part in parts])

    def words_of(name: str) -> pa.StringArray:
        return as_arrow(pa.chunked_array([getattr(part, name) for part in parts], type=pa.string()))

    together = Targets(
        numbers("line"), words_of("kind"), numbers("account_id"), words_of("account_no"),
        numbers("client_id"), words_of("command"), numbers("amount_minor"),
        numbers("posted_minor"), words_of("speaks_for"), words_of("against"),
    )  # fmt: skip
    return only(together, np.argsort(together.line, kind="stable"))


def only(targets: Targets, chosen: Places) -> Targets:
    """Some of the targets, in the order asked for."""
    taken = pa.array(chosen)
    return Targets(
        targets.line[chosen], targets.kind.take(taken), targets.account_id[chosen],
        targets.account_no.take(taken), targets.client_id[chosen], targets.command.take(taken),
        targets.amount_minor[chosen], targets.posted_minor[chosen],
        targets.speaks_for.take(taken), targets.against.take(taken),
    )  # fmt: skip


def json_texts(values: pa.StringArray) -> pa.StringArray:
    """Texts as JSON strings, as `model/keys.py` spells them."""
    plain = ~with_bytes(values, _ESCAPED)
    quoted = pc.binary_join_element_wise('"', values, '"', "")
    if plain.all():
        return quoted
    odd = pa.array(~plain)
    mended = [json.dumps(text, ensure_ascii=False) for text in values.filter(odd).to_pylist()]
    return pc.replace_with_mask(quoted, odd, texts(mended))


def repeated(text: str, count: int) -> pa.StringArray:
    """One text, many times."""
    return texts([text]).take(pa.array(np.zeros(count, dtype=np.int64)))


def _leg_json(legs: Targets) -> pa.StringArray:
    number = np.arange(len(legs.line)) - np.searchsorted(legs.line, legs.line) + 1
    return pc.binary_join_element_wise(
        '{"account_id":', _numbers(legs.account_id),
        ',"account_kind":"', legs.kind,
        '","account_no":', json_texts(legs.account_no),
        ',"amount_minor":', _numbers(legs.amount_minor),
        ',"client_id":', _numbers(legs.client_id),
        ',"command":"', legs.command,
        '","leg":', _numbers(number),
        ',"posted_minor":', _numbers(legs.posted_minor), "}", "",
    )  # fmt: skip


def _candidate_json(candidates: Targets) -> pa.StringArray:
    return pc.binary_join_element_wise(
        '{"account_id":', _numbers(candidates.account_id),
        ',"account_kind":"', candidates.kind,
        '","account_no":', json_texts(candidates.account_no),
        ',"against":', candidates.against,
        ',"client_id":', _numbers(candidates.client_id),
        ',"for":', candidates.speaks_for, "}", "",
    )  # fmt: skip


def _arguments(outcomes: Outcomes, legs: Targets, candidates: Targets) -> pa.StringArray:
    """What an explanation's sentence is filled with."""
    count = len(outcomes.line_id)
    has_legs = np.bincount(legs.line, minlength=count) > 0
    best = np.searchsorted(candidates.line, np.arange(count))
    there = (np.bincount(candidates.line, minlength=count) > 0) & ~has_legs
    shown = stacked([only(candidates, best[there]), legs])
    named = pc.binary_join_element_wise(shown.kind, " account ", shown.account_no, "")
    accounts = _joined(named, shown.line, count, " and ")
    target = pc.if_else(pc.equal(outcomes.target, ""), accounts, outcomes.target)
    return pc.binary_join_element_wise(
        '{"client":', json_texts(outcomes.client),
        ',"line_class":"', outcomes.line_class,
        '","reference":', json_texts(outcomes.reference),
        ',"target":', json_texts(target), "}", "",
    )  # fmt: skip


def _numbers(values: Keys) -> pa.StringArray:
    text = pc.cast(pa.array(values), pa.string())
    missing = values == _NO_ID
    return pc.if_else(pa.array(missing), "null", text) if missing.any() else text


def _joined(values: pa.StringArray, line: Places, count: int, separator: str) -> pa.StringArray:
    offsets = np.searchsorted(line, np.arange(count + 1)).astype(np.int32)
    lists = pa.ListArray.from_arrays(pa.array(offsets), as_arrow(values))
    return pc.binary_join(lists, separator)


def _listed(values: pa.StringArray, line: Places, count: int) -> pa.StringArray:
    return pc.binary_join_element_wise("[", _joined(values, line, count, ","), "]", "")


def _series(values: pa.StringArray) -> pd.Series:
    series: pd.Series = as_arrow(values).to_pandas(types_mapper={pa.string(): _TEXT}.get)
    return series


def _optional(values: Keys) -> pd.Series:
    return pd.Series(pd.array(values, dtype="Int64")).mask(values == _NO_ID)
