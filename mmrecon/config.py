"""config.toml becomes one frozen Settings; unknown keys are refused, all faults shown at once.

Secrets never stand here: only the names of environment variables and files that hold them.
"""

from __future__ import annotations

import os
import tomllib
from collections import Counter
from datetime import date, time
from pathlib import Path
from typing import Annotated, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    PrivateAttr,
    ValidationError,
    model_validator,
)

from mmrecon.errors import ConfigurationError
from mmrecon.model.grammar import grammar_faults
from mmrecon.model.keys import canonical_json, sha256_text
from mmrecon.model.money import CURRENCY_DIGITS


def _zone(value: str) -> str:
    try:
        ZoneInfo(value)
    except (ZoneInfoNotFoundError, ValueError) as error:
        raise ValueError("not a time zone; write one like Africa/Nairobi") from error
    return value


def _currency(value: str) -> str:
    if value not in CURRENCY_DIGITS:
        raise ValueError(f"not a known currency; one of {', '.join(sorted(CURRENCY_DIGITS))}")
    return value


_SYSTEM_CONFIG = Path("/etc/mmrecon/config.toml")
Weekday = Literal["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]
Zone = Annotated[str, AfterValidator(_zone)]
Currency = Annotated[str, AfterValidator(_currency)]
Positive = Annotated[int, Field(gt=0)]
NotEmpty = Annotated[str, Field(min_length=1)]


class _Table(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=False)


class Institution(_Table):
    """Whose money it is."""

    name: NotEmpty


class StateFolder(_Table):
    """Where mmrecon keeps its memory."""

    folder: Path = Path("state")
    database_url_variable: str = ""


class FineractServer(_Table):
    """How Fineract is reached."""

    base_url: NotEmpty
    tenant: NotEmpty = "default"
    zone: Zone
    username: NotEmpty
    password_variable: str = "MMRECON_FINERACT_PASSWORD"
    password_file: Path | None = None
    ca_file: Path | None = None
    connect_timeout_s: Positive = 5
    read_timeout_s: Positive = 180
    page_rows: Positive = 10_000


class PostingLimits(_Table):
    """How approved rows are sent (fineract/measured.md, recommended defaults)."""

    workers: Annotated[int, Field(ge=1, le=4)] = 2
    savings_batch_size: Annotated[int, Field(ge=1, le=25)] = 10
    loan_batch_size: Annotated[int, Field(ge=1, le=10)] = 5
    legs_per_line: Annotated[int, Field(ge=1, le=60)] = 60
    give_up_after_s: Positive = 900


class PeopleRules(_Table):
    """When a second approver is needed; minor units per currency."""

    second_approver_row_limit_minor: dict[Currency, Positive] = {}
    second_approver_batch_limit_minor: dict[Currency, Positive] = {}


class ReadingLimits(_Table):
    """Guards against bombs, and where the passwords of packed files and workbooks lie."""

    file_bytes: Positive = 1_500_000_000
    unpacked_bytes: Positive = 2_000_000_000
    ratio: Positive = 250
    members: Positive = 200
    nesting: Annotated[int, Field(ge=0, le=5)] = 1
    rows: Positive = 10_000_000
    columns: Positive = 1_000
    cell_characters: Positive = 100_000
    passwords_file: Path | None = None


class FolderSource(_Table):
    """Statement files from a folder on this machine."""

    kind: Literal["folder"]
    path: Path
    pattern: str = "*"
    quiet_s: Annotated[int, Field(ge=0)] = 10


class SftpSource(_Table):
    """Statement files from an SFTP server whose host key is pinned."""

    kind: Literal["sftp"]
    host: NotEmpty
    port: Annotated[int, Field(ge=1, le=65535)] = 22
    username: NotEmpty
    path: str = "."
    pattern: str = "*"
    host_key_fingerprint: Annotated[str, Field(pattern=r"^(SHA256:[A-Za-z0-9+/]{43}=?)?$")] = ""
    known_hosts_file: Path | None = None
    password_variable: str = ""
    password_file: Path | None = None
    key_file: Path | None = None
    key_passphrase_variable: str = ""
    quiet_s: Annotated[int, Field(ge=0)] = 10
    timeout_s: Positive = 30
    after_fetch: Literal["keep", "delete"] = "keep"

    @model_validator(mode="after")
    def _a_host_key_is_pinned(self) -> SftpSource:
        if bool(self.host_key_fingerprint) == (self.known_hosts_file is not None):
            raise ValueError("needs either host_key_fingerprint or known_hosts_file")
        return self


Source = Annotated[FolderSource | SftpSource, Field(discriminator="kind")]


class PaymentType(_Table):
    """A Fineract payment type, known by id and name together."""

    id: Positive
    name: NotEmpty


class WaterfallStep(_Table):
    """One step of a waterfall: which account, and what it takes."""

    kind: Literal["loan", "savings"]
    product: str = ""
    takes: Literal["overdue", "due", "outstanding", "all"]


class MatchingPolicy(_Table):
    """What counts as ready in a wallet, and where money of a bare member number goes."""

    member_number: Literal["ready", "review"] = "review"
    grammars: tuple[NotEmpty, ...] = ()
    product_codes: dict[str, str] = {}
    waterfall: tuple[WaterfallStep, ...] = (
        WaterfallStep(kind="loan", takes="due"),
        WaterfallStep(kind="savings", takes="all"),
    )
    line_limit_minor: Positive | None = None
    overpayment_tolerance_minor: Annotated[int, Field(ge=0)] = 0
    double_payment_minutes: Annotated[int, Field(ge=0)] = 10
    payout_window_days: Annotated[int, Field(ge=0)] = 7
    snapshot_days: Positive = 7

    @model_validator(mode="after")
    def _grammars_agree(self) -> MatchingPolicy:
        faults = grammar_faults(self.grammars, self.product_codes)
        if faults:
            raise ValueError("; ".join(faults))
        return self


class WalletSettings(_Table):
    """One shortcode or merchant account at one provider."""

    name: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]*$")]
    provider: Annotated[str, Field(pattern=r"^[a-z0-9_]+$")]
    account: NotEmpty
    sub_account: str = ""
    currency: Currency
    zone: Zone
    country: Annotated[str, Field(pattern=r"^[A-Z]{2}$")]
    live_from: date
    mode: Literal["live", "shadow"] = "live"
    payment_type: PaymentType | None = None
    gl_account_ids: tuple[Positive, ...] = ()
    own_accounts: tuple[str, ...] = ()
    expected_by: time | None = None
    days_off: tuple[Weekday | date, ...] = ()
    sources: tuple[Source, ...] = ()
    matching: MatchingPolicy = MatchingPolicy()


