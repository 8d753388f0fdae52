"""The demo: a whole day on the built-in sandbox, played with the same commands as on a site."""

from __future__ import annotations
