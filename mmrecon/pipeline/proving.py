"""Prove days: the statements' side, mmrecon's side, and Fineract as it is now."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from datetime import date, timedelta
from typing import Final

import pandas as pd

from mmrecon.config import WalletSettings
from mmrecon.errors import ExitCode, worst
from mmrecon.model.catalogue import by_code
from mmrecon.model.keys import canonical_json
from mmrecon.model.proof import (
    Coverage,
    DayProof,
    Light,
    Listed,
    StatementPeriod,
    TwoWay,
)
from mmrecon.pipeline.proof_sources import FineractReader, FineractSide
from mmrecon.pipeline.run import Run
from mmrecon.proof.coverage import covered, days_touched
from mmrecon.proof.day import CLIENT_CLASSES, CLOSED, WalletFacts, prove_sub_account
from mmrecon.proof.two_way import compare
from mmrecon.store import proofs as store
from mmrecon.store.database import reading, transaction

DAYS_BY_DEFAULT: Final = 7


@dataclass(frozen=True, slots=True)
class Proved:
    """What was proved; `unreachable` says why Fineract could not be asked, or nothing."""

    proofs: tuple[DayProof, ...]
    unreachable: str

    def exit_code(self) -> ExitCode:
        """6 for a day that does not balance, 3 for a silent Fineract, 1 for listed work."""
        codes = [_code_of(proof) for proof in self.proofs]
        if self.unreachable:
            codes.append(ExitCode.UNREACHABLE)
        return worst(codes)


@dataclass(frozen=True, slots=True)
class _Stored:
    wallet_id: int
    first: str
    last: str
    periods: list[StatementPeriod]
    lines: pd.DataFrame
    ours: pd.DataFrame


def prove(
    run: Run,
    wallet_names: Sequence[str] = (),
    *,
    first: date | None = None,
    last: date | None = None,
) -> Proved:
    """Prove days of the wallets named (all, when none is) and keep the proofs.

    Without `first` the seven days that end with `last`; without `last` the newest day with lines.
    Fineract that cannot be reached costs its side of the proof, not the statements'.
    """
    reader = FineractReader(run)
    proofs: list[DayProof] = []
    for wallet in run.settings.wallets:
        if wallet_names and wallet.name not in wallet_names:
            continue
        stored = _stored(run, wallet, first, last)
        if stored is None:
            continue
        made = _prove_wallet(run, wallet, stored, reader)
        _keep(run, stored.wallet_id, made)
        proofs.extend(made)
    return Proved(tuple(proofs), reader.unreachable)


def proof_document(proof: DayProof) -> dict[str, object]:
    """A proof as plain values, for JSON."""
    return asdict(proof) | {"movement_minor": proof.movement_minor, "light": proof.light.value}


def _stored(
    run: Run, wallet: WalletSettings, first: date | None, last: date | None
) -> _Stored | None:
    with reading(run.engine) as connection:
        wallet_id = store.wallet_ids(connection).get((wallet.provider, wallet.account))
        if wallet_id is None:
            return None
        periods = [
            replace(period, sub_account=period.sub_account or wallet.sub_account)
            for period in store.statement_periods(connection, wallet_id)
        ]
        newest = store.last_day(connection, wallet_id)
        touched = days_touched(periods, wallet.zone)
        ends = [*touched, *([date.fromisoformat(newest)] if newest else [])]
        if not ends:
            return None
        until = last or max(ends)
        since = first or until - timedelta(days=DAYS_BY_DEFAULT - 1)
        near = _touching(periods, since, until, wallet.zone)
        earliest = min([since - timedelta(days=1), *days_touched(near, wallet.zone)])
        lines = store.day_lines(connection, wallet_id, str(earliest), str(until))
        lines["sub_account"] = lines["sub_account"].replace("", wallet.sub_account)
        ours = store.occupancies(connection, wallet_id, str(since), str(until))
    return _Stored(wallet_id, str(since), str(until), near, lines, ours)


def _touching(
    periods: list[StatementPeriod], since: date, until: date, zone: str
) -> list[StatementPeriod]:
    """Statements of the days asked for, and of the day before them."""
    wanted = {since + timedelta(days=number) for number in range(-1, (until - since).days + 1)}
    return [period for period in periods if wanted & days_touched([period], zone)]


def _prove_wallet(
    run: Run, wallet: WalletSettings, stored: _Stored, reader: FineractReader
) -> list[DayProof]:
    facts = WalletFacts(
        wallet.name, wallet.currency, wallet.zone, wallet.sub_account, str(wallet.live_from)
    )
    subs = sorted({*stored.lines["sub_account"], *(each.sub_account for each in stored.periods)})
    main = _main_sub_account(wallet.sub_account, subs, stored.lines)
    since = max(stored.first, str(wallet.live_from))
    theirs = FineractSide(None)
    if since <= stored.last:
        theirs = reader.read(wallet, since, stored.last, stored.ours)
    two_ways = _two_ways(run, wallet, stored, theirs, main, since)
    proofs: list[DayProof] = []
    for sub in subs:
        lines = stored.lines[stored.lines["sub_account"] == sub].reset_index(drop=True)
        made = prove_sub_account(
            facts, sub, lines, stored.periods,
            two_ways if sub == main else {}, theirs.why_not if sub == main else "",
        )  # fmt: skip
        proofs.extend(proof for proof in made if stored.first <= proof.day <= stored.last)
    return sorted(proofs, key=lambda proof: (proof.day, proof.sub_account))


def _main_sub_account(configured: str, subs: Sequence[str], lines: pd.DataFrame) -> str:
    """The sub-account whose proof carries Fineract's side: where the clients' money is."""
    if configured and configured in subs:
        return configured
    clients = lines["sub_account"][lines["line_class"].isin(CLIENT_CLASSES)]
    counted = clients.value_counts()
    return str(counted.index[0]) if len(counted) else (subs[0] if subs else configured)


def _two_ways(
    run: Run, wallet: WalletSettings, stored: _Stored, theirs: FineractSide, main: str, since: str
) -> dict[str, TwoWay]:
    if theirs.transactions is None:
        return {}
    days = _days_with_something(stored, theirs.transactions, main, since, wallet.zone)
    own = stored.ours[stored.ours["value_date"] >= since]
    named = set(own["receipt"].str.upper()[own["transaction_id"] == ""])
    receipts = sorted(set(theirs.transactions["receipt"].str.upper()) | named)
    with reading(run.engine) as connection:
        states = store.states_of_receipts(connection, stored.wallet_id, receipts, CLOSED)
    periods = [period for period in stored.periods if period.sub_account == main]
    complete = frozenset(
        day for day in days
        if covered(periods, date.fromisoformat(day), wallet.zone) is Coverage.FULL
    )  # fmt: skip
    made = compare(own, theirs.transactions, line_states=states, complete_days=complete, days=days)
    if not theirs.accounts_only:
        return made
    note = Listed("seen_on_accounts_only", 1, 0)
    return {day: replace(each, listed=(*each.listed, note)) for day, each in made.items()}


def _days_with_something(
    stored: _Stored, transactions: pd.DataFrame, main: str, since: str, zone: str
) -> list[str]:
    periods = [period for period in stored.periods if period.sub_account == main]
    lines = stored.lines[stored.lines["sub_account"] == main]
    days = {str(day) for day in days_touched(periods, zone)}
    days |= set(lines["value_date"]) | set(transactions["value_date"])
    return sorted(day for day in days if since <= day <= stored.last)


def _code_of(proof: DayProof) -> ExitCode:
    if proof.light is Light.NOT_BALANCED:
        return ExitCode.NEEDS_ATTENTION
    return worst(by_code()[entry.code].severity.exit_code() for entry in proof.listed)


def _keep(run: Run, wallet_id: int, proofs: Sequence[DayProof]) -> None:
    rows = [
        {
            "wallet_id": wallet_id, "sub_account": proof.sub_account, "day": proof.day,
            "light": proof.light.value, "proof": proof.proof.value,
            "table_json": canonical_json(proof_document(proof)),
        }
        for proof in proofs
    ]  # fmt: skip
    with transaction(run.engine) as connection:
        store.put_proofs(connection, rows, run_id=run.run_id, at_utc=run.at_utc())
