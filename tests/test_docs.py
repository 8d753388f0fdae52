"""The documentation says what the product is: pages fresh, links whole, commands real."""

from __future__ import annotations

import re
import shlex
import tomllib
from collections.abc import Iterator
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from mmrecon.cli.app import cli
from mmrecon.config import Settings
from mmrecon.errors import ExitCode
from mmrecon.model.catalogue import by_code
from mmrecon.statements.layout import Layout, parse_layout
from mmrecon.statements.reading import read_member
from tests.documented_keys import documented_keys
from tests.generate_docs import REFERENCE, ROOT, commands, pages

PAGES = sorted([ROOT / "README.md", *(ROOT / "docs").rglob("*.md")])
FENCED = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
INLINE = re.compile(r"`([^`\n]+)`")
CALL = re.compile(
    r"(\$ |sudo |\{ |mmrecon |\S*bin/mmrecon |[0-9*/,-]+ [0-9*/,-]+ ).*mmrecon|mmrecon "
)
CRON_TIMES = re.compile(r"^([0-9*/,-]+\s+){5}mmrecon\s+")
LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
NEEDED = [
    "first-day.md", "a-normal-day.md", "adding-a-layout.md", "when-something-is-wrong.md",
    "operating.md", "files-over-sftp.md", "safety-model.md", "exit-codes.md", "architecture.md",
]  # fmt: skip


def _name(path: Path) -> str:
    return str(path.relative_to(ROOT))


def _words(text: str) -> str:
    return " ".join(text.split())


def _slug(heading: str) -> str:
    plain = re.sub(r"[^\w\- ]", "", heading.strip().lower())
    return plain.replace(" ", "-")


def _headings(path: Path) -> set[str]:
    text = FENCED.sub("", path.read_text(encoding="utf-8"))
    return {_slug(found) for found in re.findall(r"^#+ (.+)$", text, re.MULTILINE)}


def _broken_links(path: Path, root: Path) -> list[str]:
    broken = []
    for target in LINK.findall(FENCED.sub("", path.read_text(encoding="utf-8"))):
        if target.startswith(("http://", "https://", "mailto:")):
            continue
        file, _, anchor = target.partition("#")
        there = (path.parent / file).resolve() if file else path
        inside = there.exists() and root in [there, *there.parents]
        if not inside or (anchor and anchor not in _headings(there)):
            broken.append(target)
    return broken


def _command_lines(text: str) -> Iterator[str]:
    """Lines of fenced blocks, and code inside sentences, that call mmrecon."""
    for language, block in FENCED.findall(text):
        if language in {"sh", "text"}:
            yield from filter(CALL.match, block.replace("\\\n", " ").splitlines())
    yield from filter(CALL.match, INLINE.findall(FENCED.sub("", text)))


def _calls(line: str) -> Iterator[list[str]]:
    """The arguments of every call of mmrecon in a shell line, or in a line for cron."""
    for part in re.split(r"&&|\|\||[;|>\n]|\{ | \}", CRON_TIMES.sub("", line)):
        words = shlex.split(part, comments=True)
        for at, word in enumerate(words[:-1]):
            is_user = at > 0 and words[at - 1].startswith("-")
            if Path(word).name == "mmrecon" != Path(words[at + 1]).name and not is_user:
                yield words[at + 1 :]
                break


def fault_of(arguments: list[str]) -> str:
    """What click would say about a command's name and options; empty when it knows them all."""
    command: click.Command = cli
    path = "mmrecon"
    left = list(arguments)
    while isinstance(command, click.Group):
        if not left or left[0] in {"--help", "--version", "-h", "…"} or left[0].isupper():
            return ""
        if command.invoke_without_command and left[0].startswith("-"):
            break  # options of the command that the group is, too
        context = click.Context(command, info_name=path)
        inner = command.get_command(context, left[0])
        if inner is None:
            return f"{path} has no command {left[0]}"
        path, command, left = f"{path} {left[0]}", inner, left[1:]
    try:
        context = click.Context(command, info_name=path)
        given, over, _ = command.make_parser(context).parse_args(args=left)
        _refuse_choices(command, context, given)
    except click.UsageError as error:
        return f"{path}: {error.format_message()}"
    return f"{path} takes no {over[0]}" if over else ""


