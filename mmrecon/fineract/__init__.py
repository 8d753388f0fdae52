"""What each request and reply means, apart from the client that sends it."""

from __future__ import annotations