class Settings(_Table):
    """The whole configuration."""

    institution: Institution
    state: StateFolder = StateFolder()
    fineract: FineractServer | None = None
    posting: PostingLimits = PostingLimits()
    people: PeopleRules = PeopleRules()
    reading: ReadingLimits = ReadingLimits()
    formats_folder: Path | None = None
    wallets: tuple[WalletSettings, ...]

    @model_validator(mode="after")
    def _wallets_are_distinct(self) -> Settings:
        if not self.wallets:
            raise ValueError("at least one [[wallets]] table is needed")
        names = Counter(wallet.name for wallet in self.wallets)
        identities = Counter(f"{wallet.provider} {wallet.account}" for wallet in self.wallets)
        for what, counted in (("name", names), ("provider and account", identities)):
            doubled = sorted(value for value, count in counted.items() if count > 1)
            if doubled:
                raise ValueError(f"two wallets share the same {what}: {', '.join(doubled)}")
        return self

    _as_written: str = PrivateAttr(default="")

    def remember_as_written(self) -> None:
        """Keep the canonical text before paths become absolute."""
        self._as_written = canonical_json(self.model_dump(mode="json"))

    def canonical_text(self) -> str:
        """The settings in one spelling, paths as written (a site may move); what people approve."""
        return self._as_written or canonical_json(self.model_dump(mode="json"))

    def digest(self) -> str:
        """SHA-256 of the resolved settings."""
        return sha256_text(self.canonical_text())

    @property
    def zone(self) -> str:
        """The zone in which people are told moments: that of the first wallet."""
        return self.wallets[0].zone

    def wallet(self, name: str) -> WalletSettings:
        """The wallet of a name; KeyError when there is none."""
        return {wallet.name: wallet for wallet in self.wallets}[name]


