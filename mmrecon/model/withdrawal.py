"""A wrong file that got in: what two people sign before nothing of it counts any more.

Row of a `corrections` batch with the act `withdraw_file`: `sha256`, `file`, `reason`, `wallets`
([{wallet, name, currency, lines, in_minor, out_minor, stay, first_day, last_day}]), `lines_digest`
(of the source keys of the lines that leave), `postings` and `links` ([[batch_id, row]]) that end
with them, `read_again` ([sha256] of the other files that show its lines).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Final

from mmrecon.model.approval import CanonicalRow

WITHDRAW_FILE: Final = "withdraw_file"


@dataclass(frozen=True, slots=True)
class WalletPart:
    """What the file is to one wallet: `lines` leave, `stay` are shown by another file too.

    Days are ISO dates in the wallet's zone, of everything that the file covers.
    """

    wallet: tuple[str, str]
    name: str
    currency: str
    lines: int
    in_minor: int
    out_minor: int
    stay: int
    first_day: str
    last_day: str


@dataclass(frozen=True, slots=True)
class Blocking:
    """A posting of a line that would leave, which has to be taken back first."""

    receipt: str
    state: str


@dataclass(frozen=True, slots=True)
class Withdrawal:
    """What withdrawing a file does, as the store stands.

    `postings` are approved and not sent, `links` speak of money in Fineract: both end with their
    lines. `blocking` and `waiting` (batches that wait for a second person) are ended first by
    people. `workbook_rows` were shown in the newest workbook and ask nobody any more.
    """

    sha256: str
    file: str
    wallets: tuple[WalletPart, ...]
    lines_digest: str
    postings: tuple[tuple[str, int], ...]
    links: tuple[tuple[str, int], ...]
    read_again: tuple[tuple[str, str], ...]
    blocking: tuple[Blocking, ...]
    waiting: tuple[str, ...]
    workbook_rows: int

    @property
    def possible(self) -> bool:
        """Whether nothing has to be ended first."""
        return not (self.blocking or self.waiting)

    def row(self, reason: str) -> CanonicalRow:
        """What two people sign."""
        return {
            "act": WITHDRAW_FILE,
            "sha256": self.sha256,
            "file": self.file,
            "reason": reason,
            "wallets": [asdict(part) | {"wallet": list(part.wallet)} for part in self.wallets],
            "lines_digest": self.lines_digest,
            "postings": [list(place) for place in self.postings],
            "links": [list(place) for place in self.links],
            "read_again": sorted({sha256 for sha256, _ in self.read_again}),
        }


def withdrawn_files(rows: Sequence[CanonicalRow]) -> list[CanonicalRow]:
    """The rows of a batch that withdraw a file."""
    return [row for row in rows if row.get("act") == WITHDRAW_FILE]


def parts_of(row: Mapping[str, Any]) -> list[WalletPart]:
    """What a signed row says of each wallet."""
    return [WalletPart(**{**part, "wallet": tuple(part["wallet"])}) for part in row["wallets"]]
