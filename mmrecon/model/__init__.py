"""Nouns: values and frames, with their columns, types and invariants."""

from __future__ import annotations
