"""The error boundary: the only broad `except`; every end becomes an exit code and its words."""

from __future__ import annotations

import json
import os
import sys
import tempfile
import traceback
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import click

from mmrecon.cli.outcome import Outcome
from mmrecon.errors import ExitCode, MmreconError

INTERRUPTED = 130


def present(outcome: Outcome, *, as_json: bool) -> int:
    """Print an outcome; gives the exit code."""
    if as_json:
        print_json(dict(outcome.summary) | {"exit_code": int(outcome.exit_code)})
    elif outcome.show:
        from mmrecon.cli.render import console

        for part in outcome.show:
            console().print(part)
    return int(outcome.exit_code)


def print_json(document: Mapping[str, Any]) -> None:
    """One JSON document on stdout, and nothing else."""
    sys.stdout.write(json.dumps(document, ensure_ascii=False, indent=1, default=str) + "\n")


def present_error(error: BaseException, *, as_json: bool) -> int:
    """Say why the program ends here; gives the exit code."""
    if isinstance(error, MmreconError):
        code, name, message, hint = int(error.exit_code), error.code, str(error), error.hint
    elif isinstance(error, click.ClickException):
        code, name, message, hint = ExitCode.USAGE, "usage", error.format_message(), _usage(error)
    elif isinstance(error, KeyboardInterrupt | click.Abort):
        code, name, message, hint = INTERRUPTED, "interrupted", "interrupted", ""
    else:
        code, name = ExitCode.DEFECT, "defect"
        message = f"a defect in mmrecon ({type(error).__name__})"
        hint = f"Send this report to the developers: {_write_report(error)}"
    if as_json:
        print_json({"error": {"code": name, "message": message, "hint": hint}, "exit_code": code})
    else:
        sys.stderr.write(f"mmrecon: {message}\n" + (f"  {hint}\n" if hint else ""))
    return int(code)


def _usage(error: click.ClickException) -> str:
    context = getattr(error, "ctx", None)
    return f"See `{context.command_path} --help`." if context else "See `mmrecon --help`."


def _write_report(error: BaseException) -> Path:
    """Where the program broke: files, lines and types, never values (they may be personal)."""
    frames = traceback.extract_tb(error.__traceback__)
    lines = [f"{frame.filename}:{frame.lineno} {frame.name}" for frame in frames]
    chain = [type(link).__name__ for link in _causes(error)]
    descriptor, name = tempfile.mkstemp(prefix="mmrecon-defect-", suffix=".txt")
    with os.fdopen(descriptor, "w", encoding="utf-8") as report:
        report.write("\n".join([*chain, *lines, ""]))
    return Path(name)


def _causes(error: BaseException | None) -> list[BaseException]:
    causes: list[BaseException] = []
    while error is not None and error not in causes:
        causes.append(error)
        error = error.__cause__ or error.__context__
    return causes


def guarded(action: Any, *, as_json: bool) -> int:
    """Run an action and turn every end into an exit code; an action gives an Outcome or a code."""
    try:
        result = action()
        code = present(result, as_json=as_json) if isinstance(result, Outcome) else int(result or 0)
        sys.stdout.flush()
    except BrokenPipeError:
        return reader_has_gone()
    except Exception as error:
        return present_error(error, as_json=as_json)
    except KeyboardInterrupt as error:
        return present_error(error, as_json=as_json)
    return code


def reader_has_gone() -> int:
    """Whoever reads our output wants no more of it (`| head`): that is no fault."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return int(ExitCode.DONE)
