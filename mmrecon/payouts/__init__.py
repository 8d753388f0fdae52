"""Payout items: withdrawal requests and approved loans."""

from __future__ import annotations
