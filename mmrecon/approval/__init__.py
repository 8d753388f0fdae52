"""What waits for a person: workbook out and in, decisions, batches."""

from __future__ import annotations
