"""A file's sections (a header with its own preamble each): what each states, and proves."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pandas as pd
import pyarrow as pa

from mmrecon.model.line import Proof
from mmrecon.statements.broken_chain import ChainFault, chain_faults
from mmrecon.statements.facts import HeaderFacts
from mmrecon.statements.layout import Layout
from mmrecon.statements.prove import (
    FAILED,
    Movements,
    Stated,
    movements,
    prove_section,
    worst,
)
from mmrecon.statements.rows import DataRows
from mmrecon.statements.typed import TypedRows


def stated_by(facts: HeaderFacts, layout: Layout, digits: int) -> Stated:
    """What a header, or a file's name, states; None where it is silent."""

    def amount(name: str) -> int | None:
        return facts.money_minor(name, layout, digits)

    return Stated(
        opening_minor=amount("opening"),
        closing_minor=amount("closing"),
        total_in_minor=amount("total_in"),
        total_out_minor=amount("total_out"),
        period_from_s=facts.moment_s("period_from", layout.dates),
        period_to_s=facts.moment_s("period_to", layout.dates),
        reported_at_s=facts.moment_s("reported_at", layout.dates),
    )


def prove_sections(
    data: DataRows,
    sections: Sequence[HeaderFacts],
    layout: Layout,
    currency: str,
    typed: TypedRows,
    digits: int,
) -> tuple[Proof, list[ChainFault]]:
    """Each section proved for itself; a header repeated without preamble opens no new one."""
    own = [at for at in range(len(sections)) if not at or sections[at].texts or not layout.preamble]
    section = np.searchsorted(np.array(own), typed.section, side="right") - 1
    sectioned = replace(typed, section=np.array(own)[section])
    proofs: list[tuple[int, Proof]] = []
    faults: list[ChainFault] = []
    for at in own:
        ragged = len(data.ragged) if at == own[0] else 0
        moved = movements(sectioned, at, ragged, newest_first=layout.newest_first)
        refused = int((sectioned.refused & (sectioned.section == at)).sum()) + ragged
        stated = stated_by(sections[at], layout, digits)
        proof = prove_section(stated, moved, currency, refused, chain=layout.chain)
        if data.misses_a_fee and ("chain", FAILED) in _outcomes(proof):
            proof = prove_section(stated, moved, currency, refused, chain=False)
        elif layout.chain and not moved.unplaced and _breaks(proof) and len(moved.local_s):
            receipts = _receipts(typed, moved)
            faults += chain_faults(moved, stated, receipts, currency)
        proofs.append((_begins(stated, moved), proof))
    return worst([proof for _, proof in sorted(proofs, key=lambda entry: entry[0])]), faults


def _outcomes(proof: Proof) -> set[tuple[str, str]]:
    return {(name, outcome) for name, outcome, _ in proof.checks}


def _breaks(proof: Proof) -> bool:
    return bool({("chain", FAILED), ("balances", FAILED)} & _outcomes(proof))


def _receipts(typed: TypedRows, moved: Movements) -> pd.Series:
    taken = typed.texts["receipt"].take(pa.array(moved.place))
    receipts = pd.Series(taken.to_numpy(zero_copy_only=False), dtype=object)
    return receipts.mask(typed.refused[moved.place], "")


def _begins(stated: Stated, moved: Movements) -> int:
    if stated.period_from_s is not None:
        return stated.period_from_s
    return int(moved.local_s.min()) if len(moved.local_s) else 0
