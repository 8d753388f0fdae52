"""What else happens while mmrecon posts: people at the counter, and a server that dies."""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, Final, Self

from mmrecon.sandbox.demo_api import SeedingFailedError
from tests.campaign.institution import Institution
from tests.campaign.work import Leg, Line

FORMS: Final = ("same", "typed", "other_field", "other_type", "no_receipt")
"""How a teller types a receipt: as it is, in her own way, in another field, under another payment
type, not at all."""


@dataclass(frozen=True)
class ByHand:
    """A payment that somebody at the counter typed; `transaction_id` None: nobody knows."""

    line: Line
    leg: Leg
    form: str
    done_at_s: float
    transaction_id: int | None


@dataclass
class Counter:
    """The people at the counter; `typed` is what they booked."""

    institution: Institution
    seed: int
    typed: list[ByHand] = field(default_factory=list)

    def book(self, line: Line) -> None:
        """Somebody types a line's receipt, once for each line."""
        leg, form = line.legs[0], self._dice(line).choice(FORMS)
        if line.sign < 0:
            form = "same"
        changed: dict[str, Any] = {}
        if form == "typed":
            changed = {"receiptNumber": f" {line.receipt.lower()} "}
        elif form == "other_field":
            changed = {"receiptNumber": "", "checkNumber": line.receipt}
        elif form == "other_type":
            changed = {"paymentTypeId": self.institution.payment_types[""]}
        elif form == "no_receipt":
            changed = {"receiptNumber": ""}
        number: int | None = None
        with suppress(OSError):
            try:
                number = self.institution.pay(line, leg, **changed)
            except SeedingFailedError:
                return
        self.typed.append(ByHand(line, leg, form, time.time(), number))

    def leave(self, line: Line) -> None:
        """The client of a line's savings account closes it, or it is blocked."""
        account = next((leg.account for leg in line.legs if leg.account.kind == "savings"), None)
        if account is None:
            return
        act = self._dice(line).choice((self.institution.close, self.institution.block))
        with suppress(SeedingFailedError, OSError):
            act(account)

    def _dice(self, line: Line) -> random.Random:
        """The same for a line whenever it is."""
        return random.Random(f"counter {self.seed} {line.number}")


Act = tuple[float, Callable[[], None]]
"""So many seconds after the beginning of a run, what happens."""


class Meanwhile:
    """Runs acts at their moments beside a run of mmrecon."""

    def __init__(self, acts: Sequence[Act]) -> None:
        self._acts = sorted(acts, key=lambda act: act[0])
        self._over = threading.Event()
        self._pool = ThreadPoolExecutor(1)
        self._played: Future[None] | None = None

    def __enter__(self) -> Self:
        self._played = self._pool.submit(self._play)
        return self

    def __exit__(self, *_ended: object) -> None:
        self._over.set()
        self._pool.shutdown()
        if self._played is not None:
            self._played.result()

    def _play(self) -> None:
        begun_s = time.monotonic()
        for at_s, act in self._acts:
            if self._over.wait(max(0.0, begun_s + at_s - time.monotonic())):
                return
            act()
