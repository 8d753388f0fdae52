"""A small site made by the commands themselves, against the sandbox over HTTP."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from openpyxl import load_workbook

from mmrecon.approval.columns import DECISION_TITLE
from mmrecon.cli.demo.officer import Owner, fill_in
from mmrecon.cli.demo.site import write_secret
from mmrecon.sandbox.demo_institution import Institution
from mmrecon.sandbox.demo_ledger import MasterData
from mmrecon.sandbox.demo_lines import Entry
from mmrecon.sandbox.demo_seed import seed
from mmrecon.sandbox.demo_wallets import PAYBILL, WALLETS, DemoWallet
from mmrecon.sandbox.server import SandboxServer
from tests.cli.site import ASHA, BENO, Ended
from tests.cli.site import Site as Desk
from tests.flow.world import DAY, INSTITUTION, OPENING_MINOR, write_statement
from tests.sandbox.client import COMMON, Api

LIVE_FROM = DAY - timedelta(days=7)


@dataclass(frozen=True)
class Money:
    """A transaction of the sandbox's ledger; `kind` is savings or loan, `type_id` Fineract's."""

    kind: str
    transaction_id: int
    account_id: int
    type_id: int
    amount_minor: int
    value_date: str
    receipt: str
    payment_type_id: int
    reversed: bool


@dataclass(frozen=True)
class Delivered:
    """What a statement file holds, as whoever wrote it knows."""

    rows: int
    in_minor: int
    out_minor: int
    fees_minor: int


@dataclass
class Site(Desk):
    """A site with its stand-in Fineract; `opened_with` is the ledger before the first line."""

    server: SandboxServer
    opened_with: frozenset[Money] = frozenset()
    by_hand: set[tuple[str, int]] = field(default_factory=set)
    """Transactions that others than mmrecon made since."""
    delivered: dict[str, Delivered] = field(default_factory=dict)
    """By the name of the file."""

    @property
    def state(self) -> Path:
        return self.folder / "state"

    @property
    def api(self) -> Api:
        return Api(self.server.base_url)

    def statements(self, wallet: DemoWallet = PAYBILL) -> Path:
        """The folder that a wallet's files arrive in."""
        return self.folder / "statements" / wallet.name

    def deliver(
        self,
        *entries: Entry,
        wallet: DemoWallet = PAYBILL,
        day: date = DAY,
        opening_minor: int = OPENING_MINOR,
    ) -> Path:
        """The provider's statement of these rows lies in the wallet's folder."""
        path = write_statement(
            self.statements(wallet), entries, wallet=wallet, day=day, opening_minor=opening_minor
        )
        moved = [entry for entry in entries if entry.moves]
        self.delivered[path.name] = Delivered(
            len(entries),
            sum(entry.amount_minor for entry in moved if entry.amount_minor > 0),
            -sum(entry.amount_minor for entry in moved if entry.amount_minor < 0),
            sum(entry.fee_minor for entry in moved),
        )
        return path

    def ok(self, *arguments: str, codes: Sequence[int] = (0, 1)) -> Ended:
        """A command that ends well."""
        ended = self.call(*arguments)
        assert ended.code in codes, (arguments, ended.code, ended.out[-3000:], ended.err[-2000:])
        return ended

    def take_in(self, *, codes: Sequence[int] = (0, 1)) -> Any:
        """Fetch, import, refresh and match; gives what `match` said."""
        self.ok("fetch")
        self.ok("import", codes=codes)
        self.ok("ledger", "refresh")
        return self.ok("match", "--json").json

    def lines(self, *options: str) -> list[dict[str, Any]]:
        """What `lines` says."""
        found: list[dict[str, Any]] = self.ok("lines", "--json", *options).json["lines"]
        return found

    def line(self, receipt: str, line_class: str = "") -> dict[str, Any]:
        """The one line with a receipt (and class)."""
        options = ("--class", line_class) if line_class else ()
        (found,) = self.lines("--receipt", receipt, *options)
        return found

    def state_of(self, receipt: str) -> str:
        """In which state the client's line with that receipt is."""
        return str(self.line(receipt)["state"])

    def state_of_each(self, line_class: str) -> dict[str, str]:
        """The state of every line of a class, by receipt."""
        return {line["receipt"]: line["state"] for line in self.lines("--class", line_class)}

    def answer(
        self,
        owners: Mapping[str, Owner] | None = None,
        *,
        choices: Mapping[str, Mapping[str, str]] | None = None,
    ) -> Path:
        """Write the workbook, fill it in as an officer does, save it as returned.

        `owners` are what the demo's officer learns by telephone; `choices` are cells by receipt
        and column title.
        """
        issued, returned = self.folder / "workbook.xlsx", self.folder / "returned.xlsx"
        self.ok("workbook", "--out", str(issued), codes=(0, 1, 6))
        fill_in(issued, returned, owners or {})
        if choices:
            type_choices(returned, choices)
        return returned

    def submit(self, returned: Path, *, codes: Sequence[int] = (1,)) -> Any:
        """Hand the workbook back as the preparer."""
        return self.ok("submit", str(returned), *self.signed(ASHA), "--json", codes=codes).json

    def decide(self, **told: Any) -> Any:
        """Everything from the workbook to the second person's approval."""
        submitted = self.submit(self.answer(**told))
        assert submitted["refused"] == submitted["issues"] == [], submitted
        self.approve_everything(BENO)
        return submitted

    def sign_pending(self) -> None:
        """Both people sign what else lacks their signatures: the configuration, found links."""
        self.ok("submit", *self.signed(ASHA))
        self.approve_everything(BENO)

    def configure(self, old: str, new: str) -> None:
        """Edit the configuration by hand."""
        text = self.config.read_text(encoding="utf-8")
        assert old in text, f"{old} is not in the configuration"
        self.config.write_text(text.replace(old, new), encoding="utf-8")

    def send(self, *, codes: Sequence[int] = (0, 1)) -> Any:
        """Post what is approved; gives what `post` said."""
        return self.ok("post", "--json", codes=codes).json

    def whole_day(self, **told: Any) -> None:
        """From the files in the folders to what is posted, verified and proved."""
        self.take_in()
        self.decide(**told)
        self.send()
        self.ok("verify")
        self.ok("prove", "--day", DAY.isoformat())

    def rows(self, query: str, *parameters: Any) -> list[dict[str, Any]]:
        """Rows of the site's own database."""
        return _rows(self.state / "mmrecon.db", query, parameters)

    def alter(self, statement: str, *parameters: Any) -> None:
        """What somebody with the database in his hands does."""
        with closing(sqlite3.connect(self.state / "mmrecon.db")) as connection, connection:
            changed = connection.execute(statement, parameters).rowcount
        assert changed, statement

    def keep_database(self) -> None:
        """Keep a copy of the site's database."""
        with (
            closing(sqlite3.connect(self.state / "mmrecon.db")) as connection,
            closing(sqlite3.connect(self.folder / "kept.db")) as kept,
        ):
            connection.backup(kept)

    def put_database_back(self) -> None:
        """As it was when it was kept."""
        with (
            closing(sqlite3.connect(self.folder / "kept.db")) as kept,
            closing(sqlite3.connect(self.state / "mmrecon.db")) as connection,
        ):
            kept.backup(connection)

    def journal(self, event: str) -> list[dict[str, Any]]:
        """Entries of the journal."""
        return self.rows("select * from journal where event = ? order by sequence", event)

    def ledger(self) -> frozenset[Money]:
        """Deposits, withdrawals, repayments and disbursements of the sandbox, from its database."""
        found = _rows(self.server.state_dir / "fineract.db", _LEDGER, ())
        return frozenset(Money(**{**row, "reversed": bool(row["reversed"])}) for row in found)

    def new_money(self) -> list[Money]:
        """What is in the ledger since the site was opened, oldest first."""
        return sorted(self.ledger() - self.opened_with, key=lambda one: one.transaction_id)

    def account_id(self, account_no: str) -> int:
        """Fineract's id of a savings account or loan."""
        sql = (
            "select id from m_savings_account where account_no = ? "
            "union all select id from m_loan where account_no = ?"
        )
        database = self.server.state_dir / "fineract.db"
        (row,) = _rows(database, sql, (account_no, account_no))
        return int(row["id"])

    def teller_deposits(
        self, account_no: str, amount: int, *, receipt: str = "", day: date = DAY
    ) -> int:
        """Somebody at the counter books a deposit by hand; gives the transaction's id."""
        path = f"/savingsaccounts/{self.account_id(account_no)}/transactions?command=deposit"
        body: dict[str, Any] = {
            "transactionDate": day.isoformat(), "transactionAmount": amount,
            "paymentTypeId": self.payment_type_id(PAYBILL), **COMMON,
        }  # fmt: skip
        if receipt:
            body["receiptNumber"] = receipt
        number = int(self.api.done("POST", path, body)["resourceId"])
        self.by_hand.add(("savings", number))
        return number

    def payment_type_id(self, wallet: DemoWallet) -> int:
        """Fineract's id of a wallet's payment type."""
        database = self.server.state_dir / "fineract.db"
        sql = "select id from m_payment_type where value = ?"
        (row,) = _rows(database, sql, (wallet.payment_type,))
        return int(row["id"])

    def faults(self, *rules: Mapping[str, Any]) -> None:
        """Let the stand-in Fineract fail in these ways; without any, in none."""
        self.api.switch("faults", {"rules": list(rules)})


