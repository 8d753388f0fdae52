"""`mmrecon import`: from a file's bytes to stored, proved lines.

Bytes are durable in the archive first; then everything that one file says goes into the store in
one transaction. Killed anywhere, the next run reads the file again or finds it done.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from mmrecon import __version__
from mmrecon.config import Settings
from mmrecon.errors import ExitCode, MmreconError, UsageError, worst
from mmrecon.fetch import archive
from mmrecon.fetch.naming import shown_name
from mmrecon.fetch.unpacking import Member, members
from mmrecon.model.catalogue import severity_of
from mmrecon.model.issue import Issue
from mmrecon.pipeline.inspecting import read_path, statement_passwords
from mmrecon.pipeline.run import Run
from mmrecon.pipeline.storing import StoredStatement, store_readings
from mmrecon.statements.layout import Layout, layouts_changed_at_utc, load_layouts
from mmrecon.statements.reading import read_member
from mmrecon.store import files
from mmrecon.store import statements as store
from mmrecon.store.database import reading as store_view
from mmrecon.store.database import transaction

_FROM_DISK = "import"


@dataclass(frozen=True, slots=True)
class Trouble:
    """A file whose import ended early; the others went on."""

    file: str
    error: MmreconError


@dataclass(frozen=True, slots=True)
class Imported:
    """What became of every file; a file that stood already has only a notice."""

    statements: tuple[StoredStatement, ...]
    issues: tuple[Issue, ...]
    troubles: tuple[Trouble, ...] = ()

    def exit_code(self) -> ExitCode:
        """The most serious of what happened."""
        severities = {severity_of(issue) for issue in self.issues}
        codes = [severity.exit_code() for severity in severities]
        return worst([*codes, *(trouble.error.exit_code for trouble in self.troubles)])


def take_paths(run: Run, paths: Sequence[Path], wallet_name: str = "") -> list[files.StoredFile]:
    """Put files from disk into the archive and note their arrival.

    Raises:
        UsageError: a path is no readable file, or no wallet has that name.
    """
    _known_wallet(run.settings, wallet_name)
    contents = [(path, read_path(path, run.settings.reading)) for path in paths]
    taken = []
    for path, content in contents:
        kept = archive.put(run.state_folder, content)
        delivery = files.Delivery(
            kept.sha256,
            kept.size_bytes,
            kept.archived_as,
            wallet_name,
            _FROM_DISK,
            shown_name(path.name),
        )
        with transaction(run.engine) as connection:
            taken.append(files.record(connection, delivery, at_utc=run.at_utc()))
    return taken


def unread_files(run: Run) -> list[files.StoredFile]:
    """What was fetched and no run has read to the end, in order of arrival.

    What was set aside is among it after it came again, or the configuration, a layout of the
    site's own or the program has changed.
    """
    names = [wallet.name for wallet in run.settings.wallets]
    changed_at_utc = layouts_changed_at_utc(run.settings.formats_folder)
    means = files.Means(run.settings.digest(), __version__, changed_at_utc)
    with store_view(run.engine) as connection:
        wallets = {name: store.wallet_id(connection, run.settings, name) for name in names}
        return files.unread(connection, wallets, means)


def import_files(run: Run, arrived: Sequence[files.StoredFile], *, again: bool = False) -> Imported:
    """Read files that lie in the archive and store what they say, each in one transaction.

    A file that stands completely read is a no-op unless `again`. Trouble of one file (a wallet
    that was moved back, say) does not stop the others.
    """
    layouts = load_layouts(run.settings.formats_folder)
    done: list[StoredStatement] = []
    issues: list[Issue] = []
    troubles: list[Trouble] = []
    run.progress.start("reading statements", len(arrived))
    for file in arrived:
        try:
            statements, found = _import_one(run, file, layouts, again=again)
            done += statements
            issues += found
        except MmreconError as error:
            troubles.append(Trouble(file.name, error))
        run.progress.advance(1)
    run.progress.finish()
    return Imported(tuple(done), tuple(issues), tuple(troubles))


def _import_one(
    run: Run, file: files.StoredFile, layouts: Sequence[Layout], *, again: bool
) -> tuple[list[StoredStatement], list[Issue]]:
    standing = _standing(run, file)
    if not again and standing and all(one.outcome in _READ for one in standing.values()):
        return [], _seen_before(file, list(standing.values()))
    content = archive.get(run.state_folder, file.sha256)
    limits = run.settings.reading
    passwords = statement_passwords(limits)
    found, issues = members(content, file.name, limits, passwords)
    readings = [
        (_inner(member, file.name), read_member(
            member.content, member.name, layouts, run.settings.wallets, file.wallet_name,
            limits, passwords,
        ))
        for member in found
        if again or not _stands(standing, _inner(member, file.name))
    ]  # fmt: skip
    unpacked = [replace(issue, wallet=file.wallet_name) for issue in issues]
    stored = store_readings(run, file, readings, unpacked)
    return stored, [*unpacked, *(issue for one in stored for issue in one.issues)]


_READ = ("read", "partial")


def _standing(run: Run, file: files.StoredFile) -> dict[str, store.Standing]:
    """Readings of these bytes that stand in the wallet that is meant, by member."""
    with store_view(run.engine) as connection:
        found = store.standing(connection, file.sha256)
        meant = store.wallet_id(connection, run.settings, file.wallet_name)
    return {
        one.member: one
        for one in found
        if not file.wallet_name or one.wallet_id is None or one.wallet_id == meant
    }


def _stands(standing: dict[str, store.Standing], member: str) -> bool:
    return member in standing and standing[member].outcome in _READ


def _seen_before(file: files.StoredFile, standing: list[store.Standing]) -> list[Issue]:
    arguments = {"first_seen": file.first_seen_at_utc[:10], "first_name": file.first_name}
    issues = [Issue("seen_before", file=file.name, wallet=file.wallet_name, arguments=arguments)]
    refused = sum(one.refused_rows for one in standing)
    if refused:
        issues.append(
            Issue(
                "rows_refused_before",
                file=file.name,
                wallet=file.wallet_name,
                arguments={"rows": refused},
            )
        )
    return issues


def _inner(member: Member, file_name: str) -> str:
    """A member's name inside its archive; empty for a plain file, however it is called."""
    return member.name.removeprefix(file_name).lstrip("/")


def _known_wallet(settings: Settings, name: str) -> None:
    names = [wallet.name for wallet in settings.wallets]
    if name and name not in names:
        raise UsageError(
            f"no wallet is called {name}", hint=f"The configuration has: {', '.join(names)}."
        )
