"""Codes and arguments of a match become sentences for the officer."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import pandas as pd

from mmrecon.model.catalogue import by_code
from mmrecon.model.words import worded


class _Told(dict[str, Any]):
    """Arguments of a sentence; one that an older match did not keep is shown as a gap."""

    def __missing__(self, name: str) -> str:
        return "(not kept)"


def sentence(code: str, arguments: Mapping[str, Any]) -> str:
    """A code of the catalogue in words; the code itself where the catalogue is older than it."""
    text = by_code().get(code)
    return code.replace("_", " ") if text is None else worded(text.sentence, _Told(arguments))


def step(code: str, arguments: Mapping[str, Any]) -> str:
    """What a person does next about a code; nothing where the catalogue is older than it."""
    text = by_code().get(code)
    return "" if text is None else worded(text.next_step, _Told(arguments))


def evidence_texts(frame: pd.DataFrame) -> pd.Series:
    """Tier and sentence of each match: `A1: the reference is ...`."""
    pairs = frame[["tier", "explanation", "explanation_json"]]
    distinct = pairs.drop_duplicates()
    worded = {
        (tier, code, arguments): _evidence(tier, code, arguments)
        for tier, code, arguments in distinct.itertuples(index=False)
    }
    return pd.Series(
        [worded[key] for key in pairs.itertuples(index=False, name=None)],
        index=frame.index,
        dtype="str",
    )


def veto_texts(vetoes: pd.Series) -> pd.Series:
    """Veto codes joined by `;` in words."""
    worded = {
        codes: " ".join(veto_text(code) for code in codes.split(";") if code)
        for codes in vetoes.unique()
    }
    return vetoes.map(worded).astype("str")


def _evidence(tier: str, code: str, arguments_json: str) -> str:
    worded = sentence(code, json.loads(arguments_json or "{}")) if code else ""
    return ": ".join(part for part in (tier, worded) if part)


def veto_text(code: str) -> str:
    """A veto as a sentence of its own."""
    text = sentence(code, {})
    return f"{text[:1].upper()}{text[1:].rstrip('.')}."