def _refuse_choices(command: click.Command, context: click.Context, given: object) -> None:
    for parameter in command.params:
        values = given.get(parameter.name) if isinstance(given, dict) else None
        if isinstance(parameter.type, click.Choice) and values:
            for value in [values] if isinstance(values, str) else values:
                parameter.type.convert(value, parameter, context)


def _wrong_commands(text: str) -> list[str]:
    return [
        f"{line.strip()}: {fault}"
        for line in _command_lines(text)
        for call in _calls(line)
        if (fault := fault_of(call))
    ]


@pytest.mark.parametrize("name", sorted(pages()))
def test_a_generated_page_is_fresh(name: str) -> None:
    written = (REFERENCE / name).read_text(encoding="utf-8")
    hint = "run `python -m tests.generate_docs`"
    assert _words(written) == _words(pages()[name]), hint


def test_no_page_of_the_reference_is_left_over() -> None:
    assert {path.name for path in REFERENCE.iterdir()} == set(pages())


def test_every_command_is_documented() -> None:
    page = (REFERENCE / "cli.md").read_text(encoding="utf-8")
    names = [path for path, _ in commands()]
    assert len(names) > 24
    assert [path for path in names if f"\n## {path}\n" not in page] == []


def test_every_issue_code_is_documented() -> None:
    page = (REFERENCE / "issue-codes.md").read_text(encoding="utf-8")
    assert [code for code in by_code() if f"`{code}`" not in page] == []


def test_every_configuration_key_has_a_meaning() -> None:
    keys = documented_keys(Settings)
    assert {"base_url", "takes", "host_key_fingerprint"} <= {key.name for key in keys}
    assert [f"{key.table}.{key.name}" for key in keys if not key.meaning] == []


def test_every_exit_code_is_documented() -> None:
    page = (ROOT / "docs" / "exit-codes.md").read_text(encoding="utf-8")
    assert [code for code in ExitCode if f"\n| {code.value} |" not in page] == []


@pytest.mark.parametrize("page", PAGES, ids=_name)
def test_every_link_leads_somewhere(page: Path) -> None:
    assert _broken_links(page, ROOT) == []


@pytest.mark.parametrize("page", [page for page in PAGES if page.parent != REFERENCE], ids=_name)
def test_every_command_in_the_pages_exists_with_its_options(page: Path) -> None:
    assert _wrong_commands(page.read_text(encoding="utf-8")) == []


def test_every_command_a_message_of_the_product_names_exists() -> None:
    texts = [path.read_text(encoding="utf-8") for path in (ROOT / "mmrecon").rglob("*.py")]
    assert len(texts) > 100
    assert [fault for text in texts for fault in _wrong_commands(text)] == []


def test_every_command_a_next_step_names_exists() -> None:
    steps = [text.next_step for text in by_code().values()]
    assert sum("`mmrecon " in step for step in steps) > 20
    assert [fault for step in steps for fault in _wrong_commands(step)] == []


