"""Money between two accounts of the institution is a transfer, whatever the portal calls it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

import pyarrow as pa
import pyarrow.compute as pc

from mmrecon.config import WalletSettings
from mmrecon.model.line import LineClass
from mmrecon.statements.cells import as_mask

_BETWEEN: Final = (LineClass.COLLECTION.value, LineClass.PAYOUT.value, LineClass.UNKNOWN.value)
_NATIONAL_DIGITS: Final = 9
"""A merchant account that is a telephone number is printed with its country or without."""


def own_accounts(wallet: WalletSettings | None, wallets: Sequence[WalletSettings]) -> set[str]:
    """The accounts of the institution but this wallet's own: configured, or wallets themselves."""
    if wallet is None:
        return set()
    others = {one.account for one in wallets if one.account != wallet.account}
    return {account for account in {*wallet.own_accounts, *others} if account}


def with_transfers(line_class: pa.Array, party: pa.Array, own: frozenset[str]) -> pa.Array:
    """The classes, where the party begins with an own account: a transfer."""
    if not own:
        return line_class
    numbers = "|".join(sorted(_pattern(account) for account in own))
    begins = rf"^(?:[A-Za-z]+:)?\s*(?:{numbers})(?:\W|$)"
    named = as_mask(pc.match_substring_regex(party, begins))
    if not named.any():
        return line_class
    between = named & as_mask(pc.is_in(line_class, pa.array(_BETWEEN)))
    return pc.if_else(pa.array(between), LineClass.TRANSFER.value, line_class)


def _pattern(account: str) -> str:
    if account.isdigit() and len(account) > _NATIONAL_DIGITS:
        return rf"\+?[0-9]{{0,3}}{account[-_NATIONAL_DIGITS:]}"
    return re.escape(account)
