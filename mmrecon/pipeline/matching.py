"""Propose an owner for every line that has none."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import pandas as pd
from sqlalchemy import Connection

from mmrecon.config import Settings
from mmrecon.errors import ExitCode
from mmrecon.matching.context import MatchContext, WalletFacts
from mmrecon.matching.match import POLICY_VERSION, match_lines
from mmrecon.model.account import LedgerSnapshot
from mmrecon.model.issue import Issue
from mmrecon.model.keys import canonical_json, sha256_text
from mmrecon.model.line import LineClass
from mmrecon.model.match import MatchState
from mmrecon.pipeline.run import Run
from mmrecon.store.database import reading, transaction
from mmrecon.store.items import all_items
from mmrecon.store.matches import MatchSource, held_lines, lines_to_match, occupied_lines, replace
from mmrecon.store.occupied import left_of_lines
from mmrecon.store.proofs import wallet_ids
from mmrecon.store.snapshots import newest

_REMEMBERED_S: Final = 45 * 86_400
"""Settled lines are still looked at for so long: reversals and double payments come late."""


@dataclass(frozen=True, slots=True)
class StateSum:
    """Lines of one state and currency, and the money that moved in and out with them."""

    state: str
    currency: str
    lines: int
    in_minor: int
    out_minor: int


@dataclass(frozen=True, slots=True)
class Matched:
    """What a run of matching did: counts and money by state of the lines looked at."""

    looked_at: int
    changed: int
    states: dict[str, int]
    tiers: dict[str, int]
    snapshot_id: int | None
    issues: tuple[Issue, ...] = ()
    sums: tuple[StateSum, ...] = ()

    def exit_code(self) -> ExitCode:
        """6 without a snapshot, 1 when a person has lines to decide, else 0."""
        if self.issues:
            return ExitCode.NEEDS_ATTENTION
        for_people = (MatchState.READY, MatchState.REVIEW, MatchState.SUSPENSE)
        waits = sum(self.states.get(state.value, 0) for state in for_people)
        return ExitCode.PEOPLE_HAVE_WORK if waits else ExitCode.DONE


def match(run: Run) -> Matched:
    """Match every open line on the newest snapshot; only matches that differ are stored."""
    with reading(run.engine) as connection:
        snapshot = newest(connection, run.state_folder)
        if snapshot is None:
            return Matched(0, 0, {}, {}, None, (Issue("no_snapshot"),))
        lines, context = _asked(connection, run, snapshot)
    run.progress.start("matching", len(lines))
    matches = match_lines(lines, context)
    source = MatchSource(run.run_id, snapshot.snapshot_id, policy_digest(run.settings))
    with transaction(run.engine) as connection:
        changed = replace(connection, matches, source)
    run.progress.finish()
    return Matched(
        len(lines), changed, _counts(matches["state"]), _counts(matches["tier"]),
        snapshot.snapshot_id, sums=_sums(lines, matches, context.wallets),
    )  # fmt: skip


def policy_digest(settings: Settings) -> str:
    """What every match names: the rules' version and the wallets' policies."""
    policies = {wallet.name: wallet.matching.model_dump(mode="json") for wallet in settings.wallets}
    return sha256_text(canonical_json({"version": POLICY_VERSION, "policies": policies}))


def wallet_facts(connection: Connection, settings: Settings) -> dict[int, WalletFacts]:
    """Configured wallets that the store knows, as matching needs them, by wallet_id."""
    known = wallet_ids(connection)
    return {
        known[wallet.provider, wallet.account]: WalletFacts(
            wallet.name, wallet.account, wallet.country, wallet.currency, wallet.zone,
            wallet.live_from, wallet.matching,
        )
        for wallet in settings.wallets
        if (wallet.provider, wallet.account) in known
    }  # fmt: skip


def _asked(
    connection: Connection, run: Run, snapshot: LedgerSnapshot
) -> tuple[pd.DataFrame, MatchContext]:
    """Open lines of configured wallets, and everything else that matching may look at."""
    since_utc_s = int(run.now_utc().timestamp()) - _REMEMBERED_S
    everything = lines_to_match(connection, since_utc_s)
    wallets = wallet_facts(connection, run.settings)
    remaining = _remaining(connection, everything)
    settled = (remaining <= 0) & (everything["amount_minor"] > 0).to_numpy()
    held = everything["line_id"].isin(held_lines(connection)).to_numpy()
    asked = ~settled & ~held & everything["wallet_id"].isin(list(wallets)).to_numpy()
    touched = pd.Series(remaining, index=everything["line_id"].to_numpy())
    touched = touched[remaining != everything["amount_minor"].to_numpy()]
    others = everything[~asked].reset_index(drop=True)
    context = MatchContext(snapshot, wallets, run.now_utc(), all_items(connection), others, touched)
    if len(others):
        everything = everything[asked].reset_index(drop=True)
    return everything, context


def _remaining(connection: Connection, lines: pd.DataFrame) -> np.ndarray[Any, Any]:
    """What is left of each line; only lines with postings or links are asked about."""
    remaining = lines["amount_minor"].to_numpy().copy()
    touched = occupied_lines(connection)
    if touched:
        left = left_of_lines(connection, touched)
        places = pd.Index(lines["line_id"]).get_indexer(pd.Index(left.index))
        remaining[places[places >= 0]] = left.to_numpy(dtype=np.int64)[places >= 0]
    return remaining


def _sums(
    lines: pd.DataFrame, matches: pd.DataFrame, wallets: Mapping[int, WalletFacts]
) -> tuple[StateSum, ...]:
    """Money by state and currency; a line that never became final moved none."""
    moved = lines["amount_minor"].where(lines["line_class"] != LineClass.NON_FINAL.value, 0)
    places = pd.Index(matches["line_id"]).get_indexer(pd.Index(lines["line_id"]))
    codes, words = pd.factorize(matches["state"])
    frame = pd.DataFrame(
        {
            "state": codes[places],
            "wallet_id": lines["wallet_id"],
            "lines": 1,
            "in_minor": moved.where(lines["sign"] > 0, 0),
            "out_minor": moved.where(lines["sign"] < 0, 0),
        }
    )
    sums: dict[tuple[str, str], list[int]] = {}
    for (state, wallet_id), *found in frame.groupby(["state", "wallet_id"]).sum().itertuples():
        together = sums.setdefault((str(words[state]), wallets[wallet_id].currency), [0, 0, 0])
        together[:] = [int(was + more) for was, more in zip(together, found, strict=True)]
    return tuple(StateSum(*key, *sums[key]) for key in sorted(sums))


def _counts(column: pd.Series) -> dict[str, int]:
    return {str(word): int(count) for word, count in column.value_counts().sort_index().items()}
