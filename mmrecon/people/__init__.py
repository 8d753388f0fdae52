"""Who may prepare, approve, post or only look: roles, keys, signatures."""

from __future__ import annotations
