"""The ledger snapshot as arrays and registers: every number, id and phone that names somebody.

An owner is a client's row; accounts of groups, and group codes, are owners of their own, so that
nothing that names a group is ever taken for a client.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from typing import Final

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from mmrecon.matching.keys import Flags, Keys, KeySpace, Places, as_arrow, flags
from mmrecon.matching.lookup import Lookup, codes_of_values
from mmrecon.matching.names import Vocabulary
from mmrecon.matching.phones import canonical, hashes
from mmrecon.matching.references import register_key, without_zeros
from mmrecon.matching.vetoes import BIT
from mmrecon.model.account import LedgerSnapshot

SAVINGS_NO: Final = 1
LOAN_NO: Final = 2
SAVINGS_EXTERNAL: Final = 4
LOAN_EXTERNAL: Final = 8
CLIENT_NO: Final = 16
CLIENT_EXTERNAL: Final = 32
NATIONAL_ID: Final = 64
GROUP_CODE: Final = 128
ANY_REGISTER: Final = 255
OF_ACCOUNT: Final = SAVINGS_NO | LOAN_NO | SAVINGS_EXTERNAL | LOAN_EXTERNAL
OF_CLIENT: Final = CLIENT_NO | CLIENT_EXTERNAL | NATIONAL_ID

LOAN: Final = 1
NOT_KNOWN: Final = -1
"""An amount that the snapshot does not say."""

_CLOSED: Final = frozenset(
    {"closed", "rejected", "withdrawn_by_applicant", "withdrawn_by_client", "pre_mature_closure",
     "closed_obligations_met", "closed_written_off", "closed_reschedule_outstanding_amount"}
)  # fmt: skip


@dataclass(frozen=True)
class AccountTable:
    """Accounts as arrays, one element for each row of the snapshot's account frame."""

    count: int
    kind: Places
    account_id: Keys
    client_id: Keys
    owner: Places
    number: pa.StringArray
    product: Places
    product_codes: pd.Index
    currency: Places
    currencies: pd.Index
    credit_veto: Keys
    outstanding: Keys
    overdue: Keys
    due: Keys
    balance: Keys
    approved: Flags

    def currency_code(self, currency: str) -> int:
        """The number of a currency in `currency`; -1 where no account has it."""
        return int(self.currencies.get_indexer(pd.Index([currency]))[0])

    def open_in(self, currency: str) -> Flags:
        """Which accounts take money in a currency."""
        wanted = self.currency_code(currency)
        result: Flags = (self.credit_veto == 0) & (self.currency == wanted)
        return result


