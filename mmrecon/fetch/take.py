"""Which files of a source are new and have stopped growing; each is read whole, oldest first."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from collections.abc import Set as AbstractSet
from dataclasses import dataclass

from mmrecon.fetch.naming import is_impossible, is_wanted, short_name, shown_name
from mmrecon.fetch.source import NotRead, RemoteFile, Source
from mmrecon.model.issue import Issue

Delivered = tuple[str, int, int]
"""Shown name, size in bytes, modification time: what was delivered once is not read again."""


@dataclass(frozen=True, slots=True)
class TakeRules:
    """What is taken: names, quiet time, size; `now_utc_s` is this machine's clock."""

    pattern: str
    quiet_s: int
    file_bytes: int
    now_utc_s: int


@dataclass(frozen=True, slots=True)
class Taken:
    """One new file with all of its bytes."""

    file: RemoteFile
    name: str
    content: bytes


def take(
    source: Source,
    known: AbstractSet[Delivered],
    rules: TakeRules,
    sleep: Callable[[float], None] = time.sleep,
) -> Iterator[Taken | Issue]:
    """New, quiet files one by one, and issues for those that cannot be taken.

    A link is never followed: it could show any file of the server's, and change unseen.
    A file is quiet when this machine's own clock says so, or when two listings `quiet_s` apart
    show the same size and time. It is read only if nothing of that changes while it is read.

    `known` is looked at again before each file: the caller may add to it on the way.

    Raises:
        OutsideUnreachable: the source does not answer; what was given before stays good.
    """
    listed = source.listing()
    yield from (
        Issue("file_name_refused", file=short_name(file.name))
        for file in listed
        if is_impossible(file.name)
    )
    named = [
        file
        for file in listed
        if not is_impossible(file.name) and is_wanted(file.name, rules.pattern)
    ]
    yield from (Issue("file_is_link", file=shown_name(file.name)) for file in named if file.is_link)
    wanted = [file for file in named if not file.is_link and delivered(file) not in known]
    quiet = _quiet_ones(source, wanted, rules, sleep)
    for file in sorted(wanted, key=lambda file: (file.modified_utc_s, file.name)):
        if file not in quiet:
            yield _growing(file, rules)
        elif delivered(file) not in known:
            yield _take_one(source, file, rules)


def delivered(file: RemoteFile) -> Delivered:
    """How a file is known once it was delivered."""
    return shown_name(file.name), file.size_bytes, file.modified_utc_s


def _quiet_ones(
    source: Source, wanted: list[RemoteFile], rules: TakeRules, sleep: Callable[[float], None]
) -> set[RemoteFile]:
    old = {file for file in wanted if _is_old(file, rules)}
    if rules.quiet_s == 0 or len(old) == len(wanted):
        return set(wanted)
    sleep(rules.quiet_s)
    return old | (set(wanted) & set(source.listing()))


def _is_old(file: RemoteFile, rules: TakeRules) -> bool:
    return file.changed_utc_s is not None and file.changed_utc_s + rules.quiet_s < rules.now_utc_s


def _take_one(source: Source, file: RemoteFile, rules: TakeRules) -> Taken | Issue:
    name = shown_name(file.name)
    if file.size_bytes > rules.file_bytes:
        arguments = {"size_bytes": file.size_bytes, "limit_bytes": rules.file_bytes}
        return Issue("file_too_large", file=name, arguments=arguments)
    content = source.read(file)
    if isinstance(content, NotRead):
        return Issue(content.value, file=name)
    return Taken(file, name, content)


def _growing(file: RemoteFile, rules: TakeRules) -> Issue:
    arguments = {"size_bytes": file.size_bytes, "quiet_s": rules.quiet_s}
    return Issue("file_still_growing", file=shown_name(file.name), arguments=arguments)
