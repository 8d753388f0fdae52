"""Approved rows into Fineract, exactly once."""

from __future__ import annotations
