"""The shape of the code: imports go one way, sizes stay small, money has no floats."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PRODUCT = sorted((ROOT / "mmrecon").rglob("*.py"))
PYTHON = sorted([*PRODUCT, *(ROOT / "tests").rglob("*.py"), *(ROOT / "benchmarks").rglob("*.py")])
MONEY = ("model", "statements", "matching", "approval", "posting", "proof", "payouts", "store")
CELLS = {
    # a spreadsheet's cells are binary floats by nature; they are read by their shortest spelling
    "mmrecon/approval/cells.py",
}
TEXT_SUFFIXES = {".py", ".toml", ".md", ".json", ".csv", ".yml", ""}


def functions(tree: ast.AST) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node


def named(path: Path) -> str:
    return str(path.relative_to(ROOT))


def test_imports_go_one_way() -> None:
    checked = subprocess.run(
        [str(Path(sys.executable).parent / "lint-imports"), "--no-cache"],
        cwd=ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert checked.returncode == 0, checked.stdout


def test_stages_do_not_import_each_other_even_inside_functions() -> None:
    stages = {
        "fetch",
        "statements",
        "ledger",
        "matching",
        "approval",
        "posting",
        "proof",
        "payouts",
    }
    wrong = [
        f"{named(path)} imports {found.group(1)}"
        for path in PRODUCT
        if (home := path.relative_to(ROOT / "mmrecon").parts[0]) in stages
        for found in re.finditer(r"from mmrecon\.(\w+)", path.read_text())
        if found.group(1) in stages - {home}
    ]
    assert wrong == []


def test_modules_and_functions_fit_their_budget() -> None:
    assert [fault for path in PRODUCT for fault in too_long(path)] == []


def too_long(path: Path) -> Iterator[str]:
    text = path.read_text()
    if text.count("\n") > 400:
        yield f"{named(path)}: {text.count(chr(10))} lines"
    for function in functions(ast.parse(text)):
        length = (function.end_lineno or 0) - function.lineno + 1
        if length > 50 and "migrations" not in path.parts:  # a table is one statement there
            yield f"{named(path)}: {function.name} has {length} lines"


@pytest.mark.parametrize("package", MONEY)
def test_money_meets_no_binary_float(package: str) -> None:
    paths = sorted((ROOT / "mmrecon" / package).rglob("*.py"))
    assert [fault for path in paths for fault in floats(path)] == []


def floats(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Call) and ast.unparse(node.func) == "float":
            if named(path) not in CELLS:
                yield f"{named(path)}:{node.lineno} float()"
        elif isinstance(node, ast.BinOp) and isinstance(node.op, ast.Div) and not _is_path(node):
            yield f"{named(path)}:{node.lineno} true division"


def _is_path(node: ast.BinOp) -> bool:
    """Paths are joined with `/` too: one side is a text, or is named for a path or folder."""
    sides = (node.left, node.right)
    if any(
        isinstance(side, ast.Constant | ast.JoinedStr) and not _is_number(side) for side in sides
    ):
        return True
    return any(
        re.search(r"path|folder|parent|dir|Path|Timedelta", ast.unparse(side)) for side in sides
    )


def _is_number(side: ast.expr) -> bool:
    return isinstance(side, ast.Constant) and isinstance(side.value, int | float)


def test_one_broad_except_and_no_silenced_checker() -> None:
    wrong = []
    for path in PRODUCT:
        text = path.read_text()
        for number, line in enumerate(text.splitlines(), 1):
            if re.search(r"#\s*(type:\s*ignore|noqa|pragma: no cover)", line):
                wrong.append(f"{named(path)}:{number} {line.strip()}")
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, ast.ExceptHandler) and named(path) != "mmrecon/cli/boundary.py":
                kind = ast.unparse(node.type) if node.type else "bare"
                if kind in {"bare", "Exception", "BaseException"}:
                    wrong.append(f"{named(path)}:{node.lineno} except {kind}")
    assert wrong == []


def test_no_mocks_of_our_own_code() -> None:
    wrong = [
        named(path)
        for path in PYTHON
        if re.search(
            r"^\s*(import|from) unittest.mock|setattr\(.?mmrecon", path.read_text(), re.MULTILINE
        )
        and path != Path(__file__)
    ]
    assert wrong == []


def test_every_module_has_postponed_annotations_and_a_docstring() -> None:
    wrong = [
        named(path)
        for path in PRODUCT
        if "from __future__ import annotations" not in path.read_text()
        or ast.get_docstring(ast.parse(path.read_text())) is None
    ]
    assert wrong == []


def test_no_tracked_file_names_a_place_on_a_machine() -> None:
    listed = subprocess.run(
        ["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=False
    ).stdout.split("\0")
    wrong = []
    for name in filter(None, listed):
        path = ROOT / name
        if not path.is_file() or path.suffix not in TEXT_SUFFIXES or path == Path(__file__):
            continue
        if re.search(r"(?<![\w.])/(work|home|root|Users)/", path.read_text(errors="replace")):
            wrong.append(name)
    assert wrong == []


def test_help_loads_no_heavy_library() -> None:
    probe = (
        "import sys, mmrecon.cli.app as a;"
        "a.cli.main(['--help'], standalone_mode=False);"
        "print([m for m in ('pandas','sqlalchemy','paramiko','openpyxl','pydantic','rich') "
        "if m in sys.modules])"
    )
    ran = subprocess.run([sys.executable, "-c", probe], capture_output=True, text=True, check=True)
    assert ran.stdout.splitlines()[-1] == "[]"
