"""`doctor` on where statements come from: reachable, listed, readable, and its clock."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from mmrecon.config import FolderSource, SftpSource, WalletSettings
from mmrecon.fetch.naming import is_impossible, is_wanted, shown_name
from mmrecon.fetch.source import NotRead, RemoteFile, Source
from mmrecon.model.catalogue import next_step_of, sentence_of
from mmrecon.model.issue import Issue
from mmrecon.model.words import counted
from mmrecon.pipeline.fetching import opened
from mmrecon.posting.preflight import Finding

_AHEAD_S: Final = 300
"""A file's time may be so far ahead of this machine's clock before one of them is wrong."""


def check_source(
    settings: FolderSource | SftpSource, wallet: WalletSettings, now_utc: datetime
) -> list[Finding]:
    """What one source shows; nothing is kept, and nothing is deleted.

    Raises:
        MmreconError: it cannot be opened or listed; the error has the remedy.
    """
    name = f"source of {wallet.name}"
    with opened(settings, wallet.name) as source:
        listed = source.listing()
        wanted = _wanted(listed, settings.pattern)
        findings = [Finding(name, holds=True, seen=_seen(settings, listed, wanted))]
        if wanted:
            findings.append(_readable(name, source, wanted))
            findings.append(_clock(name, wanted, int(now_utc.timestamp())))
    return findings


def _wanted(listed: Sequence[RemoteFile], pattern: str) -> list[RemoteFile]:
    return [
        file
        for file in listed
        if is_wanted(file.name, pattern) and not is_impossible(file.name) and not file.is_link
    ]


def _seen(
    settings: FolderSource | SftpSource, listed: Sequence[RemoteFile], wanted: Sequence[RemoteFile]
) -> str:
    seen = f"{counted(len(listed), 'file')} there, {len(wanted):,} as `{settings.pattern}` asks"
    return f"{seen}; the host key is as pinned" if isinstance(settings, SftpSource) else seen


def _readable(name: str, source: Source, wanted: Sequence[RemoteFile]) -> Finding:
    """One file is read, the smallest: rights are nearly always those of all."""
    file = min(wanted, key=lambda file: (file.size_bytes, file.name))
    shown = shown_name(file.name)
    content = source.read(file)
    if isinstance(content, NotRead) and content in {NotRead.DENIED, NotRead.FAILED}:
        issue = Issue(content.value, file=shown)
        return Finding(
            f"reading from {name}", holds=False, seen=sentence_of(issue), remedy=next_step_of(issue)
        )
    return Finding(f"reading from {name}", holds=True, seen="files can be read")


def _clock(name: str, wanted: Sequence[RemoteFile], now_utc_s: int) -> Finding:
    ahead_s = max(file.modified_utc_s for file in wanted) - now_utc_s
    holds = ahead_s <= _AHEAD_S
    return Finding(
        f"clock of {name}",
        holds=holds,
        seen="no file is dated ahead of this machine's clock"
        if holds
        else f"the newest file is dated {counted(ahead_s // 60, 'minute')} ahead of this machine",
        remedy=""
        if holds
        else "Look at this machine's clock first (`timedatectl`), then tell the source's owner.",
    )