@dataclass
class LedgerIndex:
    """A snapshot with its registers; built once for each run."""

    snapshot: LedgerSnapshot
    accounts: AccountTable = field(init=False)
    clients: int = field(init=False)

    def __post_init__(self) -> None:
        """Everything that every line needs."""
        self.clients = len(self.snapshot.clients)
        self._client_ids = self.snapshot.clients["client_id"].to_numpy()
        self.accounts = _account_table(self.snapshot.accounts, self._client_ids)
        self._phones: dict[str, Lookup] = {}
        texts, self._owners, self._accounts, self._bits = self._registers()
        self._texts = texts
        self.space = KeySpace(texts)
        self.registers = Lookup.build(
            self.space.register_keys, self._owners, self._accounts, self._bits
        )

    @cached_property
    def stripped(self) -> Lookup:
        """The registers without leading zeros."""
        keys = self.space.register_keys.copy()
        zeros = np.flatnonzero(flags(pc.starts_with(self._texts, "0")))
        texts = self._texts.take(pa.array(zeros))
        numbers = flags(pc.ascii_is_decimal(texts))
        keys[zeros[numbers]] = self.space.encode(without_zeros(texts.filter(pa.array(numbers))))
        return Lookup.build(keys, self._owners, self._accounts, self._bits)

    @cached_property
    def names(self) -> Vocabulary:
        """The words of the clients' names."""
        return Vocabulary(as_arrow(self.snapshot.clients["client_name"]))

    @cached_property
    def of_owner(self) -> tuple[Places, Places]:
        """Account rows sorted by owner, and where each owner's begin."""
        owners = self.accounts.owner
        order = np.lexsort((self.accounts.account_id, self.accounts.kind, owners))
        limit = int(owners.max(initial=0)) + self.clients + 2
        return order, np.searchsorted(owners[order], np.arange(limit))

    def accounts_of(self, owners: Places) -> tuple[Places, Places]:
        """For owners: index into `owners`, and row of each of their accounts."""
        order, starts = self.of_owner
        counts = starts[owners + 1] - starts[owners]
        which = np.repeat(np.arange(len(owners)), counts)
        inside = np.arange(len(which)) - np.repeat(np.cumsum(counts) - counts, counts)
        return which, order[np.repeat(starts[owners], counts) + inside]

    def phones(self, country: str) -> Lookup:
        """Who has which phone, in canonical form."""
        if country not in self._phones:
            clients = self.snapshot.clients
            owners, texts = _values(
                (clients["mobile_no"], clients["other_phones"]), separators=r"[;/,]"
            )
            keys = canonical(texts, country)
            zeros = np.zeros(len(keys), dtype=np.int64)
            self._phones[country] = Lookup.build(keys, owners, zeros, zeros)
        return self._phones[country]

    def hashed_phones(self, country: str) -> dict[str, int]:
        """Hash of each of our own clients' phones to the phone."""
        phones = self.phones(country).keys
        return dict(zip(hashes(phones), phones.tolist(), strict=True))

    def client_id_of(self, owners: Places) -> Keys:
        """The client's id of each owner; NOT_KNOWN for groups and for no owner."""
        is_client = (owners >= 0) & (owners < self.clients)
        if not self.clients:
            return np.full(len(owners), NOT_KNOWN, dtype=np.int64)
        return np.where(is_client, self._client_ids[np.where(is_client, owners, 0)], NOT_KNOWN)

    def owner_of_client(self, client_id: int) -> int:
        """The owner that a client's id stands for; -1 where the snapshot has no such client."""
        return int(self._clients_by_id.get_indexer(pd.Index([client_id]))[0])

    @cached_property
    def _clients_by_id(self) -> pd.Index:
        by_id: pd.Index = pd.Index(self._client_ids)
        return by_id

    def client_number_of(self, owners: Places) -> pa.StringArray:
        """The client's number of each owner; empty for groups and for no owner."""
        numbers = as_arrow(self.snapshot.clients["client_account_no"])
        is_client = (owners >= 0) & (owners < self.clients)
        places = pa.array(np.where(is_client, owners, 0), mask=~is_client)
        return pc.fill_null(numbers.take(places), "")

    @cached_property
    def client_active(self) -> Flags:
        """Which clients are active."""
        active: Flags = (self.snapshot.clients["client_status"] == "active").to_numpy(dtype=bool)
        return active

    def _registers(self) -> tuple[pa.StringArray, Places, Places, Places]:
        parts = list(self._register_parts())
        texts = register_key(as_arrow(pa.chunked_array([part[0] for part in parts])))
        owners, accounts = (np.concatenate([part[at] for part in parts]) for at in (1, 2))
        bits = np.concatenate([np.full(len(part[0]), part[3], dtype=np.int64) for part in parts])
        return texts, owners, accounts, bits

    def _register_parts(self) -> Iterator[tuple[pa.StringArray, Places, Places, int]]:
        table, frame, clients = self.accounts, self.snapshot.accounts, self.snapshot.clients
        for column, savings, loan in (
            ("account_no", SAVINGS_NO, LOAN_NO),
            ("account_external_id", SAVINGS_EXTERNAL, LOAN_EXTERNAL),
        ):
            texts = as_arrow(frame[column])
            for kind, bit in ((0, savings), (LOAN, loan)):
                rows = np.flatnonzero(table.kind == kind)
                yield texts.take(pa.array(rows)), table.owner[rows], rows, bit
        everyone = np.arange(self.clients)
        for column, bit in (
            ("client_account_no", CLIENT_NO),
            ("client_external_id", CLIENT_EXTERNAL),
        ):
            yield as_arrow(clients[column]), everyone, np.full(self.clients, -1), bit
        owners, texts = _values((clients["national_ids"],), separators=";")
        yield texts, owners, np.full(len(owners), -1), NATIONAL_ID
        _, texts = _values((clients["group_code"],), separators=";")
        groups = pc.unique(texts)
        first = self.clients + table.count
        yield groups, first + np.arange(len(groups)), np.full(len(groups), -1), GROUP_CODE


