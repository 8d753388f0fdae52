"""The file `founders` beside the configuration: who everything starts from, written once."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Final

from mmrecon.errors import SafetyRefusal
from mmrecon.model.enrolment import Founder, name_key
from mmrecon.people.files import replace, write_new

COUNT: Final = 2
_MODE: Final = 0o444
_HEAD: Final = (
    "# The two founders of this mmrecon: fingerprint of the key, name.\n"
    "# Written once, when the second of them enrolled. Never change it; let root own it:\n"
    "#   chown root: founders\n"
)


def write_founders(path: Path, founders: Sequence[Founder], *, interrupted: bool) -> None:
    """Write the file; `interrupted`: what is there is left from an enrolment that never ended.

    Raises:
        SafetyRefusal: there is such a file already.
    """
    lines = [f"{founder.fingerprint} {founder.name}\n" for founder in founders]
    write = replace if interrupted else write_new
    try:
        write(path, _HEAD + "".join(lines), mode=_MODE)
    except FileExistsError as error:
        raise SafetyRefusal(
            "there is a file `founders` already, from other people",
            hint="It belongs to another store. Use a folder of its own for each store.",
            code="founders_exist",
        ) from error


def read_founders(path: Path) -> tuple[Founder, ...]:
    """The two founders.

    Raises:
        SafetyRefusal: the file is missing, or is not as it was written.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError as error:
        raise _refused("is missing", "founders_missing") from error
    except (OSError, UnicodeDecodeError) as error:
        raise _refused("cannot be read", "founders_changed") from error
    pairs = [line.split(" ", 1) for line in text.splitlines() if not line.startswith("#")]
    if any(len(pair) != 2 for pair in pairs):
        raise _refused("was changed", "founders_changed")
    founders = tuple(Founder(name=name, fingerprint=fingerprint) for fingerprint, name in pairs)
    fingerprints = {founder.fingerprint for founder in founders}
    names = {name_key(founder.name) for founder in founders}
    if not len(founders) == len(fingerprints) == len(names) == COUNT:
        raise _refused("does not name two different people", "founders_changed")
    return founders


def _refused(what: str, code: str) -> SafetyRefusal:
    return SafetyRefusal(
        f"the file `founders` beside the configuration {what}",
        hint="Put it back as it was (a backup, or the printed fingerprints). Nothing is posted.",
        code=code,
    )