def type_choices(workbook: Path, choices: Mapping[str, Mapping[str, str]]) -> None:
    """Type these cells on the row of each receipt."""
    book = load_workbook(workbook)
    left = dict(choices)
    for sheet in book.worksheets:
        header = [str(cell.value or "") for cell in sheet[2]]
        if DECISION_TITLE not in header:
            continue
        at = {title: place for place, title in enumerate(header, 1)}
        for row in range(3, sheet.max_row + 1):
            cells = left.pop(str(sheet.cell(row, at["Receipt"]).value or ""), {})
            for title, text in cells.items():
                sheet.cell(row, at[title]).value = text
    assert not left, f"no row for {sorted(left)}"
    book.save(workbook)


def found(
    folder: Path,
    server: SandboxServer,
    institution: Institution = INSTITUTION,
    wallets: Sequence[DemoWallet] = WALLETS,
) -> Site:
    """Seed the sandbox; `init`, two people, and a configuration that both have signed."""
    master = seed(server.base_url, institution)
    site = Site(folder, server)
    codes = site.ok(*init_options(folder, server.base_url, master, wallets)).json["founders"]
    text = site.config.read_text(encoding="utf-8")
    plain = f'account = "{wallets[0].account}"\n'
    text = text.replace(plain, plain + f'sub_account = "{wallets[0].sub_account}"\n')
    policy = 'mode = "live"\nmatching = { member_number = "ready" }\n'
    text = text.replace('mode = "live"\n', policy)
    # files are taken at once: no test waits for one to stop growing
    text = text.replace('kind = "folder"\n', 'kind = "folder"\nquiet_s = 0\n')
    site.config.write_text(text, encoding="utf-8")
    write_secret(folder / "fineract-password", "password")
    for one in codes:
        assert site.enrol(one["name"], one["code"]).code == 0
    site.sign_pending()
    return site


