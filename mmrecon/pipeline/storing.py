"""One file's readings into the store, in one transaction: identity, neighbours, issues, journal."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd
from sqlalchemy import Connection

from mmrecon.errors import Defect
from mmrecon.model.issue import Issue
from mmrecon.model.line import LineClass, LineFrame, Proof, ProofState
from mmrecon.pipeline.changed_lines import Told, tell_changed, tell_vanished
from mmrecon.pipeline.run import Run
from mmrecon.pipeline.statement_rows import proof_json, read_entry, statement_values
from mmrecon.statements.identity import Pairing, pair, with_returned
from mmrecon.statements.merging import merge, other_amounts
from mmrecon.statements.prove import with_neighbours
from mmrecon.statements.reading import Reading, with_outcome
from mmrecon.store import journal, withdrawals
from mmrecon.store import statements as store
from mmrecon.store.database import transaction
from mmrecon.store.files import StoredFile


@dataclass(frozen=True)
class StoredStatement:
    """A reading as it stands in the store: `new_lines` and `repeat_lines` count rows."""

    statement_id: int
    file: str
    reading: Reading
    new_lines: int
    repeat_lines: int
    issues: tuple[Issue, ...]


@dataclass(frozen=True)
class _Placed:
    """A reading with the wallet it goes to and how its lines pair with what stands there."""

    reading: Reading
    wallet_id: int
    stored: pd.DataFrame
    elsewhere: pd.DataFrame
    pairing: Pairing


def store_readings(
    run: Run,
    file: StoredFile,
    readings: Sequence[tuple[str, Reading]],
    issues: Sequence[Issue],
) -> list[StoredStatement]:
    """Store what a file's members (inner name, reading) say; all of it or nothing."""
    at_utc = run.at_utc()
    done: list[StoredStatement] = []
    with transaction(run.engine) as connection:
        for member, reading in readings:
            done.append(store_one(connection, run, file, member, reading))
        noted = [(issue, None, None) for issue in issues]
        store.insert_issues(connection, noted, run_id=run.run_id, at_utc=at_utc)
        entries = [read_entry(file, one.statement_id, one.reading, one.new_lines) for one in done]
        journal.append(connection, entries, at_utc=at_utc, run_id=run.run_id)
    return done


def store_one(
    connection: Connection, run: Run, file: StoredFile, member: str, reading: Reading
) -> StoredStatement:
    """Store what one member says, inside the caller's transaction; the journal is the caller's."""
    placed: _Placed | None = None
    told: Told = []
    if reading.header is not None and reading.wallet is not None:
        wallet_id = store.pin_wallet(connection, reading.wallet)
        reading = _without_known_notice(connection, wallet_id, reading)
        reading = _joined(connection, wallet_id, reading)
        placed = _placed(connection, wallet_id, reading)
    new_rows, repeat_rows = _counts(reading, placed)
    values = statement_values(run, file, member, reading) | {
        "wallet_id": None if placed is None else placed.wallet_id,
        "new_lines": new_rows,
        "repeat_lines": repeat_rows,
    }
    statement_id = store.insert_statement(connection, values)
    if placed is not None:
        store.insert_refused(connection, statement_id, reading.refused)
        told = _store_lines(connection, statement_id, placed)
    noted = [(issue, None) for issue in reading.issues] + told
    store.insert_issues(
        connection,
        [(issue, statement_id, line_id) for issue, line_id in noted],
        run_id=run.run_id,
        at_utc=run.at_utc(),
    )
    issues = tuple(issue for issue, _ in noted)
    return StoredStatement(statement_id, reading.name, reading, new_rows, repeat_rows, issues)


def _without_known_notice(connection: Connection, wallet_id: int, reading: Reading) -> Reading:
    """Only the first file that does not name its wallet says so."""
    assert reading.header is not None
    if not store.has_statement(connection, wallet_id, reading.header.layout):
        return reading
    kept = tuple(issue for issue in reading.issues if issue.code != "wallet_assumed")
    return replace(reading, issues=kept)


