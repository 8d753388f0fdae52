"""Prove days: the statements' side, mmrecon's side, and Fineract as it is now."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import date, timedelta
from typing import Final

import pandas as pd

from mmrecon.config import WalletSettings
from mmrecon.errors import ExitCode, worst
from mmrecon.model.catalogue import by_code
from mmrecon.model.keys import canonical_json
from mmrecon.model.line import ProofState
from mmrecon.model.override import Contradiction, FailedDay, Override
from mmrecon.model.proof import (
    CONTRADICTIONS,
    Coverage,
    DayProof,
    Light,
    Listed,
    StatementPeriod,
    TwoWay,
)
from mmrecon.pipeline.overrides import verified_overrides
from mmrecon.pipeline.proof_sources import FineractReader, FineractSide
from mmrecon.pipeline.refusals import journalled
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


def evidence_of_day(run: Run, wallet: WalletSettings, day: date) -> list[DayProof]:
    """The statements' side of one day, one proof for each sub-account; nothing is kept."""
    stored = _stored(run, wallet, day, day)
    if stored is None:
        return []
    subs = _sub_accounts(stored)
    made = [proof for sub in subs for proof in _of_sub_account(wallet, stored, sub, {}, "")]
    return [proof for proof in made if proof.day == str(day)]


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
        after = until + timedelta(days=1)  # its opening may prove the last day
        lines = store.day_lines(connection, wallet_id, str(earliest), str(after))
        lines["sub_account"] = lines["sub_account"].replace("", wallet.sub_account)
        ours = store.occupancies(connection, wallet_id, str(since), str(until))
    return _Stored(wallet_id, str(since), str(until), near, lines, ours)


def _touching(
    periods: list[StatementPeriod], since: date, until: date, zone: str
) -> list[StatementPeriod]:
    """Statements of the days asked for, of the day before them and the day after."""
    wanted = {since + timedelta(days=number) for number in range(-1, (until - since).days + 2)}
    return [period for period in periods if wanted & days_touched([period], zone)]


def _prove_wallet(
    run: Run, wallet: WalletSettings, stored: _Stored, reader: FineractReader
) -> list[DayProof]:
    subs = _sub_accounts(stored)
    main = _main_sub_account(wallet.sub_account, subs, stored.lines)
    since = max(stored.first, str(wallet.live_from))
    theirs = FineractSide(None)
    if since <= stored.last:
        theirs = reader.read(wallet, since, stored.last, stored.ours)
    two_ways = _two_ways(run, wallet, stored, theirs, main, since)
    proofs: list[DayProof] = []
    for sub in subs:
        carries = (two_ways, theirs.why_not) if sub == main else ({}, "")
        made = _of_sub_account(wallet, stored, sub, *carries)
        proofs.extend(proof for proof in made if stored.first <= proof.day <= stored.last)
    proofs = _with_overrides(run, stored.wallet_id, proofs)
    return sorted(proofs, key=lambda proof: (proof.day, proof.sub_account))


def _sub_accounts(stored: _Stored) -> list[str]:
    return sorted({*stored.lines["sub_account"], *(each.sub_account for each in stored.periods)})


def _of_sub_account(
    wallet: WalletSettings, stored: _Stored, sub: str, two_ways: Mapping[str, TwoWay], why_not: str
) -> list[DayProof]:
    facts = WalletFacts(
        wallet.name, wallet.currency, wallet.zone, wallet.sub_account, str(wallet.live_from)
    )
    lines = stored.lines[stored.lines["sub_account"] == sub].reset_index(drop=True)
    return prove_sub_account(facts, sub, lines, stored.periods, two_ways, why_not)


def _with_overrides(run: Run, wallet_id: int, proofs: Sequence[DayProof]) -> list[DayProof]:
    """Contradicted days that two people let go say so."""
    if all(proof.proof is not ProofState.CONTRADICTED for proof in proofs):
        return list(proofs)
    with journalled(run), reading(run.engine) as connection:
        signed = {
            found.day: found
            for found in verified_overrides(connection, run)
            if store.wallet_ids(connection).get(found.wallet) == wallet_id
        }
    return [_with_override(proof, signed.get(proof.day)) for proof in proofs]


def _with_override(proof: DayProof, signed: Override | None) -> DayProof:
    if signed is None or proof.proof is not ProofState.CONTRADICTED:
        return proof
    failed = Contradiction(proof=failed_checks(proof))
    if not failed.within(signed.contradiction):
        return proof
    told: dict[str, str | int] = {
        "batch_id": signed.batch_id, "people": " and ".join(signed.signed_by),
    }  # fmt: skip
    return replace(proof, listed=(*proof.listed, Listed("override_signed", 1, 0, (), told)))


def failed_checks(proof: DayProof) -> tuple[FailedDay, ...]:
    """By what a day's own evidence fails."""
    return tuple(
        FailedDay(proof.sub_account, found.code, found.amount_minor)
        for found in proof.differences
        if found.code in CONTRADICTIONS
    )


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