def init_options(
    folder: Path, base_url: str, master: MasterData, wallets: Sequence[DemoWallet]
) -> list[str]:
    """`mmrecon init` for the wallets, each with a folder of its own."""
    options = [
        "init", "--folder", str(folder), "--institution", "Jirani Example SACCO",
        "--zone", "Africa/Nairobi", "--live-from", LIVE_FROM.isoformat(),
        "--fineract-url", base_url, "--fineract-user", "mifos", "--fineract-zone", "Asia/Kolkata",
        "--founder", ASHA, "--founder", BENO, "--json",
    ]  # fmt: skip
    for wallet in wallets:
        identity = (wallet.provider, wallet.account, wallet.currency, wallet.zone, wallet.country)
        kind = f"{master.payment_types[wallet.payment_type]}:{wallet.payment_type}"
        options += [
            "--wallet", f"{wallet.name}:{':'.join(identity)}",
            "--payment-type", f"{wallet.name}={kind}",
            "--gl-accounts", f"{wallet.name}={master.wallet_gl_accounts[wallet.name]}",
        ]  # fmt: skip
    return options


@contextmanager
def opened(folder: Path, sandbox: Path) -> Iterator[Site]:
    """The site in a folder with its sandbox served."""
    with SandboxServer(sandbox) as server:
        site = Site(folder, server)
        site.opened_with = site.ledger()
        yield site


def _rows(database: Path, query: str, parameters: Sequence[Any]) -> list[dict[str, Any]]:
    with closing(sqlite3.connect(f"file:{database}?mode=ro", uri=True)) as connection:
        connection.row_factory = sqlite3.Row
        return [dict(row) for row in connection.execute(query, parameters)]


_LEDGER = """
select 'savings' kind, t.id transaction_id, t.savings_account_id account_id,
  t.transaction_type_enum type_id,
  t.amount / case when a.currency_code = 'UGX' then 1000000 else 10000 end amount_minor,
  t.transaction_date value_date, coalesce(d.receipt_number, '') receipt,
  coalesce(d.payment_type_id, 0) payment_type_id, t.is_reversed reversed
from m_savings_account_transaction t join m_savings_account a on a.id = t.savings_account_id
left join m_payment_detail d on d.id = t.payment_detail_id
where t.transaction_type_enum in (1, 2) and not t.is_reversal
union all
select 'loan', t.id, t.loan_id, t.transaction_type_enum,
  t.amount / case when a.currency_code = 'UGX' then 1000000 else 10000 end,
  t.transaction_date, coalesce(d.receipt_number, ''), coalesce(d.payment_type_id, 0), t.is_reversed
from m_loan_transaction t join m_loan a on a.id = t.loan_id
left join m_payment_detail d on d.id = t.payment_detail_id
where t.transaction_type_enum in (1, 2)
"""
