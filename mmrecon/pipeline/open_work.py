"""What waits for a person, read from the store; the same for a workbook and for its return."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Final

import pandas as pd
from sqlalchemy import Connection

from mmrecon.approval.originals import original_texts
from mmrecon.approval.proposals import OpenWork, WalletPart, shown_states
from mmrecon.approval.wording import sentence
from mmrecon.errors import UsageError
from mmrecon.model.account import LedgerSnapshot
from mmrecon.model.clock import local_date, local_time
from mmrecon.model.found import found_in
from mmrecon.pipeline.run import Run
from mmrecon.store.found_links import POSTED_ELSEWHERE, found_transactions, waiting_links
from mmrecon.store.holds import open_holds
from mmrecon.store.items import all_items
from mmrecon.store.line_states import line_states
from mmrecon.store.matches import current
from mmrecon.store.occupied import left_of_lines
from mmrecon.store.originals import originals
from mmrecon.store.proofs import wallet_ids
from mmrecon.store.rejections import rejections
from mmrecon.store.review_reasons import ReviewReason, open_reasons
from mmrecon.store.snapshots import newest
from mmrecon.store.workbooks import lines_of

_CHUNK: Final = 500
TAKES_BACK: Final = "takes_back"
"""The explanation of a reversal whose payment is known (`model/catalogue/matching.py`)."""


def wallet_parts(run: Run, connection: Connection) -> list[WalletPart]:
    """Configured wallets that the store knows; those of which nothing was read yet are left out."""
    known = wallet_ids(connection)
    return [
        WalletPart(
            wallet_id=known[wallet.provider, wallet.account],
            name=wallet.name,
            provider=wallet.provider,
            account=wallet.account,
            currency=wallet.currency,
            zone=wallet.zone,
            payment_type_id=wallet.payment_type.id if wallet.payment_type else None,
            overpayment_tolerance_minor=wallet.matching.overpayment_tolerance_minor,
        )
        for wallet in run.settings.wallets
        if (wallet.provider, wallet.account) in known
    ]


def ledger_snapshot(run: Run, connection: Connection) -> LedgerSnapshot:
    """The newest snapshot.

    Raises:
        UsageError: there is none yet.
    """
    snapshot = newest(connection, run.state_folder)
    if snapshot is None:
        raise UsageError(
            "there is no snapshot of the ledger yet",
            hint="Run `mmrecon ledger refresh`, or `mmrecon ledger load FILE`.",
            code="no_snapshot",
        )
    return snapshot


def open_work(
    run: Run,
    connection: Connection,
    snapshot: LedgerSnapshot,
    line_ids: Sequence[int] | None = None,
) -> OpenWork:
    """Lines that a workbook shows (all, or those asked for), with everything known of them."""
    states = line_states(connection, line_ids)
    states = states[states["state"].isin(shown_states())].reset_index(drop=True)
    wanted = states["line_id"].tolist()
    shown = lines_of(connection, wanted)
    matches = current(connection, wanted)
    taken_back = originals(connection, _taken_back(matches))
    reasons = _open_reasons(connection, wanted)
    wallets = wallet_parts(run, connection)
    return OpenWork(
        lines=shown,
        matches=matches,
        states=states,
        left_minor=left_of_lines(connection, wanted),
        items=all_items(connection),
        clients=snapshot.clients,
        accounts=snapshot.accounts,
        originals=original_texts(taken_back, snapshot.accounts),
        notes=_notes(connection, states, reasons),
        found=_found(reasons),
        sent_back=_sent_back(reasons),
        takes_back=_standing(taken_back),
        rejections=_rejections(connection, wanted, wallets[0].zone if wallets else "UTC"),
        wallets=wallets,
        today=local_date(run.now_utc(), wallets[0].zone if wallets else "UTC"),
    )


def _taken_back(matches: pd.DataFrame) -> dict[int, list[str]]:
    """The receipts that each reversal takes back, or may, as its match says."""
    found = matches[matches["explanation"] == TAKES_BACK]
    pairs = zip(found["line_id"].tolist(), found["explanation_json"], strict=True)
    return {
        line_id: str(json.loads(arguments)["target"]).split(", ") for line_id, arguments in pairs
    }


def _standing(taken_back: pd.DataFrame) -> pd.Series:
    """By line id of a reversal: the receipts of posted lines that it may take back (`A;B`)."""
    posted = taken_back[taken_back["state"].isin(["posted", "verified"])]
    receipts = posted[["line_id", "receipt"]].drop_duplicates()
    return receipts.groupby("line_id")["receipt"].agg(";".join).astype("str")


def _rejections(connection: Connection, line_ids: Sequence[int], zone: str) -> pd.Series:
    """Who did not approve a line's last answer, when and why, by line id."""
    texts = {
        one.line_id: f"Rejected by {one.person} on {local_time(one.at_utc, zone)}: "
        f"{one.reason.rstrip('.')}."
        for one in rejections(connection, line_ids)
    }
    return pd.Series(texts, dtype="str")


def _open_reasons(connection: Connection, line_ids: Sequence[int]) -> list[ReviewReason]:
    return [
        reason
        for start in range(0, len(line_ids), _CHUNK)
        for reason in open_reasons(connection, line_ids[start : start + _CHUNK])
    ]


def _found(reasons: Sequence[ReviewReason]) -> pd.Series:
    """What of each line seems to be in Fineract already, by line id."""
    told: dict[int, list[tuple[str, Mapping[str, str | int]]]] = {}
    for reason in reasons:
        told.setdefault(reason.line_id, []).append((reason.code, reason.arguments))
    return pd.Series({line_id: found_in(each) for line_id, each in told.items()}, dtype="str")


def _sent_back(reasons: Sequence[ReviewReason]) -> pd.Series:
    """The ids of the reasons that sent each line back, by line id (`3;5`)."""
    ids: dict[int, list[str]] = {}
    for reason in reasons:
        ids.setdefault(reason.line_id, []).append(str(reason.review_reason_id))
    return pd.Series({line_id: ";".join(each) for line_id, each in ids.items()}, dtype="str")


def _notes(
    connection: Connection, states: pd.DataFrame, reasons: Sequence[ReviewReason]
) -> pd.Series:
    """Why lines wait by decision, came back or stand elsewhere, in sentences by line id."""
    notes = [
        (hold.line_id, "In suspense by decision", hold.reason)
        for hold in open_holds(connection)
        if hold.kind == "suspense"
    ]
    told = [(line_id, ": ".join(filter(None, words))) for line_id, *words in notes]
    told += [(reason.line_id, sentence(reason.code, reason.arguments)) for reason in reasons]
    told += _link_notes(connection, states)
    texts = pd.Series([f"{text}." for _, text in told], dtype="str")
    return texts.groupby([line_id for line_id, _ in told]).agg(" ".join).astype("str")


def _link_notes(connection: Connection, states: pd.DataFrame) -> list[tuple[int, str]]:
    """What is to be done about each line that stands in Fineract already (LineStateFrame rows)."""
    lines = states.loc[states["state"] == POSTED_ELSEWHERE, "line_id"].tolist()
    waiting = waiting_links(connection, lines) if lines else {}
    unsigned = {one.line_id for one in found_transactions(connection)} if lines else set()
    return [(line_id, _to_do(line_id, waiting, unsigned)) for line_id in lines]


def _to_do(line_id: int, waiting: dict[int, str], unsigned: set[int]) -> str:
    if line_id in unsigned:
        return "Sign the link: mmrecon submit --as NAME; another person approves it"
    if line_id in waiting:
        return f"The link waits for another person: mmrecon approve {waiting[line_id]}"
    return "Linked; nothing to do"
