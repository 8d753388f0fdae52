from __future__ import annotations

from typing import Any

from rich.console import Console

from mmrecon.cli.render import table


def printed(made: Any) -> str:
    screen = Console(width=80, soft_wrap=True)
    with screen.capture() as captured:
        screen.print(made)
    return captured.get()


def test_an_id_is_not_broken_and_the_words_beside_it_are() -> None:
    batch, words = "configuration-20261124-a1b2c3", "a name of many words that may be broken"
    rows = [(batch, words, "KES 1,234,567.00", "2 days")]
    shown = printed(table(["batch", "by", "total", "waits"], rows, whole=["batch", "waits"]))
    assert batch in shown
    assert "many" in shown
    assert max(len(line.rstrip()) for line in shown.splitlines()) <= 80


def test_a_table_of_ids_grows_over_the_edge_rather_than_losing_a_sign() -> None:
    key = "k" * 50
    shown = printed(table(["key", "other"], [(key, f"{key}x")], whole=["key", "other"]))
    assert f" {key} " in shown.replace("\n", " \n ")
    assert f"{key}x" in shown


def test_a_word_of_ordinary_length_is_not_broken_while_others_can_give_way() -> None:
    headers = ["time (2026)", "receipt", "amount", "state", "tier", "reference"]
    row = ("11-24 00:00", "70776003535", "KES 1,500,000.00", "posted elsewhere", "A1", "000200174")
    shown = printed(table(headers, [row], right=["amount"], whole=["time (2026)", "receipt"]))
    assert all(word in shown for word in ("reference", "000200174", "70776003535", "1,500,000.00"))
    assert max(len(line.rstrip()) for line in shown.splitlines()) <= 80
