"""Skin: one file per command, an error boundary, rendering."""

from __future__ import annotations
