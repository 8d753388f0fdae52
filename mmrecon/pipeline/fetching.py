"""`mmrecon fetch`: every wallet's sources, each new file into the archive and the store, once.

A file's bytes are durable before its delivery is recorded, and its delivery before anything is
deleted at the source: killed anywhere, the next run goes on where this one stopped.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace

from mmrecon.config import FolderSource, SftpSource, WalletSettings
from mmrecon.errors import ExitCode, MmreconError, SafetyRefusal, UsageError, worst
from mmrecon.fetch import archive
from mmrecon.fetch.folder import Folder
from mmrecon.fetch.sftp import open_sftp
from mmrecon.fetch.source import Source
from mmrecon.fetch.take import Taken, TakeRules, take
from mmrecon.model.catalogue import severity_of
from mmrecon.model.issue import Issue
from mmrecon.pipeline.run import Run
from mmrecon.store import files, journal
from mmrecon.store.database import reading, transaction

Sleep = Callable[[float], None]


@dataclass(frozen=True, slots=True)
class Trouble:
    """A wallet's source that could not be used; the other wallets went on."""

    wallet: str
    error: MmreconError


@dataclass(frozen=True, slots=True)
class Fetched:
    """What arrived in this run, in order, and what did not."""

    files: tuple[files.StoredFile, ...]
    issues: tuple[Issue, ...]
    troubles: tuple[Trouble, ...]

    def exit_code(self) -> ExitCode:
        """The most serious of what happened."""
        severities = {severity_of(issue) for issue in self.issues}
        codes = [severity.exit_code() for severity in severities]
        return worst([*codes, *(trouble.error.exit_code for trouble in self.troubles)])


def fetch(
    run: Run,
    wallet_names: Sequence[str] = (),
    sleep: Sleep = time.sleep,
    *,
    kinds: Collection[str] = ("folder", "sftp"),
) -> Fetched:
    """Fetch from the sources of the wallets named, or of all; only of some kinds if asked.

    Raises:
        UsageError: no wallet has such a name.
    """
    found: list[files.StoredFile] = []
    issues: list[Issue] = []
    troubles: list[Trouble] = []
    run.progress.start("fetching", 0)
    for wallet in _wallets(run, wallet_names):
        if wallet_names and not wallet.sources:
            issues.append(Issue("wallet_without_source", wallet=wallet.name))
        for source in (source for source in wallet.sources if source.kind in kinds):
            try:
                for result in _from_source(run, wallet, source, sleep):
                    if isinstance(result, Issue):
                        issues.append(result)
                    else:
                        found.append(result)
            except MmreconError as error:
                _journal_refusal(run, wallet, error)
                troubles.append(Trouble(wallet.name, error))
    run.progress.finish()
    return Fetched(tuple(found), tuple(issues), tuple(troubles))


def _wallets(run: Run, names: Sequence[str]) -> list[WalletSettings]:
    known = {wallet.name: wallet for wallet in run.settings.wallets}
    unknown = [name for name in names if name not in known]
    if unknown:
        raise UsageError(
            f"no wallet is called {', '.join(unknown)}",
            hint=f"The configuration has: {', '.join(known)}.",
        )
    return [known[name] for name in dict.fromkeys(names)] or list(known.values())


def _from_source(
    run: Run, wallet: WalletSettings, settings: FolderSource | SftpSource, sleep: Sleep
) -> Iterator[files.StoredFile | Issue]:
    deletes = isinstance(settings, SftpSource) and settings.after_fetch == "delete"
    rules = TakeRules(
        settings.pattern,
        settings.quiet_s,
        run.settings.reading.file_bytes,
        int(run.now_utc().timestamp()),
    )
    with opened(settings, wallet.name) as source:
        earlier = _known(run, wallet.name, source)
        known = set() if deletes else earlier
        for result in take(source, known, rules, sleep):
            if isinstance(result, Issue):
                yield replace(result, wallet=wallet.name)
                continue
            yield _keep(run, wallet.name, source, result)
            run.progress.advance(1)
            if deletes and not source.delete(result.file):
                known |= earlier  # read once more only to be deleted, which is refused here
                yield Issue("file_not_deleted", file=result.name, wallet=wallet.name)


@contextmanager
def opened(settings: FolderSource | SftpSource, wallet: str) -> Iterator[Source]:
    """A wallet's source, ready to be listed.

    Raises:
        MmreconError: it cannot be opened.
    """
    if isinstance(settings, FolderSource):
        yield Folder(settings.path)
        return
    with open_sftp(settings, wallet) as server:
        yield server


def _known(run: Run, wallet: str, source: Source) -> set[tuple[str, int, int]]:
    with reading(run.engine) as connection:
        return files.known_deliveries(connection, wallet, source.label)


def _keep(run: Run, wallet: str, source: Source, taken: Taken) -> files.StoredFile:
    kept = archive.put(run.state_folder, taken.content)
    delivery = files.Delivery(
        kept.sha256,
        kept.size_bytes,
        kept.archived_as,
        wallet,
        source.label,
        taken.name,
        taken.file.modified_utc_s,
    )
    entry = journal.Entry("file_fetched", {"wallet": wallet, "sha256": kept.sha256})
    with transaction(run.engine) as connection:
        stored = files.record(connection, delivery, at_utc=run.at_utc())
        journal.append(connection, [entry], at_utc=run.at_utc(), run_id=run.run_id)
    return stored


def _journal_refusal(run: Run, wallet: WalletSettings, error: MmreconError) -> None:
    if not isinstance(error, SafetyRefusal):
        return
    entry = journal.Entry(error.code, {"wallet": wallet.name, "what": str(error)})
    with transaction(run.engine) as connection:
        journal.append(connection, [entry], at_utc=run.at_utc(), run_id=run.run_id)
