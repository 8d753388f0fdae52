"""Two-way reconciliation and the daily proof."""

from __future__ import annotations
