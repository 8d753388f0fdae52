"""Days whose owners are known: four kinds of institution, invented people, payers as they type.

Every line says whose money it is (or nobody's) and how it was made, so that a test can ask of
each match: was anybody wrong served, was the clear case ready, was the rest among the first three.
"""

from __future__ import annotations

import random
import string
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime

import pandas as pd

from mmrecon.config import MatchingPolicy
from mmrecon.matching.context import MatchContext, WalletFacts
from mmrecon.model.account import AccountFrame, ClientFrame, LedgerSnapshot
from mmrecon.model.line import LineFrame

FIRST = (
    "Alice", "Brian", "Carol", "David", "Esther", "Frank", "Grace", "Henry", "Irene", "James",
    "Karen", "Levi", "Mary", "Noah", "Olive", "Peter", "Ruth", "Samuel", "Teresa", "Victor",
    "Élodie", "Jérôme", "Françoise", "Aimé", "Noëlle", "Zoé", "Wanjiku", "Achieng", "Mukamana",
    "Uwase", "Nakato", "Okello", "Babirye", "Kipchoge", "Chebet", "Moraa", "Njeri", "Atieno",
)  # fmt: skip
_ENDS = (
    "ple", "pleson", "ard", "ini", "ova", "eka", "uru", "ambe", "oti", "ngoné", "iere", "awa",
)  # fmt: skip
LAST = [start + end for start in ("Exam", "Samp", "Demo", "Test", "Fict", "Mode") for end in _ENDS]
WISHES = (
    "loan", "savings", "for mama", "Sept", "", "0", "thank you", "shule fees", "LOAN REPAYMENT",
)  # fmt: skip
DAY_S = 1_769_810_400
"""Midnight UTC of the day that is played."""


@dataclass(frozen=True)
class Kind:
    """One kind of institution."""

    name: str
    country: str
    currency: str
    calling: str
    client_no: Callable[[int], str]
    savings_no: Callable[[int], str]
    loan_no: Callable[[int], str]
    account_external: Callable[[str, int], str]
    national: Callable[[int], str]
    prefix: bool = False
    products: bool = False


def _none(_kind: str, _number: int) -> str:
    return ""


KINDS = (
    Kind("kenya", "KE", "KES", "254", lambda n: f"{5000 + n}", lambda n: f"1{n:08d}",
         lambda n: f"LN{26000 + n}", _none, lambda n: f"{20_000_000 + 7 * n}"),
    Kind("uganda", "UG", "UGX", "256", lambda n: f"{n:06d}", lambda n: f"{n + 17:09d}",
         lambda n: f"{n + 4:09d}", _none, lambda n: f"CM{90_000_000 + 11 * n}AB", products=True),
    Kind("cameroon", "CM", "XAF", "237", lambda n: f"{n:09d}", lambda n: f"{n + 31:09d}",
         lambda n: f"{n + 57:09d}", lambda k, n: f"{'EP' if k == 'savings' else 'CR'}-{n:05d}",
         lambda n: f"{100_000_000 + 13 * n}"),
    Kind("rwanda", "RW", "RWF", "250", lambda n: f"{n:09d}", lambda n: f"{n + 2:09d}",
         lambda n: f"{n + 5:09d}", _none, lambda n: f"1{1980:04d}8{n:010d}", prefix=True),
)  # fmt: skip


@dataclass(frozen=True)
class Client:
    """An invented client with phones; `accounts` are rows of the ledger by kind."""

    client_id: int
    number: str
    name: str
    phones: tuple[str, ...]
    national: str
    savings: str
    savings_external: str
    loan: str
    loan_external: str
    loan_due: int


@dataclass
class Day:
    """What is matched, and the truth: owner (0: nobody was meant), account, way, placeable."""

    lines: pd.DataFrame
    context: MatchContext
    truth: pd.DataFrame