def _placed(connection: Connection, wallet_id: int, reading: Reading) -> _Placed:
    assert reading.header is not None
    receipts = reading.lines["receipt"]
    found = store.lines_of_receipts(connection, reading.header.provider, receipts)
    mine = found["wallet_id"] == wallet_id
    stored = found.loc[mine].reset_index(drop=True)
    elsewhere = found.loc[~mine].reset_index(drop=True)
    provider = reading.header.provider
    left = withdrawals.withdrawn_lines(connection, provider, wallet_id, receipts)
    known = pd.concat([stored, left], ignore_index=True) if len(left) else stored
    pairing = pair(reading.lines, known, store.next_line_id(connection))
    if len(left):
        pairing = with_returned(pairing, reading.lines, known, len(stored))
    return _Placed(reading, wallet_id, stored, elsewhere, pairing)


def _counts(reading: Reading, placed: _Placed | None) -> tuple[int, int]:
    """Rows that show a line first, and rows that show one again; with refused rows, all rows."""
    if placed is None:
        return 0, 0
    main = ~reading.lines["row"].duplicated().to_numpy()
    new_rows = int((placed.pairing.is_first & main).sum())
    repeat_rows = int((~placed.pairing.is_first & main).sum())
    if new_rows + repeat_rows + len(reading.refused) != reading.data_rows:
        raise Defect("rows of a statement got lost between reading and storing")
    return new_rows, repeat_rows


def _store_lines(connection: Connection, statement_id: int, placed: _Placed) -> Told:
    read, pairing = placed.reading.lines, placed.pairing
    gone = tell_vanished(connection, placed.reading, placed.wallet_id, pairing.line_ids)
    merged = merge(read, placed.stored, pairing)
    other = other_amounts(read, placed.stored, pairing)
    known = _known_elsewhere(placed)
    fresh = _fresh(statement_id, placed)
    conflicted = pairing.line_ids[[finding.position for finding in other]]
    fresh["conflict"] = fresh["line_id"].isin(conflicted)
    fresh["known_elsewhere"] = fresh["line_id"].isin(pairing.line_ids[known["position"]])
    withdrawals.forget(connection, pairing.returned["line_id"].tolist())
    store.insert_lines(connection, fresh)
    store.update_lines(connection, merged.changed)
    store.update_lines(connection, pairing.repeats)
    against = [placed.stored["line_id"].iloc[one.stored] for one in other if one.stored >= 0]
    store.mark(connection, [int(line_id) for line_id in against], "conflict")
    store.mark(connection, known["line_id"].drop_duplicates().tolist(), "known_elsewhere")
    store.insert_sightings(
        connection,
        {
            "statement_id": statement_id,
            "row": read["row"],
            "line_id": pairing.line_ids,
            "is_first": pairing.is_first,
            **{
                name: read[name]
                for name in (
                    "line_class", "completed_at_utc_s", "has_seconds", "balance_minor",
                    "cells_digest",
                )
            },
        },
    )  # fmt: skip
    told = tell_changed(
        connection, placed.reading, placed.stored, pairing.line_ids, [*merged.findings, *other]
    )
    return told + gone + _tell_elsewhere(connection, placed, known) + _tell_repeats(placed)


def _fresh(statement_id: int, placed: _Placed) -> pd.DataFrame:
    """The lines to insert, oldest first, as a LineFrame."""
    new = placed.pairing.new
    position = new["position"].to_numpy()
    read = placed.reading.lines.iloc[position].reset_index(drop=True)
    shared = [name for name in LineFrame.columns() if name in read.columns]
    columns: dict[str, Any] = {name: read[name] for name in shared}
    returned = placed.pairing.returned
    if len(returned):
        named = new["line_id"].map(returned.set_index("line_id")["sub_account"])
        columns["sub_account"] = named.reset_index(drop=True).fillna(read["sub_account"])
    columns |= {
        "line_id": new["line_id"],
        "wallet_id": np.full(len(new), placed.wallet_id, dtype=np.int64),
        "n": new["n"],
        "generation": np.zeros(len(new), dtype=np.int64),
        "repeats": new["repeats"],
        "first_statement_id": np.full(len(new), statement_id, dtype=np.int64),
        "first_row": read["row"],
    }
    return LineFrame.build(columns)


def _known_elsewhere(placed: _Placed) -> pd.DataFrame:
    """New lines (`position`) whose receipt and sign stand in another wallet (`line_id`)."""
    names = ["receipt", "sign", "wallet_id", "line_id"]
    charge = LineClass.CHARGE.value
    others = placed.elsewhere.loc[placed.elsewhere["line_class"] != charge, names]
    position = placed.pairing.new["position"].to_numpy()
    if not len(others) or not len(position):
        return pd.DataFrame({"position": [], "line_id": [], "wallet_id": []}, dtype="int64")
    mine = placed.reading.lines.iloc[position].assign(position=position)
    mine = mine.loc[mine["line_class"] != charge, ["receipt", "sign", "position"]]
    return mine.merge(others, on=["receipt", "sign"])[["position", "line_id", "wallet_id"]]


