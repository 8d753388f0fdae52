"""One file member from bytes to classed, proved lines. Bad data is a value, never an exception."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

import numpy as np
import pandas as pd

from mmrecon.config import ReadingLimits, WalletSettings
from mmrecon.errors import Defect
from mmrecon.model.issue import Issue
from mmrecon.model.line import (
    LineClass,
    Proof,
    ProofState,
    ReadLineFrame,
    RefusedRowFrame,
    StatementHeader,
)
from mmrecon.model.money import digits_of
from mmrecon.statements.broken_chain import ChainFault
from mmrecon.statements.dates_by_chain import typed_by_chain
from mmrecon.statements.excel_damage import without_damage
from mmrecon.statements.facts import HeaderFacts, header_facts, name_facts
from mmrecon.statements.layout import DateFormat, Layout
from mmrecon.statements.lines import Setting, lines_of, refused_rows
from mmrecon.statements.moments import Evidence, Int64s, to_utc_s
from mmrecon.statements.money_marks import with_declared_marks
from mmrecon.statements.opening import Opening
from mmrecon.statements.own_accounts import own_accounts
from mmrecon.statements.period import odd_moments
from mmrecon.statements.plausible import cut_off_at, receipts_of_other_days
from mmrecon.statements.prove import FAILED, NOT_THERE
from mmrecon.statements.refusal import NotReadableError
from mmrecon.statements.rows import DataRows, data_rows
from mmrecon.statements.sections import prove_sections, stated_by
from mmrecon.statements.surplus import with_surplus_joined
from mmrecon.statements.swapped_dates import with_days_unswapped
from mmrecon.statements.table import RawTable
from mmrecon.statements.tables import table_of
from mmrecon.statements.typed import TypedRows, type_rows
from mmrecon.statements.whose import Owner, currency_of, owner, zone_of

OutcomeWord = Literal["read", "partial", "quarantined", "refused"]
_SHOWN_ROWS = 20
_SHOWN_FAULTS = 10
_NO_OTHERS = ReadingLimits()
_EVIDENCE = {"name": "the file's name", "given": "its folder or --wallet"}


@dataclass(frozen=True)
class Reading:
    """What one file member is. `header` is None for a file that was not read.

    `in_minor` and `out_minor` sum the printed amounts of final rows, refused ones included where
    they could be read; `fees_minor` is what fee columns took. `data_rows` = rows of `lines` +
    `refused`; `skipped` counts what is no data row, by reason.
    """

    name: str
    outcome: OutcomeWord
    reason: str = ""
    header: StatementHeader | None = None
    wallet: WalletSettings | None = None
    owner_evidence: str = ""
    zone: str = ""
    data_rows: int = 0
    in_minor: int = 0
    out_minor: int = 0
    fees_minor: int = 0
    lines: pd.DataFrame = field(default_factory=ReadLineFrame.empty)
    refused: pd.DataFrame = field(default_factory=RefusedRowFrame.empty)
    skipped: Mapping[str, int] = field(default_factory=dict)
    proof: Proof | None = None
    issues: tuple[Issue, ...] = ()

    def classes(self) -> dict[str, dict[str, int]]:
        """Lines, money in and money out by class, for the classes that occur."""
        return class_totals(self.lines)


def class_totals(lines: pd.DataFrame) -> dict[str, dict[str, int]]:
    """Lines, money in and money out by class."""
    paid_in = lines["amount_minor"].where(lines["sign"] > 0, 0)
    paid_out = lines["amount_minor"].where(lines["sign"] < 0, 0)
    sums = (
        pd.DataFrame({"lines": 1, "in_minor": paid_in, "out_minor": paid_out})
        .groupby(lines["line_class"].to_numpy())
        .sum()
    )
    return {
        str(name): {str(key): int(value) for key, value in row.items()}
        for name, row in sums.iterrows()
    }


def read_member(
    content: bytes,
    name: str,
    layouts: Sequence[Layout],
    wallets: Sequence[WalletSettings] = (),
    wallet_name: str = "",
    limits: ReadingLimits = _NO_OTHERS,
    passwords: tuple[str, ...] = (),
) -> Reading:
    """Read one file; `wallet_name` is the wallet of its folder or of `--wallet`.

    Without `wallets` there is no configuration, and no wallet is wrong.
    """
    try:
        table = table_of(content, layouts, Opening(limits, passwords))
        return _read(table, name, wallets, wallet_name)
    except NotReadableError as refusal:
        issue = Issue(refusal.code, file=name, wallet=wallet_name, arguments=refusal.arguments)
        return Reading(name, refusal.verdict, refusal.code, issues=(issue,))


@dataclass(frozen=True)
class _Work:
    """What is known of a file once its wallet, currency and zone are."""

    name: str
    layout: Layout
    data: DataRows
    sections: tuple[HeaderFacts, ...]
    named: HeaderFacts
    owner: Owner
    setting: Setting
    issues: list[Issue]

    def issue(self, code: str, **arguments: str | int) -> None:
        """Note something about the whole file."""
        wallet = "" if self.owner.wallet is None else self.owner.wallet.name
        self.issues.append(Issue(code, file=self.name, wallet=wallet, arguments=arguments))


def _read(
    table: RawTable, name: str, wallets: Sequence[WalletSettings], wallet_name: str
) -> Reading:
    if table.layout.refuse:
        raise NotReadableError(table.layout.refuse, verdict="refused", layout=table.layout.title)
    table = with_surplus_joined(table)
    work = _prepared(table, name, wallets, wallet_name)
    for code, arguments in work.data.table.notices:
        work.issue(code, **arguments)
    typed = _typed(work)
    _note_columns(work, typed)
    if len(typed.rows) and not typed.completed.valid.any():
        raise NotReadableError("dates_unreadable", layout=table.layout.name)
    if typed.completed.decided_by_evidence:
        work.issue("dates_decided")
    found = len(typed.rows) + len(work.data.ragged) + work.data.left_out
    if not found and "opening" not in work.sections[0].texts:
        raise NotReadableError("no_rows", layout=table.layout.name)
    return _reading(work, typed)


def _typed(work: _Work) -> TypedRows:
    """The rows typed; where nothing else tells day and month apart, the balances may."""
    evidence, setting, account = _evidence(work), work.setting, work.owner.account

    def type_with(layout: Layout) -> TypedRows:
        data = replace(work.data, table=replace(work.data.table, layout=layout))
        return type_rows(data, setting.currency, setting.zone, evidence, account)

    try:
        return type_with(work.layout)
    except NotReadableError as refusal:
        if refusal.code != "dates_ambiguous" or not work.layout.chain:
            raise
        typed = typed_by_chain(type_with, work.layout, setting.currency)
        if typed is None:
            raise
        work.issue("dates_decided")
        return typed


def _note_columns(work: _Work, typed: TypedRows) -> None:
    """Say what cannot be known because a column was not exported."""
    if len(typed.rows) and not work.data.has("receipt"):
        work.issue("receipts_not_there", column=work.layout.name_of("receipt"))
    if not typed.finality_known:
        work.issue("status_not_there", column=work.layout.name_of("status"))


def _prepared(
    table: RawTable, name: str, wallets: Sequence[WalletSettings], wallet_name: str
) -> _Work:
    layout = table.layout
    data = without_damage(data_rows(table))
    sections = tuple(header_facts(section.preamble, layout) for section in data.sections)
    named = name_facts(name, layout)
    inside = [*sections, *(HeaderFacts({"account": each}) for each in _printed(data, "account"))]
    whose = owner(inside, named, layout, wallets, wallet_name)
    currencies = [facts.texts.get("currency", "") for facts in sections]
    printed = [*currencies, *_printed(data, "currency")]
    currency, assumed = currency_of(printed, layout, whose.wallet)
    zone = zone_of(layout, whose.wallet, currency)
    sub_account = sections[0].texts.get("sub_account") or named.texts.get("sub_account", "")
    if not sub_account and whose.wallet is not None:
        sub_account = whose.wallet.sub_account
    wallet_zone = whose.wallet.zone if whose.wallet else zone
    own = frozenset(own_accounts(whose.wallet, wallets))
    digits = digits_of(currency)
    setting = Setting(sub_account, currency, digits, zone, wallet_zone, table.sheet, own)
    data = with_declared_marks(data, setting.digits)
    sections = tuple(header_facts(section.preamble, layout) for section in data.sections)
    work = _Work(name, layout, data, sections, named, whose, setting, [])
    work = replace(work, data=with_days_unswapped(data, layout.dates, _evidence(work)))
    if assumed:
        work.issue("currency_assumed", currency=currency)
    return work


def _printed(data: DataRows, field: str) -> list[str]:
    """The distinct filled cells of the columns of a field."""
    places = [data.position(col) for col in data.table.layout.text_columns if col.field == field]
    cells = [data.cells(place).unique().to_pylist() for place in places if place is not None]
    return [text for column in cells for cell in column if (text := cell.strip())]


def _evidence(work: _Work) -> list[Evidence]:
    """What tells day and month apart: the stated period, then the order of the rows."""
    facts = (work.sections[0], work.named)

    def inside_period(form: DateFormat, local_s: Int64s) -> bool:
        for fact in facts:
            begins = fact.moment_s("period_from", (form, *work.layout.dates))
            ends = fact.moment_s("period_to", (form, *work.layout.dates))
            if begins is not None and ends is not None:
                return bool((local_s >= begins - 59).all() and (local_s <= ends + 59).all())
        return True

    def in_order(_form: DateFormat, local_s: Int64s) -> bool:
        steps = np.diff(local_s)
        return bool((steps <= 0).all() or (steps >= 0).all())

    return [inside_period, in_order]


def _reading(work: _Work, typed: TypedRows) -> Reading:
    lines = lines_of(typed, work.layout, work.setting)
    refused = refused_rows(typed, work.data, work.setting)
    proof, faults = prove_sections(
        work.data, work.sections, work.layout, work.setting.currency, typed, work.setting.digits
    )
    counted = typed.final & typed.money_known
    ragged_money = refused.loc[refused["code"].isin(["row_short", "row_long"])]
    fees_minor = -sum(int(fee.moved_minor[~typed.refused].sum()) for fee in typed.fees)
    reading = Reading(
        name=work.name,
        outcome="read",
        header=_header(work, proof),
        wallet=work.owner.wallet,
        owner_evidence=work.owner.evidence,
        zone=work.setting.zone,
        data_rows=len(typed.rows) + len(work.data.ragged),
        in_minor=int(typed.in_minor[counted].sum() + ragged_money["in_minor"].fillna(0).sum()),
        out_minor=int(typed.out_minor[counted].sum() + ragged_money["out_minor"].fillna(0).sum()),
        fees_minor=fees_minor,
        lines=lines,
        refused=refused,
        skipped=dict(work.data.skipped),
        proof=proof,
    )
    _check_conservation(reading, typed)
    _note_issues(work, reading, proof)
    _note_chain(work, typed, faults)
    _note_odd_file(work, typed, reading)
    return with_outcome(replace(reading, issues=tuple(work.issues)))


def with_outcome(reading: Reading) -> Reading:
    """The reading with its outcome word and reason, from refused rows and proof."""
    proof = reading.proof
    if proof is None:
        return reading
    if len(reading.refused):
        return replace(reading, outcome="partial", reason="rows_refused")
    if proof.state is ProofState.CONTRADICTED:
        return replace(reading, outcome="partial", reason="proof_contradicted")
    if any(check[:2] == ("period", NOT_THERE) for check in proof.checks):
        return replace(reading, outcome="partial", reason="period_incomplete")
    return reading


def _header(work: _Work, proof: Proof) -> StatementHeader:
    layout, digits = work.layout, work.setting.digits
    stated = [stated_by(facts, layout, digits) for facts in (*work.sections, work.named)]
    begins = [one.period_from_s for one in stated if one.period_from_s is not None]
    ends = [one.period_to_s for one in stated if one.period_to_s is not None]
    reported = [one.reported_at_s for one in stated if one.reported_at_s is not None]
    alone = len(work.sections) == 1
    return StatementHeader(
        layout=work.layout.name,
        provider=_provider(work),
        account=work.owner.account,
        sub_account=work.setting.sub_account,
        currency=work.setting.currency,
        period_from_utc_s=_utc_s(min(begins, default=None), work.setting.zone),
        period_to_utc_s=_utc_s(max(ends, default=None), work.setting.zone),
        reported_at_utc_s=_utc_s(max(reported, default=None), work.setting.zone),
        opening_minor=proof.opening_minor,
        closing_minor=proof.closing_minor,
        total_in_minor=stated[0].total_in_minor if alone else None,
        total_out_minor=stated[0].total_out_minor if alone else None,
    )


def _provider(work: _Work) -> str:
    wallet = work.owner.wallet
    return work.layout.provider if wallet is None else wallet.provider


def _utc_s(local_s: int | None, zone: str) -> int | None:
    return None if local_s is None else int(to_utc_s(np.array([local_s]), zone)[0])


def _check_conservation(reading: Reading, typed: TypedRows) -> None:
    """Every data row is a line or a refused row, in count and money (DESIGN rule 1)."""
    fees = sum(int((fee.moved_minor[~typed.refused] != 0).sum()) for fee in typed.fees)
    lines, refused = reading.lines, reading.refused
    if len(lines) - fees + len(refused) != reading.data_rows:
        raise Defect("rows of a statement got lost between reading and classing")
    final = lines.loc[lines["line_class"] != LineClass.NON_FINAL.value]
    moved = int((final["sign"] * final["amount_minor"]).sum())
    counted = typed.final & typed.money_known & ~typed.refused
    if moved != int(typed.moved_minor[counted].sum()):
        raise Defect("money of a statement got lost between reading and classing")


def _note_issues(work: _Work, reading: Reading, proof: Proof) -> None:
    wallet = "" if work.owner.wallet is None else work.owner.wallet.name
    for row in reading.refused.head(_SHOWN_ROWS).to_dict("records"):
        arguments = {"field": str(row["field"]), "expected": str(row["expected"])}
        work.issues.append(
            Issue(row["code"], work.name, row["row"], row["receipt"], wallet, arguments)
        )
    if len(reading.refused) > _SHOWN_ROWS:
        work.issue("more_rows_refused", rows=len(reading.refused))
    for name, outcome, sentence in proof.checks:
        if outcome == FAILED:
            work.issue("proof_contradicted", check=name, sentence=sentence)
        elif outcome == NOT_THERE and name != "rows":
            work.issue("proof_open", check=name, sentence=sentence)
    if reading.header is not None:
        for code, lines in odd_moments(reading.lines, reading.header):
            work.issue(code, lines=lines)
    unknown = int((reading.lines["line_class"] == LineClass.UNKNOWN.value).sum())
    if unknown:
        work.issue("lines_unknown", lines=unknown)
    if work.owner.wallet is not None and work.owner.evidence != "inside":
        work.issue("wallet_assumed", evidence=_EVIDENCE[work.owner.evidence])


def _note_odd_file(work: _Work, typed: TypedRows, reading: Reading) -> None:
    """Receipts of other days, and a number of rows at which portals cut off."""
    wallet = "" if work.owner.wallet is None else work.owner.wallet.name
    odd = receipts_of_other_days(reading.lines, _provider(work))
    for row in odd.head(_SHOWN_FAULTS).to_dict("records"):
        arguments = {"encoded": row["encoded"], "printed": row["value_date"]}
        issue = Issue(
            "receipt_of_other_day", work.name, row["row"], row["receipt"], wallet, arguments
        )
        work.issues.append(issue)
    if len(odd) > _SHOWN_FAULTS:
        work.issue("more_receipts_of_other_days", rows=len(odd) - _SHOWN_FAULTS)
    limit = cut_off_at(reading.data_rows, int(typed.rows.max(initial=0)))
    if limit and reading.proof is not None and reading.proof.state is not ProofState.PROVED:
        work.issue("rows_at_limit", rows=limit)


def _note_chain(work: _Work, typed: TypedRows, faults: Sequence[ChainFault]) -> None:
    """What is wrong with the balance chain, row by row."""
    wallet = "" if work.owner.wallet is None else work.owner.wallet.name
    for fault in faults[:_SHOWN_FAULTS]:
        if fault.place is None:
            work.issue(fault.code, **fault.arguments)
            continue
        row = int(typed.rows[fault.place])
        receipt = str(fault.arguments["named"])
        work.issues.append(Issue(fault.code, work.name, row, receipt, wallet, fault.arguments))
    if len(faults) > _SHOWN_FAULTS:
        work.issue("more_chain_faults", places=len(faults) - _SHOWN_FAULTS)
