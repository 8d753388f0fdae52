"""Postings in portions: a run holds few of them at a time, however many were approved."""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Sequence
from typing import Final

from mmrecon.model.posting import Slip

PORTION_POSTINGS: Final = 2_000


def portions(slips: Sequence[Slip], size: int) -> Iterator[list[int]]:
    """Ids of postings; what shares a line, an account or a client is in one portion.

    About `size` each, more only where so many belong together; in the order of their first ones.
    """
    together: dict[Hashable, list[int]] = {}
    for slip, root in zip(slips, _roots(slips), strict=True):
        together.setdefault(root, []).append(slip.posting_id)
    portion: list[int] = []
    for posting_ids in together.values():
        if portion and len(portion) + len(posting_ids) > size:
            yield portion
            portion = []
        portion += posting_ids
    if portion:
        yield portion


def _roots(slips: Sequence[Slip]) -> list[Hashable]:
    """For each slip the same thing as for all that belong together with it."""
    parent: dict[Hashable, Hashable] = {}

    def root(one: Hashable) -> Hashable:
        while parent.setdefault(one, one) != one:
            parent[one] = parent[parent[one]]
            one = parent[one]
        return one

    for slip in slips:
        account = root((slip.account_kind, slip.account_id))
        parent[root(slip.line_id or slip.source)] = account
        if slip.client_id is not None:
            parent[root(("client", slip.client_id))] = account
    return [root((slip.account_kind, slip.account_id)) for slip in slips]
