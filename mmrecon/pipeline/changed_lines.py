"""Lines that a file shows otherwise than an earlier one, or no more: both rows side by side.

What became of a posting that rested on the line is said with it. No personal data: where phones
or references differ, `explain` shows them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pandas as pd
from sqlalchemy import Connection

from mmrecon.model.clock import local_seconds
from mmrecon.model.issue import Issue
from mmrecon.model.line import LineClass, ProofState
from mmrecon.model.line_state import WORDS, LineState
from mmrecon.model.money import to_text
from mmrecon.statements.merging import Finding
from mmrecon.statements.reading import Reading
from mmrecon.store import statements as store
from mmrecon.store.line_states import line_states
from mmrecon.store.vanished import line_ids_not_shown, lines_by_id

Told = list[tuple[Issue, int | None]]
_SAME_FILE: Final[dict[str, str | int]] = {
    "there": "another row of this file",
    "became": "was not known before",
}
_SHOWN: Final = 50
_SHOWN_VANISHED: Final = 20


def tell_changed(
    connection: Connection,
    reading: Reading,
    stored: pd.DataFrame,
    line_ids: npt.NDArray[np.int64],
    findings: Sequence[Finding],
) -> Told:
    """An alert per finding; at most a few dozen are shown one by one.

    `stored` are the known lines as they were before this file, `line_ids` those of its lines.
    """
    shown = findings[:_SHOWN]
    if not shown:
        return []
    places = sorted({finding.stored for finding in shown if finding.stored >= 0})
    known = stored.iloc[places]
    names = store.names_of(connection, sorted({int(one) for one in known["first_statement_id"]}))
    became = _became(connection, [int(one) for one in known["line_id"]])
    told: Told = []
    for finding in shown:
        line = reading.lines.iloc[finding.position]
        said: dict[str, str | int] = {
            "field": finding.field, "here": row_told(line, reading.zone),
            "now": str(line["line_class"]),
        }  # fmt: skip
        if finding.stored < 0:
            said |= _SAME_FILE | {"stored_row": 0, "stored_file": reading.name}
        else:
            said |= _stored(stored.iloc[finding.stored], reading.zone, names, became)
        told.append((_issue(finding.code, reading, line, said), int(line_ids[finding.position])))
    return told


def tell_vanished(
    connection: Connection, reading: Reading, wallet_id: int, line_ids: npt.NDArray[np.int64]
) -> Told:
    """Lines of the file's period that an earlier file of its layout showed, and this one does not.

    They wait for a person, unless this file contradicts itself: then it proves nothing.
    """
    gone = _vanished(connection, reading, wallet_id, line_ids)
    if not len(gone):
        return []
    if reading.proof is None or reading.proof.state is not ProofState.CONTRADICTED:
        store.mark(connection, [int(one) for one in gone["line_id"]], "conflict")
    shown = gone.head(_SHOWN_VANISHED)
    names = store.names_of(connection, sorted({int(one) for one in shown["first_statement_id"]}))
    became = _became(connection, [int(one) for one in shown["line_id"]])
    told: Told = []
    for at in range(len(shown)):
        line = shown.iloc[at]
        said = _stored(line, reading.zone, names, became)
        told.append((_issue("line_vanished", reading, None, said, line), int(line["line_id"])))
    if len(gone) > len(shown):
        more: dict[str, str | int] = {"lines": len(gone) - len(shown)}
        told.append((_issue("more_lines_vanished", reading, None, more), None))
    return told


def row_told(line: pd.Series[Any], zone: str) -> str:
    """A row by amount, second, class and balance."""
    currency = str(line["currency"])
    money = to_text(int(line["sign"]) * int(line["amount_minor"]), currency)
    moment = local_seconds(int(line["completed_at_utc_s"]), zone)
    said = f"{money} of {moment}, {str(line['line_class']).replace('_', ' ')}"
    if pd.isna(line["balance_minor"]):
        return said
    return f"{said}, balance {to_text(int(line['balance_minor']), currency)}"


def _vanished(
    connection: Connection, reading: Reading, wallet_id: int, line_ids: npt.NDArray[np.int64]
) -> pd.DataFrame:
    header = reading.header
    nothing = reading.lines.iloc[:0]
    if header is None or header.period_from_utc_s is None or header.period_to_utc_s is None:
        return nothing
    if (reading.refused["receipt"] == "").any():
        return nothing
    until = min(header.period_to_utc_s, header.reported_at_utc_s or header.period_to_utc_s)
    ids = line_ids_not_shown(
        connection, wallet_id, header.layout, (header.period_from_utc_s, until), line_ids
    )
    if not ids:
        return nothing
    gone = lines_by_id(connection, ids)
    receipts = gone["receipt"].unique()
    sides = (reading.lines["receipt"], reading.refused["receipt"])
    shown = pd.concat([side[side.isin(receipts)] for side in sides])
    other_account = (gone["sub_account"] != "") & (gone["sub_account"] != header.sub_account)
    kept = (gone["line_class"] != LineClass.NON_FINAL.value) & ~gone["receipt"].isin(shown)
    return gone.loc[kept & ~(other_account & (header.sub_account != ""))]


def _stored(
    line: pd.Series[Any], zone: str, names: Mapping[int, str], became: Mapping[int, str]
) -> dict[str, str | int]:
    return {
        "stored_row": int(line["first_row"]),
        "stored_file": names.get(int(line["first_statement_id"]), ""),
        "before": str(line["line_class"]),
        "there": row_told(line, zone),
        "became": became.get(int(line["line_id"]), ""),
    }


def _became(connection: Connection, line_ids: Sequence[int]) -> dict[int, str]:
    """What stands of each line, in words after "it"."""
    states = line_states(connection, line_ids)
    return {
        int(line_id): WORDS[LineState(state)]
        for line_id, state in states[["line_id", "state"]].itertuples(index=False, name=None)
    }


def _issue(
    code: str,
    reading: Reading,
    shown: pd.Series[Any] | None,
    said: dict[str, str | int],
    stored: pd.Series[Any] | None = None,
) -> Issue:
    wallet = "" if reading.wallet is None else reading.wallet.name
    row = None if shown is None else int(shown["row"])
    named = shown if shown is not None else stored
    receipt = "" if named is None else str(named["receipt"])
    return Issue(code, reading.name, row, receipt, wallet, said)