def find_config(given: Path | None) -> Path:
    """`--config`, else MMRECON_CONFIG, else config.toml here, else /etc/mmrecon/config.toml.

    Raises:
        ConfigurationError: there is none.
    """
    if given is not None:
        return given
    from_environment = os.environ.get("MMRECON_CONFIG")
    if from_environment:
        return Path(from_environment)
    for candidate in (Path("config.toml"), _SYSTEM_CONFIG):
        if candidate.is_file():
            return candidate
    raise ConfigurationError(
        [
            (
                "file",
                "no --config, no MMRECON_CONFIG, no config.toml here; `mmrecon init` writes one",
            )
        ],
        source="config.toml",
    )


def load_settings(path: Path) -> Settings:
    """The settings in a TOML file; relative paths are relative to that file.

    Raises:
        ConfigurationError: the file is missing, is no TOML, or has faults (all of them listed).
    """
    try:
        data = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise ConfigurationError([("file", "does not exist")], source=str(path)) from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigurationError([("file", f"is no TOML: {error}")], source=str(path)) from error
    return parse_settings(data, source=str(path), base=path.resolve().parent)


def parse_settings(data: dict[str, object], *, source: str, base: Path) -> Settings:
    """Settings from parsed TOML; `base` is the folder that relative paths start from.

    Raises:
        ConfigurationError: all faults at once, with their dotted paths.
    """
    try:
        settings = Settings.model_validate(data)
    except ValidationError as error:
        faults = [
            (_place(fault["loc"], data), str(fault["msg"]).removeprefix("Value error, "))
            for fault in error.errors()
        ]
        raise ConfigurationError(faults, source=source) from error
    settings.remember_as_written()
    return _with_absolute_paths(settings, base)


def _place(location: tuple[int | str, ...], data: object) -> str:
    """`wallets[paybill].zone`; a table without a name is told by its place, from 1."""
    told = ""
    for part in location:
        if isinstance(part, int) and isinstance(data, list):
            data = data[part] if part < len(data) else None
            name = data.get("name") if isinstance(data, dict) else None
            told += f"[{name}]" if isinstance(name, str) and name else f"[#{part + 1}]"
        elif not (isinstance(data, dict) and part not in data and data.get("kind") == part):
            data = data.get(part) if isinstance(data, dict) else None
            told += f".{part}"
    return told.lstrip(".") or "file"


def _with_absolute_paths(settings: Settings, base: Path) -> Settings:
    def resolve(path: Path | None) -> Path | None:
        return None if path is None else base / path

    def resolve_source(source: FolderSource | SftpSource) -> FolderSource | SftpSource:
        if isinstance(source, FolderSource):
            return source.model_copy(update={"path": base / source.path})
        return source.model_copy(
            update={
                "password_file": resolve(source.password_file),
                "key_file": resolve(source.key_file),
                "known_hosts_file": resolve(source.known_hosts_file),
            }
        )

    wallets = tuple(
        wallet.model_copy(update={"sources": tuple(map(resolve_source, wallet.sources))})
        for wallet in settings.wallets
    )
    fineract = settings.fineract and settings.fineract.model_copy(
        update={
            "password_file": resolve(settings.fineract.password_file),
            "ca_file": resolve(settings.fineract.ca_file),
        }
    )
    state = settings.state.model_copy(update={"folder": base / settings.state.folder})
    return settings.model_copy(
        update={
            "wallets": wallets,
            "fineract": fineract,
            "state": state,
            "formats_folder": resolve(settings.formats_folder),
            "reading": settings.reading.model_copy(
                update={"passwords_file": resolve(settings.reading.passwords_file)}
            ),
        }
    )