@dataclass
class _Maker:
    kind: Kind
    rng: random.Random
    clients: list[Client]
    rows: list[dict[str, object]] = field(default_factory=list)
    truth: list[dict[str, object]] = field(default_factory=list)

    def add(
        self, reference: str, payer: Client | None, owner: Client | None, account: str, way: str,
        *, slip: bool = False,
    ) -> None:  # fmt: skip
        """One payment; `payer` None is a stranger."""
        number = len(self.rows) + 1
        scale = 100 if self.kind.currency == "KES" else 1
        amount = self.rng.randrange(100, 4000) * scale + (50 if scale == 100 else 0)
        kind, phone, name = self._shown(payer)
        if slip:
            name = self._slipped(name)
        self.rows.append(
            {
                "line_id": number, "wallet_id": 1, "receipt": f"UAV{number:07d}",
                "line_class": "collection", "sign": 1, "amount_minor": amount,
                "currency": self.kind.currency, "n": 1, "repeats": 1,
                "completed_at_utc_s": DAY_S + number * 7 % 80_000, "value_date": "2026-01-31",
                "has_seconds": True, "party_kind": kind, "party_phone": phone, "party_name": name,
                "reference": reference,
            }
        )  # fmt: skip
        self.truth.append(
            {"line_id": number, "owner": owner.client_id if owner else 0, "account": account,
             "way": way}
        )  # fmt: skip

    def _shown(self, payer: Client | None) -> tuple[str, str, str]:
        """The payer as the provider shows them: half masked, half in full."""
        if payer is None:
            digits = "".join(self.rng.choices(string.digits, k=5))
            phone, name = f"{self.kind.calling}799{digits[:3]}{digits[3:]}0", "PASSING STRANGER"
        else:
            phone, name = payer.phones[0], payer.name
        if self.rng.random() < 0.5:
            return "phone", phone, name.upper()
        words = name.upper().split()
        shown = " ".join([words[0], "****", words[-1]])
        return "masked", f"{phone[:5]}****{phone[-3:]}", shown

    def _slipped(self, name: str) -> str:
        """A name as another register spells it: order, one letter, only one word."""
        words = name.split()
        how = self.rng.randrange(3)
        if how == 0:
            return " ".join(reversed(words))
        if how == 1:
            return " ".join([words[0], *(["****"] if "****" in words else [])])
        last = words[-1]
        at = self.rng.randrange(1, len(last))
        return " ".join([*words[:-1], last[:at] + self.rng.choice("AEIOU") + last[at + 1 :]])


def make_day(kind: Kind, *, clients: int, lines: int, seed: int) -> Day:
    """A day of one institution."""
    rng = random.Random(seed)
    maker = _Maker(kind, rng, _clients(kind, clients, rng))
    ways = rng.choices([way for _, way in _WAYS], [weight for weight, _ in _WAYS], k=lines)
    for way in ways:
        _PLAYS[way](maker, rng.choice(maker.clients))
    frame = LineFrame.build(pd.DataFrame(maker.rows))
    return Day(frame, _context(kind, maker.clients), pd.DataFrame(maker.truth))


def _clients(kind: Kind, count: int, rng: random.Random) -> list[Client]:
    made: list[Client] = []
    for n in range(1, count + 1):
        last = rng.choice(LAST)
        phones = [f"{kind.calling}700{rng.randrange(10**6):06d}"]
        if made and rng.random() < 0.06:
            last, phones = made[-1].name.split()[-1], [made[-1].phones[0]]
        if rng.random() < 0.1:
            phones.append(f"{kind.calling}701{rng.randrange(10**6):06d}")
        middle = rng.choice(FIRST) + " " if rng.random() < 0.5 else ""
        has_loan = rng.random() < 0.5
        made.append(
            Client(
                n, kind.client_no(n), f"{rng.choice(FIRST)} {middle}{last}", tuple(phones),
                kind.national(n), kind.savings_no(n), kind.account_external("savings", n),
                kind.loan_no(n) if has_loan else "", kind.account_external("loan", n),
                rng.choice([0, 500_000, 2_000_000]) if has_loan else 0,
            )
        )  # fmt: skip
    return made


def _context(kind: Kind, clients: Sequence[Client]) -> MatchContext:
    people = [
        {"client_id": c.client_id, "client_account_no": c.number, "client_name": c.name,
         "client_status": "active", "mobile_no": c.phones[0],
         "other_phones": ";".join(c.phones[1:]), "national_ids": c.national}
        for c in clients
    ]  # fmt: skip
    accounts: list[dict[str, object]] = []
    for c in clients:
        common = {"client_id": c.client_id, "account_status": "active", "currency": kind.currency}
        accounts.append(
            {**common, "account_kind": "savings", "account_id": c.client_id,
             "account_no": c.savings, "account_external_id": c.savings_external,
             "product_code": "SAV", "balance_minor": 0}
        )  # fmt: skip
        if c.loan:
            accounts.append(
                {**common, "account_kind": "loan", "account_id": 10_000 + c.client_id,
                 "account_no": c.loan, "account_external_id": c.loan_external,
                 "product_code": "LN", "outstanding_minor": 10**9, "overdue_minor": 0,
                 "due_now_minor": c.loan_due}
            )  # fmt: skip
    snapshot = LedgerSnapshot(
        1, "2026-02-01T00:00:00+00:00", "file", "", ClientFrame.build(pd.DataFrame(people)),
        AccountFrame.build(pd.DataFrame(accounts)),
    )  # fmt: skip
    wallet = WalletFacts(
        "wallet", "990501", kind.country, kind.currency, "Africa/Nairobi", date(2020, 1, 1),
        MatchingPolicy(member_number="ready"),
    )  # fmt: skip
    return MatchContext(snapshot, {1: wallet}, datetime(2026, 2, 1, 3, tzinfo=UTC))


