"""The snapshot of Fineract's clients, accounts and transactions."""

from __future__ import annotations
