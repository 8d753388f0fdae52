"""A campaign: waves of approved postings, each sent through faults, deaths and careless people."""

from __future__ import annotations

import json
import random
import re
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, Final

from mmrecon.model.approval import BatchKind
from mmrecon.model.found import ASKING
from mmrecon.sandbox.demo_api import SeedApi
from tests.campaign import corrections
from tests.campaign.counter import Act, Meanwhile
from tests.campaign.counter import Counter as Desk
from tests.campaign.institution import Institution
from tests.campaign.ledger import from_api, from_database
from tests.campaign.oracle import OPEN, Oracle, Verdict
from tests.campaign.proxy import WHATS, Faults, Proxy
from tests.campaign.servers import Sandbox, nursery
from tests.campaign.site import BENO, CARO, REPOSITORY, Server, Site
from tests.campaign.work import Line, Work

KILLED: Final = -9
UNREACHABLE, DEFECT = 3, 70
_READ_TIMEOUT_S: Final = 3
_RUNS_OF_A_WAVE, _OF_A_SMALL_ONE, _SMALL = 10, 8, 200
_CALM_RUNS: Final = 20
_TRIES: Final = 6
"""So often a run is begun again when Fineract could not be reached."""
_QUESTIONS: Final = tuple(sorted(ASKING))
"""Why a line came back that is perhaps in the ledger: whoever decides about it looks there."""


@dataclass(frozen=True)
class Asked:
    """What somebody asked for on the command line."""

    seed: int
    postings: int
    accounts: int
    database: str
    folder: Path
    base_url: str = ""
    username: str = "mifos"
    password: str = "password"
    zone: str = "Asia/Kolkata"


@dataclass
class Told:
    """What happened, for the one line."""

    seed: int
    verdict: Verdict
    faults: Counter[str]
    kills: Counter[str]
    restores: int
    taken_back: int
    runs: int
    seconds: float

    def line(self) -> str:
        """The one line."""
        verdict = self.verdict
        return (
            f"seed {self.seed}: {verdict.postings} postings, {self.faults.total()} faults, "
            f"{self.kills.total()} kills, {self.restores} restores, "
            f"{self.taken_back} taken back, {len(verdict.lost)} lost, "
            f"{len(verdict.doubled)} doubled, {len(verdict.open)} open"
        )


def points() -> list[str]:
    """Every numbered point of posting, as the program itself names them."""
    sources = sorted((REPOSITORY / "mmrecon" / "posting").glob("*.py"))
    named = [re.findall(r"\.point\(\"(\w+)\"\)", source.read_text("utf-8")) for source in sources]
    return sorted({name for names in named for name in names})


def play(asked: Asked, say: Callable[[str], None]) -> Told:
    """Play one campaign to its end."""
    begun_s = time.monotonic()
    with ExitStack() as stack:
        campaign = Campaign(asked, stack, say)
        campaign.play()
        verdict = campaign.judge()
        return Told(
            asked.seed, verdict, campaign.way.struck, campaign.kills, campaign.restores,
            verdict.taken_back, campaign.runs, time.monotonic() - begun_s,
        )  # fmt: skip


@dataclass
class _Night:
    """How one run of `post` is disturbed."""

    asked: dict[str, Any] = field(default_factory=dict)
    server_dies_after_s: float = 0.0
    business_days_back: int = 0
    unapproved: bool = False


