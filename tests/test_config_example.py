"""config.example.toml is a configuration, and explains every key there is."""

from __future__ import annotations

import re
from pathlib import Path
from typing import get_args

import pytest
from pydantic import BaseModel

from mmrecon.config import FolderSource, Settings, SftpSource, load_settings

EXAMPLE = Path(__file__).parents[1] / "config.example.toml"


def _models(model: type[BaseModel]) -> set[type[BaseModel]]:
    """A table and every table inside it."""
    found = {model}
    for field in model.model_fields.values():
        waiting = [field.annotation]
        while waiting:
            kind = waiting.pop()
            waiting.extend(get_args(kind))
            if isinstance(kind, type) and issubclass(kind, BaseModel):
                found |= _models(kind)
    return found


def test_the_example_can_be_used_as_it_stands() -> None:
    settings = load_settings(EXAMPLE)
    assert [wallet.name for wallet in settings.wallets] == ["paybill", "momo"]
    assert {type(s) for w in settings.wallets for s in w.sources} == {FolderSource, SftpSource}


def test_the_walk_over_the_tables_reaches_the_deepest_ones() -> None:
    names = {model.__name__ for model in _models(Settings)}
    assert {"WaterfallStep", "SftpSource", "PaymentType", "PeopleRules"} <= names


@pytest.mark.parametrize("model", sorted(_models(Settings), key=str))
def test_every_key_stands_in_the_example(model: type[BaseModel]) -> None:
    text = EXAMPLE.read_text(encoding="utf-8")
    missing = [
        name
        for name in model.model_fields
        if not re.search(rf"^(\[+([\w]+\.)*{name}\]+|{name} = )", text, re.MULTILINE)
    ]
    assert missing == []


def test_the_example_holds_no_secret() -> None:
    text = EXAMPLE.read_text(encoding="utf-8")
    words = re.findall(r"^(\w*(?:password|passphrase|secret)\w*)\s*=", text, re.MULTILINE)
    assert all(word.endswith(("_variable", "_file")) for word in words)
    assert words