@pytest.mark.parametrize("page", PAGES, ids=_name)
def test_a_page_names_no_folder_of_somebodys_machine(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    assert re.findall(r"(?:/(?:home|root|work|Users)/|/tmp/bash)\S*", text) == []


def test_every_page_for_people_is_reached_from_the_readme() -> None:
    targets = set(LINK.findall((ROOT / "README.md").read_text(encoding="utf-8")))
    assert [name for name in NEEDED if f"docs/{name}" not in targets] == []


def test_the_quick_start_is_two_commands() -> None:
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    section = text.split("\n## Quick start\n")[1].split("\n## ")[0]
    blocks = FENCED.findall(section)
    assert [language for language, _ in blocks] == ["sh", "sh"]
    assert [len(block.strip().splitlines()) for _, block in blocks] == [1, 1]


def test_the_layout_that_is_walked_through_proves_the_file_beside_it() -> None:
    text = (ROOT / "docs" / "adding-a-layout.md").read_text(encoding="utf-8")
    blocks = FENCED.findall(text)
    pieces = [block for language, block in blocks if language == "toml"]
    whole = "".join(piece for piece in pieces if not piece.startswith("formats_folder"))
    [statement] = [block for language, block in blocks if language == "csv"]
    layout = parse_layout(whole, source="adding-a-layout.md")
    reading = read_member(statement.encode(), "em-day.csv", (layout,))
    assert reading.proof is not None
    assert (len(reading.lines), reading.proof.state.value) == (4, "proved")


def test_the_draft_that_is_walked_through_is_accepted_with_the_answers_of_the_page(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    text = (ROOT / "docs" / "adding-a-layout.md").read_text(encoding="utf-8")
    [statement] = [block for language, block in FENCED.findall(text) if language == "csv"]
    Path("em-day.csv").write_text(statement, encoding="utf-8")
    said = CliRunner().invoke(cli, ["formats", "new", "em-day.csv"]).stdout
    shown = text.split("$ mmrecon formats new em-day.csv\n")[1].split("  …")[0]
    assert said.startswith(shown)
    draft = Path("em-day.toml").read_text(encoding="utf-8")
    for question, answer in re.findall(r"^\| `(\w+ = \"\?\")` \| `(.+)` \|$", text, re.MULTILINE):
        assert question in draft
        draft = draft.replace(question, answer)
    Path("em-day.toml").write_text(draft, encoding="utf-8")
    tried = CliRunner().invoke(cli, ["formats", "try", "em-day.csv", "--layout", "em-day.toml"])
    shown = text.split("$ mmrecon formats try em-day.csv --layout em-day.toml\n")[1]
    assert tried.stdout.startswith(shown.split("  proof")[0])
    assert tried.exit_code == 1
    Path("em-day.toml").write_text(draft.replace("GUESS:", "CHECKED:"), encoding="utf-8")
    tried = CliRunner().invoke(cli, ["formats", "try", "em-day.csv", "--layout", "em-day.toml"])
    assert tried.exit_code == 0


def test_every_key_of_a_layout_is_explained() -> None:
    text = (ROOT / "docs" / "adding-a-layout.md").read_text(encoding="utf-8")
    table = text.split("\n## Every key\n")[1].split("\n## ")[0]
    keys = [*Layout.model_fields.keys() - {"fingerprint"}]
    assert [key for key in keys if not re.search(rf"`\[*{key}\]*`", table)] == []


def test_every_toml_of_the_pages_is_toml() -> None:
    blocks = [
        block
        for page in PAGES
        for language, block in FENCED.findall(page.read_text(encoding="utf-8"))
        if language == "toml"
    ]
    assert [type(tomllib.loads(block)) for block in blocks] == [dict] * len(blocks)


@pytest.mark.parametrize(
    ("line", "fault"),
    [
        ("mmrecon ledger rebuild", "mmrecon ledger has no command rebuild"),
        ("$ sudo -u mmrecon mmrecon post --fast", "mmrecon post: No such option"),
        ("30 1 * * *  mmrecon  /opt/mmrecon/bin/mmrecon nigthly", "has no command nigthly"),
        ("mmrecon match TODAY", "mmrecon match takes no TODAY"),
        ("mmrecon lines --format pdf", "'pdf' is not one of"),
    ],
)
def test_a_command_that_does_not_exist_is_found(line: str, fault: str) -> None:
    [found] = _wrong_commands(f"```text\n{line}\n```\n")
    assert fault in found


def test_a_right_command_is_no_fault() -> None:
    line = "sudo -u mmrecon mmrecon approve BATCH --as 'Brian Example' | less  # to look"
    assert [fault_of(call) for call in _calls(line)] == [""]


def test_a_broken_link_is_found(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text("# Here\n[a](gone.md) [b](#here) [c](#there) [d](https://example.org)\n")
    assert _broken_links(page, tmp_path) == ["gone.md", "#there"]
