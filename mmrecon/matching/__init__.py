"""Lines and snapshot into owners, evidence, vetoes and legs."""

from __future__ import annotations