def _values(columns: tuple[pd.Series, ...], *, separators: str) -> tuple[Places, pa.StringArray]:
    """The single values of cells that may hold several, and the row of each."""
    owners, texts = [], []
    for column in columns:
        cells = as_arrow(column)
        filled = np.flatnonzero(pc.not_equal(cells, "").to_numpy(zero_copy_only=False))
        pieces = pc.split_pattern_regex(cells.take(pa.array(filled)), separators)
        owners.append(filled[pc.list_parent_indices(pieces).to_numpy(zero_copy_only=False)])
        texts.append(pc.utf8_trim_whitespace(pc.list_flatten(pieces)))
    return np.concatenate(owners), as_arrow(pa.chunked_array(texts, type=pa.string()))


def _account_table(frame: pd.DataFrame, client_ids: Keys) -> AccountTable:
    clients = pd.Index(client_ids)
    own_client = frame["client_id"].fillna(NOT_KNOWN).to_numpy(dtype=np.int64)
    owner = clients.get_indexer(pd.Index(own_client))
    count = len(frame)
    owner = np.where(owner >= 0, owner, len(client_ids) + np.arange(count)).astype(np.int64)
    product, product_codes = pd.factorize(register_key(as_arrow(frame["product_code"])).to_pandas())
    currency, currencies = pd.factorize(frame["currency"])
    return AccountTable(
        count,
        np.where(frame["account_kind"] == "loan", np.int64(LOAN), np.int64(0)),
        frame["account_id"].to_numpy(),
        own_client,
        owner,
        as_arrow(frame["account_no"]),
        np.asarray(product, dtype=np.int64),
        pd.Index(product_codes),
        np.asarray(currency, dtype=np.int64),
        pd.Index(currencies),
        _credit_vetoes(frame),
        _amount(frame["outstanding_minor"]),
        _amount(frame["overdue_minor"]),
        np.maximum(_amount(frame["due_now_minor"]), _amount(frame["overdue_minor"])),
        _amount(frame["balance_minor"]),
        (frame["account_status"] == "approved").to_numpy(dtype=bool),
    )


def _amount(column: pd.Series) -> Keys:
    return column.fillna(NOT_KNOWN).to_numpy(dtype=np.int64)


def _credit_vetoes(frame: pd.DataFrame) -> Keys:
    """For each account the vetoes against a deposit or a repayment; one look-up per status."""
    facts = frame[["account_kind", "account_status", "account_sub_status"]]
    code = np.zeros(len(facts), dtype=np.int64)
    for name in facts.columns:
        codes, words = pd.factorize(facts[name])
        code = code * len(words) + codes
    _, places = codes_of_values(code)
    first = facts.iloc[np.unique(places, return_index=True)[1]]
    vetoes = [_credit_veto(*row) for row in first.itertuples(index=False, name=None)]
    return np.array(vetoes, dtype=np.int64)[places]


def _credit_veto(kind: str, status: str, sub_status: str) -> int:
    if status in _CLOSED:
        return BIT["account_closed"]
    if status == "overpaid" and kind == "loan":
        return BIT["overpayment"]
    if status != "active":
        return BIT["account_wrong_state"]
    if sub_status in ("", "inactive", "block_debit"):
        return 0
    return BIT["account_dormant" if sub_status == "dormant" else "account_blocked"]
