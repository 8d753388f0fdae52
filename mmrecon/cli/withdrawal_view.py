"""What withdrawing a file does, as a person reads it before signing."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Any, Final

from mmrecon.model.approval import CanonicalRow
from mmrecon.model.money import to_text
from mmrecon.model.withdrawal import WalletPart, Withdrawal, parts_of
from mmrecon.model.words import counted

if TYPE_CHECKING:
    from mmrecon.pipeline.proving import Proved

_SHOWN: Final = 10


def withdrawal_json(found: Withdrawal, reason: str, batch_id: str) -> dict[str, Any]:
    """What is signed, what has to be ended first, and in which batch it waits."""
    return {
        "withdrawal": dict(found.row(reason)),
        "possible": found.possible,
        "postings_first": [asdict(one) for one in found.blocking],
        "batches_first": list(found.waiting),
        "workbook_rows": found.workbook_rows,
        "batch_id": batch_id,
    }


def withdrawal_shown(found: Withdrawal) -> list[Any]:
    """The same in sentences."""
    told = [f"{found.file} ({found.sha256[:12]}) would count no longer:"]
    told += [f"  {text}" for part in found.wallets for text in _of_wallet(part)]
    told += [
        f"  {name} ({sha256[:12]}) is read once more: what stays says only what it says."
        for sha256, name in dict.fromkeys(found.read_again)
    ]
    if found.postings:
        told.append(f"  {counted(len(found.postings), 'approved posting')} would not be sent.")
    if found.links:
        told.append(
            f"  What says that money of its lines stands elsewhere ({len(found.links):,}) would "
            "end; in Fineract nothing changes."
        )
    if found.workbook_rows:
        told.append(
            f"  {counted(found.workbook_rows, 'row')} of the newest workbook would ask nobody."
        )
    return [*told, *_first(found)]


def withdrawal_lines(number: int, row: CanonicalRow) -> list[str]:
    """A signed row, for the person who decides on it."""
    told = [f"{number}. withdraw the file {row['file']} ({str(row['sha256'])[:12]}):"]
    told += [f"   {text}" for part in parts_of(row) for text in _of_wallet(part)]
    for name, words in (
        ("postings", "approved and not sent, end with it"),
        ("links", "of links and closings end with it"),
        ("read_again", "of the files beside it are read once more"),
    ):
        listed = row[name]
        if isinstance(listed, list) and listed:
            told.append(f"   {len(listed):,} {words}")
    return [*told, f"   reason: {row['reason']}"]


def withdrawn_shown(rows: Sequence[CanonicalRow], proved: Sequence[Proved]) -> list[str]:
    """After the approval: what left, and the proof of its days."""
    told = []
    for row in rows:
        lines = sum(part.lines for part in parts_of(row))
        told.append(
            f"{row['file']} counts no longer; {counted(lines, 'line')} left with it. The archive "
            "keeps its bytes; handed in again, it is read again."
        )
    days = [proof for one in proved for proof in one.proofs]
    told += [f"  {proof.wallet}, {proof.day}: {proof.light.value}" for proof in days[:_SHOWN]]
    if len(days) > _SHOWN:
        told.append(f"  and {len(days) - _SHOWN} more days: `mmrecon prove` shows them")
    return [*told, "Next: `mmrecon match` and `mmrecon workbook`."]


def _of_wallet(part: WalletPart) -> Iterator[str]:
    moved = (
        f"{to_text(part.in_minor, part.currency)} in, {to_text(part.out_minor, part.currency)} out"
    )
    days = part.first_day if part.first_day == part.last_day else (
        f"{part.first_day} to {part.last_day}"
    )  # fmt: skip
    yield f"{part.name}, {days}: {counted(part.lines, 'line')} that only it shows would leave"
    if part.lines:
        yield f"  ({moved})"
    if part.stay:
        yield f"  {counted(part.stay, 'line')} that other files show too would stay"


def _first(found: Withdrawal) -> Iterator[str]:
    """What people end before."""
    if not found.possible:
        yield "Not yet. First:"
    for one in found.blocking[:_SHOWN]:
        yield f"  {one.receipt} is {one.state}: mmrecon undo {one.receipt} --reason TEXT"
    if len(found.blocking) > _SHOWN:
        yield f"  and {len(found.blocking) - _SHOWN:,} more"
    if found.blocking:
        yield (
            f"  All at once: mmrecon undo --file {found.sha256[:12]} --reason TEXT; another "
            "person approves it, and `mmrecon post` does it."
        )
    for batch_id in found.waiting:
        yield f"  Batch {batch_id} speaks of its lines: approve or reject it."