def _number(maker: _Maker, client: Client) -> tuple[str, str]:
    """What the client should type for one of their accounts, and that account."""
    loan = client.loan and maker.rng.random() < 0.4
    account = f"loan:{client.loan}" if loan else f"savings:{client.savings}"
    number = client.loan if loan else client.savings
    if maker.kind.prefix:
        number = f"{'L' if loan else 'S'}{number}"
    elif maker.kind.products:
        number = f"{client.number}{'LN' if loan else 'SAV'}"
    elif maker.kind.name == "cameroon":
        number = client.loan_external if loan else client.savings_external
    return number, account


def _exact(maker: _Maker, client: Client) -> None:
    number, account = _number(maker, client)
    maker.add(number, client, client, account, "exact")


def _for_another(maker: _Maker, client: Client) -> None:
    number, account = _number(maker, client)
    maker.add(number, None, client, account, "paid_by_stranger")


def _spaced(maker: _Maker, client: Client) -> None:
    number, account = _number(maker, client)
    at = maker.rng.randrange(1, len(number))
    mess = maker.rng.choice([" ", "-", ".", "/", "_"])
    text = f" {number[:at].lower()}{mess}{number[at:].lower()} "
    maker.add(text, client, client, account, "spaced")


def _member(maker: _Maker, client: Client) -> None:
    maker.add(client.number, client, client, "", "member")


def _national(maker: _Maker, client: Client) -> None:
    maker.add(client.national, client, client, "", "national")


def _typo(maker: _Maker, client: Client) -> None:
    number, account = _number(maker, client)
    digits = [at for at, letter in enumerate(number) if letter.isdigit()]
    at, rng = maker.rng.choice(digits), maker.rng
    new = rng.choice([d for d in string.digits if d != number[at]])
    swapped = number[: at - 1] + number[at] + number[at - 1] + number[at + 1 :]
    text = rng.choice(
        [number[:at] + new + number[at + 1 :], number[:at] + number[at + 1 :],
         number[:at] + new + number[at:], swapped if at else number + new]
    )  # fmt: skip
    way = "typo" if text != number else "exact"
    maker.add(text, client, client, account, way, slip=rng.random() < 0.5)


def _relative(maker: _Maker, client: Client) -> None:
    number, account = _number(maker, client)
    maker.add(number, maker.rng.choice(maker.clients), client, account, "paid_by_other_client")


def _twice(maker: _Maker, client: Client) -> None:
    number, account = _number(maker, client)
    maker.add(number, client, client, account, "exact")
    maker.add(number, client, client, account, "paid_twice")
    maker.rows[-1] |= {
        "amount_minor": maker.rows[-2]["amount_minor"],
        "completed_at_utc_s": int(str(maker.rows[-2]["completed_at_utc_s"])) + 90,
    }


def _look_alike(maker: _Maker, client: Client) -> None:
    number, account = _number(maker, client)
    text = number.replace("0", "O", 1).replace("1", "I", 1)
    maker.add(text, client, client, account, "look_alike")


def _lost_zeros(maker: _Maker, client: Client) -> None:
    number, account = client.savings, f"savings:{client.savings}"
    if maker.kind.products:
        number, account = _number(maker, client)
    maker.add(number.lstrip("0"), client, client, account, "lost_zeros")


def _filler(maker: _Maker, client: Client) -> None:
    number, account = _number(maker, client)
    word = maker.rng.choice(["loan", "acc no.", "A/C", "payment", "june"])
    maker.add(f"{word} {number}", client, client, account, "filler")


def _phone(maker: _Maker, client: Client) -> None:
    maker.add(f"0{client.phones[0][3:]}", client, client, "", "phone_reference")


def _wish(maker: _Maker, client: Client) -> None:
    maker.add(maker.rng.choice(WISHES), client, client, "", "useless_reference")


def _name(maker: _Maker, client: Client) -> None:
    maker.add(client.name.lower(), client, client, "", "name_reference")


def _nobody(maker: _Maker, _client: Client) -> None:
    text = maker.rng.choice(["meter 04512345678", "2026", "7", "electricity", "990501", "12"])
    maker.add(text, None, None, "", "nobody")


_PLAYS: dict[str, Callable[[_Maker, Client], None]] = {
    "exact": _exact, "paid_by_stranger": _for_another, "spaced": _spaced, "member": _member,
    "national": _national, "typo": _typo, "look_alike": _look_alike, "lost_zeros": _lost_zeros,
    "filler": _filler, "phone": _phone, "wish": _wish, "name": _name, "nobody": _nobody,
    "relative": _relative, "twice": _twice,
}  # fmt: skip
_WAYS = (
    (45, "exact"), (8, "paid_by_stranger"), (8, "spaced"), (7, "member"), (3, "national"),
    (7, "typo"), (2, "look_alike"), (2, "lost_zeros"), (3, "filler"), (5, "phone"), (5, "wish"),
    (2, "name"), (3, "nobody"), (2, "relative"), (1, "twice"),
)  # fmt: skip
