"""Archived files into typed, classed, proved lines."""

from __future__ import annotations
