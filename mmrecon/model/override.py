"""What stands against a wallet-day, and the two signatures that let it be sent all the same.

Row of a `corrections` batch with the act `send_contradicted_day`: `wallet` [provider, account],
`currency`, `day`, `reason`, `statements` ([{sha256, member, name, checks: [[check, sentence]]}])
and `proof` ([{sub_account, code, amount_minor}]).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from mmrecon.model.approval import CanonicalRow

SEND_CONTRADICTED_DAY: Final = "send_contradicted_day"


@dataclass(frozen=True, slots=True, order=True)
class FailedCheck:
    """One check of one statement that failed, with what it says; two are one by file and check."""

    sha256: str
    member: str
    check: str
    name: str
    sentence: str

    @property
    def key(self) -> tuple[str, str, str]:
        """The file and what failed in it."""
        return self.sha256, self.member, self.check


@dataclass(frozen=True, slots=True, order=True)
class FailedDay:
    """One thing that the proof of a sub-account's day finds against the statements."""

    sub_account: str
    code: str
    amount_minor: int


@dataclass(frozen=True, slots=True)
class Contradiction:
    """Everything that stands against one wallet-day."""

    statements: tuple[FailedCheck, ...] = ()
    proof: tuple[FailedDay, ...] = ()

    def within(self, signed: Contradiction) -> bool:
        """Whether nothing stands here that does not stand in what people signed."""
        keys = {found.key for found in signed.statements}
        return {found.key for found in self.statements} <= keys and set(self.proof) <= set(
            signed.proof
        )

    def with_proof(self, found: Sequence[FailedDay]) -> Contradiction:
        """This, and what a proof finds besides."""
        return Contradiction(self.statements, tuple(sorted({*self.proof, *found})))


@dataclass(frozen=True, slots=True)
class Override:
    """A contradicted wallet-day that two people signed, as the store's own rows say."""

    batch_id: str
    wallet: tuple[str, str]
    day: str
    contradiction: Contradiction
    reason: str
    signed_by: tuple[str, ...]


def override_row(
    wallet: tuple[str, str], currency: str, day: str, contradiction: Contradiction, reason: str
) -> CanonicalRow:
    """What two people sign of a contradicted day."""
    files = dict.fromkeys((f.sha256, f.member, f.name) for f in contradiction.statements)
    return {
        "act": SEND_CONTRADICTED_DAY,
        "wallet": list(wallet),
        "currency": currency,
        "day": day,
        "reason": reason,
        "statements": [
            {
                "sha256": sha256, "member": member, "name": name,
                "checks": [
                    [found.check, found.sentence]
                    for found in contradiction.statements
                    if (found.sha256, found.member) == (sha256, member)
                ],
            }
            for sha256, member, name in files
        ],
        "proof": [
            {"sub_account": f.sub_account, "code": f.code, "amount_minor": f.amount_minor}
            for f in contradiction.proof
        ],
    }  # fmt: skip


def contradiction_of(row: Mapping[str, Any]) -> Contradiction:
    """What stood against the day when the row was signed."""
    statements = [
        FailedCheck(told["sha256"], told["member"], check, told["name"], sentence)
        for told in row["statements"]
        for check, sentence in told["checks"]
    ]
    return Contradiction(tuple(statements), tuple(FailedDay(**told) for told in row["proof"]))