class Campaign:
    """The server, the site, the people and the dice of one campaign."""

    def __init__(self, asked: Asked, stack: ExitStack, say: Callable[[str], None]) -> None:
        self._asked, self._say = asked, say
        self._roll(0, 0)
        self._sandbox: Sandbox | None = None
        if not asked.base_url:
            self._sandbox = Sandbox(asked.folder / "sandbox", asked.database)
            stack.callback(self._sandbox.kill)
        upstream = asked.base_url or (self._sandbox.base_url if self._sandbox else "")
        straight, self.way = Proxy(upstream), Proxy(upstream)
        stack.callback(straight.close)
        stack.callback(self.way.close)
        api = SeedApi(straight.base_url, asked.username, asked.password)
        self._institution = Institution(api, asked.zone, asked.accounts)
        server = Server(
            self.way.base_url, asked.zone, asked.username, asked.password, _READ_TIMEOUT_S
        )
        self.site = Site(asked.folder / "site", self._institution, server)
        self._work = Work(asked.seed, self._institution.accounts)
        self._desk = Desk(self._institution, asked.seed)
        self._nursery = nursery(self.site.config, asked.folder / "log", stack)
        self._lines: dict[int, Line] = {}
        self._approver = CARO
        self._copies: list[str] = []
        self._other_seen = False
        self._points = points()
        self.kills: Counter[str] = Counter()
        self.restores = 0
        self.runs = 0

    def play(self) -> None:
        """All waves, then calm until nothing is open."""
        waves = max(3, min(10, self._asked.postings // 1000))
        each = -(-self._asked.postings // waves)
        for wave in range(waves):
            self._roll(wave, 0)
            self._officer()
            self._change_people_and_settings(wave, waves)
            self._keep(f"copy-{wave}-before")
            drawn = self._work.draw(each)
            self._approve(drawn)
            self._keep(f"copy-{wave}-after")
            nights = self._nights(each)
            restore_at = self._dice.randint(1, len(nights)) if self._restores_in(wave, waves) else 0
            for place, night in enumerate(nights, 1):
                self._roll(wave, place)
                if self._take_back(night, each) or self._open():
                    self._run(night, drawn, each)
                if place == restore_at:
                    self._restore()
            self._say(f"wave {wave + 1} of {waves}: {dict(self.site.states())}")
        self._calm()

    def _roll(self, wave: int, run: int) -> None:
        """Dice of its own for each wave and run: what chance did before, changes nothing after."""
        self._dice = random.Random(f"campaign {self._asked.seed} {wave} {run}")

    def _restores_in(self, wave: int, waves: int) -> bool:
        """Whether an old store is put back in a wave; once at least in each campaign."""
        due = wave == waves // 2 and not self.restores
        return due or (wave > 0 and self._dice.random() < 0.3)

    def judge(self) -> Verdict:
        """What the ledger and the store say at the end."""
        accounts = self._institution.accounts
        ledger = (
            from_database(self._sandbox.folder, accounts)
            if self._sandbox is not None
            else from_api(self._institution.api, accounts)
        )
        lines = list(self._lines.values())
        return Oracle(self.site, ledger, lines, self._desk.typed).judge()

    def _calm(self) -> None:
        """No more faults: restarts until nothing is open."""
        self._calm_down()
        self._institution.business_date(None)
        corrections.read_back(self.site)
        for _ in range(_CALM_RUNS):
            self._officer()
            self._bear({})
            if not self._open() and not corrections.still_wait(self.site):
                return

    def _calm_down(self) -> None:
        self.way.put(Faults())
        self.way.open()

    def _take_back(self, night: _Night, postings: int) -> int:
        """Two people sign corrections before a run that dies while it takes back, and others."""
        if not str(night.asked.get("point", "")).startswith("undo"):
            return 0
        self._calm_down()
        return corrections.sign(self.site, self._dice, 1 + postings // 300)

    def _open(self) -> int:
        states = self.site.states()
        return sum(states[state] for state in OPEN)

    # people

    def _officer(self) -> None:
        """Links that were found are signed; what came back otherwise goes to another account."""
        self.site.sign_pending()
        back = self.site.rows(
            "select distinct line_id from review_reason r where not cleared"
            " and not exists (select 1 from review_reason q where q.line_id = r.line_id"
            " and not q.cleared and q.code in (?, ?, ?, ?, ?))"
            " and not exists (select 1 from posting p where p.line_id = r.line_id"
            " and p.state not in ('refused', 'withdrawn', 'undone', 'reversed_outside'))",
            *_QUESTIONS,
        )  # fmt: skip
        chosen = [row["line_id"] for row in back if self._dice.random() < 0.7]
        decided = [self._work.elsewhere(self._lines[number]) for number in chosen]
        self._lines |= {line.number: line for line in decided}
        self.site.approve(decided, BENO, BatchKind.CHOICES)

    def _approve(self, lines: list[Line]) -> None:
        self._lines |= {line.number: line for line in lines}
        parts = min(3, 1 + len(lines) // 100)
        for place in range(parts):
            kind = self._dice.choice((BatchKind.POSTINGS, BatchKind.POSTINGS, BatchKind.CHOICES))
            approver = self._dice.choice((BENO, self._approver))
            self.site.approve(lines[place::parts], approver, kind)

    def _change_people_and_settings(self, wave: int, waves: int) -> None:
        if self._approver == CARO and wave >= waves // 2:
            self.site.revoke(CARO)
            self._approver = BENO
        if wave and self._dice.random() < 0.5:
            old = re.findall(r"savings_batch_size = \d+", self.site.config.read_text("utf-8"))[0]
            self.site.configure(old, f"savings_batch_size = {self._dice.randint(3, 15)}")
            self.site.sign_pending()

    def _keep(self, name: str) -> None:
        """Sometimes: a backup, or a copy as somebody makes who knows no better way."""
        if self._dice.random() < 0.6 or not self._copies:
            if self._dice.random() < 0.5:
                self.site.back_up(name)
            self.site.keep(name)
            self._copies.append(name)

    def _restore(self) -> None:
        """An old store in place of the present one; what it lacks arrives and is approved again."""
        name = self._dice.choice(self._copies[-4:])
        if (self.site.folder / f"{name}.backup").exists():
            self.site.restore(name)
        else:
            self.site.put_back(name, anchor=self._dice.random() < 0.5)
        if self._approver != CARO and self.site.has_rights(CARO):
            self.site.revoke(CARO)
        self.restores += 1
        self._calm_down()
        corrections.read_back(self.site)
        self._officer()
        there = {row["line_id"] for row in self.site.rows("select line_id from posting")}
        there |= {row["line_id"] for row in self.site.rows("select line_id from link")}
        missing = [line for number, line in self._lines.items() if number not in there]
        again = [
            self._work.elsewhere(line) if self._dice.random() < 0.1 else line for line in missing
        ]
        self._say(f"restored {name}: {len(again)} lines are approved again")
        self._approve(again)

    # runs

    def _nights(self, postings: int) -> list[_Night]:
        """How the runs of a wave are disturbed: deaths at each numbered point in turn, and else."""
        dice, long_s = self._dice, 0.5 + postings / 150
        most = max(2, postings // 40)
        count = _OF_A_SMALL_ONE if postings < _SMALL else _RUNS_OF_A_WAVE
        nights = [_Night({"kill_after_s": dice.uniform(0.2, long_s)})]
        for _ in range(count // 2):
            self._points.append(self._points.pop(0))
            point = self._points[-1]
            rare = point == "recovered" or point.startswith("undo")
            nth = dice.randint(1, 2 if rare else most)
            nights.append(_Night({"point": point, "nth": nth}))
        others = [
            _Night({"nth": dice.randint(1, 5 * most)}),
            _Night({"stop_after_s": dice.uniform(0.2, long_s)}),
            _Night(business_days_back=dice.randint(2, 4)),
            _Night(unapproved=True),
            _Night(),
        ]
        if self._sandbox is not None:
            nights.append(_Night(server_dies_after_s=dice.uniform(0.2, long_s)))
        nights += dice.sample(others, count - len(nights))
        dice.shuffle(nights)
        if dice.random() < 0.7:  # deaths first, while there is much to do
            nights.sort(key=lambda night: not night.asked)
        return nights

    def _run(self, night: _Night, drawn: list[Line], postings: int) -> None:
        self.way.put(self._faults())
        acts = self._acts(night, drawn, postings)
        with Meanwhile(acts), self._unapproved(night):
            tries = 1
            while (code := self._bear(night.asked)) == UNREACHABLE and tries < _TRIES:
                tries += 1
        if night.business_days_back:
            self._institution.business_date(None)
        if code == KILLED:
            self.kills[str(night.asked.get("point", "anywhere"))] += 1
            self._stick_a_key()

    def _acts(self, night: _Night, drawn: list[Line], postings: int) -> list[Act]:
        """What happens beside a run, each at its moment."""
        dice, long_s = self._dice, 0.5 + postings / 150
        typed = dice.sample(drawn, min(len(drawn), 1 + postings // 250))
        acts: list[Act] = [
            (dice.uniform(0, long_s), partial(self._desk.book, line)) for line in typed
        ]
        if dice.random() < 0.5:
            leaving = partial(self._desk.leave, dice.choice(drawn))
            acts.append((dice.uniform(0, long_s), leaving))
        if night.server_dies_after_s:
            away = partial(self._server_dies, dice.uniform(0.1, 1.0), refused=dice.random() < 0.5)
            acts.append((night.server_dies_after_s, away))
        if night.business_days_back:
            back = partial(self._institution.business_date, night.business_days_back)
            acts.append((dice.choice((0.0, dice.uniform(0, long_s))), back))
        if self._sandbox is not None and dice.random() < 0.5:
            account = dice.choice(drawn).legs[0].account
            held = {"kind": account.kind, "id": account.account_id, "seconds": dice.uniform(0.2, 4)}
            acts.append((dice.uniform(0, long_s), partial(self._switch, "locks", held)))
        return acts

    def _switch(self, name: str, body: dict[str, Any]) -> None:
        assert self._sandbox is not None
        with suppress(OSError):
            self._sandbox.switch(name, body)

    def _stick_a_key(self) -> None:
        """A key that was on its way says 425 from now on, as after a crash between two commits."""
        if self._sandbox is not None and self._dice.random() < 0.3:
            rows = self.site.rows("select idempotency_key from posting where state = 'sending'")
            if rows:
                key = self._dice.choice(rows)["idempotency_key"]
                self._sandbox.switch("keys", {"key": key, "status": 4})

    @contextmanager
    def _unapproved(self, night: _Night) -> Iterator[None]:
        """Somebody edits the configuration, and thinks better of it afterwards."""
        if night.unapproved:
            self.site.configure("workers = 2", "workers = 1")
        yield
        if night.unapproved:
            self.site.configure("workers = 1", "workers = 2")

    def _bear(self, asked: dict[str, Any]) -> int:
        """One run of `post`; its exit code."""
        assert self._nursery.stdin is not None
        assert self._nursery.stdout is not None
        begun_s = time.monotonic()
        if self._other_seen:  # somebody has looked: there is no other one, only an older store
            asked = {**asked, "other_stopped": True}
        self._nursery.stdin.write(json.dumps(asked) + "\n")
        self._nursery.stdin.flush()
        code, told = json.loads(self._nursery.stdout.readline())
        self._other_seen = "other_poster" in told
        self.runs += 1
        took_s = time.monotonic() - begun_s
        self._say(f"run {self.runs} {asked}: {code} after {took_s:.1f} s, {self._open()} open")
        assert code != DEFECT, f"mmrecon ended with a defect; see {self._asked.folder / 'log'}"
        return int(code)

    def _faults(self) -> Faults:
        dice = self._dice
        weights = {what: dice.random() for what in WHATS}
        most = dice.choice((0.0, 0.1, 0.25, 0.4))
        total = sum(weights.values())
        of_write = {what: most * weight / total for what, weight in weights.items()}
        of_read = {what: chance / 40 for what, chance in of_write.items()}
        seed, stalls = dice.getrandbits(32), dice.randint(0, 2)
        return Faults(seed, of_write, of_read, _READ_TIMEOUT_S + 0.5, stalls)

    def _server_dies(self, seconds: float, *, refused: bool) -> None:
        """`kill -9` of the server; it is back after a while, and refuses connections till then."""
        assert self._sandbox is not None
        self._sandbox.kill()
        self.kills["server"] += 1
        if refused:
            self.way.close()
        time.sleep(seconds)
        self._sandbox.start()
        self.way.open()
