"""A stand-in Fineract and an SFTP drop on loopback, for the demo and the tests.

It is an independent reading of the contract: it imports nothing from the rest of mmrecon.
"""

from __future__ import annotations
