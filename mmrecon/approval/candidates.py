"""The candidates of a row side by side: who, which account, what is due, what speaks for it."""

from __future__ import annotations

import json
from collections.abc import Hashable, Iterator, Mapping
from typing import Any, Final

import pandas as pd

from mmrecon.approval.wording import sentence
from mmrecon.model.money import to_text

SHOWN_CANDIDATES: Final = 3
_ACCOUNT: Final = ["account_kind", "account_id"]
_AMOUNTS: Final = (
    ("due", "due_now_minor"),
    ("outstanding", "outstanding_minor"),
    ("balance", "balance_minor"),
)


def candidate_texts(
    candidates_json: pd.Series,
    currencies: pd.Series,
    accounts: pd.DataFrame,
    clients: pd.DataFrame,
) -> list[pd.Series]:
    """The first three candidates of each row, best first; empty where a row has fewer.

    `currencies` are the rows' own. An account in another one takes none of the money: it stands
    behind all others.
    """
    shown = _standing(candidates_json, currencies, accounts)
    names = clients.set_index("client_id")["client_name"]
    shown["client_name"] = shown["client_id"].map(names).astype("str").fillna("")
    shown["text"] = [_text(candidate) for candidate in shown.to_dict("records")]
    return [
        shown[shown["rank"] == rank]
        .set_index("position")["text"]
        .reindex(candidates_json.index)
        .astype("str")
        .fillna("")
        for rank in range(SHOWN_CANDIDATES)
    ]


_COLUMNS: Final = ["position", *_ACCOUNT, "account_no", "client_id", "for", "against"]


def _standing(
    candidates_json: pd.Series, currencies: pd.Series, accounts: pd.DataFrame
) -> pd.DataFrame:
    """Candidates that are shown, with `rank` and what their accounts have now."""
    found = pd.DataFrame(_flat(candidates_json), columns=_COLUMNS)
    found = found.astype({"account_id": "Int64", "client_id": "Int64"})
    columns = [
        *_ACCOUNT, "product_name", "account_status", "currency", *(name for _, name in _AMOUNTS),
    ]  # fmt: skip
    found = found.merge(accounts[columns].astype({"account_id": "Int64"}), on=_ACCOUNT, how="left")
    wanted = found["position"].map(currencies)
    found["is_foreign"] = found["currency"].notna() & (found["currency"] != wanted)
    found = found.sort_values(["position", "is_foreign"], kind="stable", ignore_index=True)
    found["rank"] = found.groupby("position").cumcount()
    return found[found["rank"] < SHOWN_CANDIDATES].copy()


def _flat(candidates_json: pd.Series) -> list[tuple[Any, ...]]:
    return [
        (position, *(candidate[name] for name in _COLUMNS[1:]))
        for position, candidates in _parsed(candidates_json)
        for candidate in candidates
    ]


def _parsed(candidates_json: pd.Series) -> Iterator[tuple[Any, list[dict[str, Any]]]]:
    given = candidates_json[~candidates_json.isin(["", "[]"])]
    return zip(given.index, json.loads("[" + ",".join(given) + "]"), strict=True)


def _text(candidate: Mapping[Hashable, Any]) -> str:
    """One candidate over a few lines: account and client, product and own money, for, against."""
    amounts = [
        f"{label} {to_text(int(candidate[name]), candidate['currency'])}"
        for label, name in _AMOUNTS
        if not pd.isna(candidate[name])
    ]
    known = candidate["product_name"]
    facts = [known, candidate["account_status"], *amounts] if isinstance(known, str) else []
    name = f"{candidate['account_kind']}:{candidate['account_no']}  {candidate['client_name']}"
    lines = [name.strip(), ", ".join(fact for fact in facts if fact)]
    if candidate["is_foreign"]:
        lines.append(f"in {candidate['currency']}: cannot be chosen")
    for sign in ("for", "against"):
        spoken = "; ".join(sentence(code, {}) for code in candidate[sign])
        lines.append(f"{sign}: {spoken}" if spoken else "")
    return "\n".join(line for line in lines if line)