def _tell_elsewhere(connection: Connection, placed: _Placed, known: pd.DataFrame) -> Told:
    told: Told = []
    for wallet_id, group in known.groupby("wallet_id"):
        line = placed.reading.lines.iloc[int(group["position"].iloc[0])]
        arguments: dict[str, str | int] = {
            "lines": group["position"].nunique(),
            "other": store.wallet_name(connection, int(str(wallet_id))),
        }
        issue = Issue(
            "receipt_known_elsewhere",
            placed.reading.name,
            int(line["row"]),
            str(line["receipt"]),
            _wallet_name(placed),
            arguments,
        )
        told.append((issue, int(placed.pairing.line_ids[int(group["position"].iloc[0])])))
    return told


def _tell_repeats(placed: _Placed) -> Told:
    repeats = int((placed.pairing.new["repeats"] > 1).sum())
    if not repeats:
        return []
    arguments: dict[str, str | int] = {"lines": repeats}
    name = placed.reading.name
    issue = Issue("rows_look_alike", file=name, wallet=_wallet_name(placed), arguments=arguments)
    return [(issue, None)]


def _wallet_name(placed: _Placed) -> str:
    return "" if placed.reading.wallet is None else placed.reading.wallet.name


def _joined(connection: Connection, wallet_id: int, reading: Reading) -> Reading:
    """The reading with its opening held against the closing of the adjacent period before.

    A stored statement that follows is held against this one's closing in the same way.
    """
    header, proof = reading.header, reading.proof
    if header is None or proof is None:
        return reading
    begins, ends = header.period_from_utc_s, header.period_to_utc_s
    if begins is None or ends is None:
        return reading
    before, after = store.neighbours(connection, wallet_id, header.sub_account, begins, ends)
    previous = None
    if before is not None and begins - (before.period_to_utc_s or 0) <= withdrawals.ADJACENT_S:
        previous = before.closing_minor
    adjacent = after is not None and (after.period_from_utc_s or 0) - ends <= withdrawals.ADJACENT_S
    partial = header.reported_at_utc_s is not None and header.reported_at_utc_s < ends
    follows = adjacent and not partial and after is not None
    followed = follows and after is not None and after.opening_minor == proof.closing_minor
    proof = with_neighbours(proof, header.currency, previous, followed=followed)
    if follows and after is not None and proof.closing_minor is not None:
        _join_stored(connection, after, header.currency, proof.closing_minor)
    if before is not None and previous is not None and previous == proof.opening_minor:
        _follow_stored(connection, before, header.currency)
    return _with_proof(reading, proof)


def _with_proof(reading: Reading, proof: Proof) -> Reading:
    wallet = "" if reading.wallet is None else reading.wallet.name
    issues = list(reading.issues)
    for name, outcome, sentence in proof.checks:
        if name == "neighbour" and outcome == "failed":
            arguments: dict[str, str | int] = {"check": name, "sentence": sentence}
            issues.append(
                Issue("proof_contradicted", reading.name, wallet=wallet, arguments=arguments)
            )
    return with_outcome(replace(reading, proof=proof, issues=tuple(issues)))


def _join_stored(
    connection: Connection, after: store.Neighbour, currency: str, closing_minor: int
) -> None:
    """Hold the statement that follows against this closing; a mismatch contradicts the later."""
    proof = with_neighbours(_stored_proof(after), currency, closing_minor)
    store.set_proof(connection, after.statement_id, proof.state, proof_json(proof))


def _follow_stored(connection: Connection, before: store.Neighbour, currency: str) -> None:
    """The statement before is followed now, which stands in for a closing it did not print."""
    proof = with_neighbours(_stored_proof(before), currency, None, followed=True)
    store.set_proof(connection, before.statement_id, proof.state, proof_json(proof))


def _stored_proof(neighbour: store.Neighbour) -> Proof:
    checks = tuple((str(a), str(b), str(c)) for a, b, c in json.loads(neighbour.proof_json))
    return Proof(
        ProofState(neighbour.proof), checks, neighbour.opening_minor, neighbour.closing_minor
    )
