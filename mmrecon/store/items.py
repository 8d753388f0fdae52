"""Items: withdrawal requests and approved loans, which payout lines settle."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final

import pandas as pd
from sqlalchemy import Connection, bindparam, insert, select, update

from mmrecon.model.item import ItemFrame
from mmrecon.store.occupied import left_of_items
from mmrecon.store.schema import ITEM

FACTS: Final = (
    "kind", "request_id", "client_id", "account_kind", "account_id", "account_no", "phone",
    "amount_minor", "posted_minor", "currency", "requested_on",
)  # fmt: skip
"""What an item says; its state is another matter."""


def all_items(connection: Connection) -> pd.DataFrame:
    """Every item as an ItemFrame, with what is left of each."""
    names = [name for name in ItemFrame.columns() if name != "left_minor"]
    rows = connection.execute(select(*[ITEM.c[name] for name in names]).order_by(ITEM.c.item_id))
    columns = dict(zip(names, zip(*rows, strict=True), strict=False))
    frame = ItemFrame.build({name: list(columns.get(name, ())) for name in names})
    left = left_of_items(connection).reindex(frame["item_id"], fill_value=0)
    return ItemFrame.check(frame.assign(left_minor=left.to_numpy()))


def open_items(connection: Connection) -> pd.DataFrame:
    """Items that wait for their line: state `open`, something left."""
    items = all_items(connection)
    waiting = (items["state"] == "open") & (items["left_minor"] > 0)
    return items[waiting].reset_index(drop=True)


def add_items(
    connection: Connection, items: Iterable[Mapping[str, Any]], *, at_utc: str, source_name: str
) -> None:
    """New items, in state `open`; each mapping has `item_key` and FACTS."""
    rows = [
        {**item, "state": "open", "imported_at_utc": at_utc, "source_name": source_name}
        for item in items
    ]
    if rows:
        connection.execute(insert(ITEM), rows)


def change_items(connection: Connection, changes: Iterable[Mapping[str, Any]]) -> None:
    """New facts or another state of items; each mapping has `item_id`, `state` and FACTS."""
    rows = [
        {("of_item" if name == "item_id" else name): value for name, value in change.items()}
        for change in changes
    ]
    if rows:
        connection.execute(update(ITEM).where(ITEM.c.item_id == bindparam("of_item")), rows)
