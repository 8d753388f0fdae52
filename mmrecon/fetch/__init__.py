"""Files from SFTP and folders into the archive, once each."""

from __future__ import annotations
