"""The two databases under a Fineract, and the answers in which they differ.

PostgreSQL as recorded; MariaDB by the facts that were observed there (mariadb.md 1 to 3).
"""

from __future__ import annotations

import sqlite3
import unicodedata
from enum import Enum

from mmrecon.sandbox.refusals import INTEGRITY, FieldError, RefusalError, integrity, invalid


class Dialect(Enum):
    """Which database a server runs on."""

    POSTGRESQL = "postgresql"
    MARIADB = "mariadb"

    def other(self) -> Dialect:
        """The one that it is not."""
        return Dialect.MARIADB if self is Dialect.POSTGRESQL else Dialect.POSTGRESQL


def _folded(text: str, *, sharp_s: bool) -> str:
    """A text without what MariaDB's collation does not see: case, accents, trailing spaces."""
    cased = text.casefold() if sharp_s else text.lower()
    plain = unicodedata.normalize("NFKD", cased)
    return "".join(letter for letter in plain if not unicodedata.combining(letter)).rstrip(" ")


def _compare(one: str, other: str) -> int:
    return (one > other) - (one < other)


def _compare_texts(one: str, other: str) -> int:
    return _compare(_folded(one, sharp_s=True), _folded(other, sharp_s=True))


def _compare_entries(one: str, other: str) -> int:
    return _compare(_folded(one, sharp_s=False), _folded(other, sharp_s=False))


def prepare(connection: sqlite3.Connection, dialect: Dialect) -> None:
    """Teach a connection how the database compares texts."""
    connection.create_collation("server_text", _compare_texts)
    connection.create_collation("entry_text", _compare_entries)
    case_counts = "on" if dialect is Dialect.POSTGRESQL else "off"
    connection.execute(f"pragma case_sensitive_like = {case_counts}")


def schema_of(schema: str, dialect: Dialect) -> str:
    """The tables as a database declares them: only MariaDB's collation is another one."""
    if dialect is Dialect.POSTGRESQL:
        return schema.replace(" collate server_text", "")
    return schema


def external_id_taken(dialect: Dialect, name: str, external_id: str) -> RefusalError:
    """An external id of a loan transaction that exists (fineract-api.md 3.2)."""
    if dialect is Dialect.POSTGRESQL:
        code = "validation.msg.loan.transaction.externalId.value.must.be.unique"
        said = "Failed data validation due to: value.must.be.unique."
        return invalid(FieldError(code, said, "externalId", (None, [])))
    if name == "recoveryPayment":
        return integrity(INTEGRITY, "Duplicate entry for key 'external_id_UNIQUE'")
    return _duplicate(name, external_id)


def external_id_too_long(dialect: Dialect, name: str, external_id: str) -> RefusalError:
    """An external id of more than 100 characters."""
    if dialect is Dialect.MARIADB:
        return _duplicate(name, external_id)
    code = f"error.msg.loan.{name}.unknown.data.integrity.issue"
    said = f"Unknown data integrity issue with resource: {name.capitalize()}"
    return integrity(code, said)


def _duplicate(name: str, external_id: str) -> RefusalError:
    said = f"{name.capitalize()}: externalId `{external_id}` already exists"
    code = f"error.msg.loan.{name}.duplicate.externalId"
    return integrity(code, said, "externalId", (external_id,))


def entry_refused(dialect: Dialect, table: str, fault: sqlite3.IntegrityError) -> RefusalError:
    """An entry of a datatable that breaks one of its constraints."""
    if dialect is Dialect.POSTGRESQL:
        said = f"Unknown data integrity issue with datatable `{table}`"
        code = "error.msg.datatable.unknown.data.integrity.issue"
        return integrity(code, said, None, (table,))
    if "NOT NULL" in str(fault):
        code = "error.msg.datatable.no.value.provided.for.required.fields"
        return integrity(code, f"No values provided for the datatable `{table}`", None, (table,))
    said = f"An entry already exists for datatable `{table}`"
    return integrity("error.msg.datatable.entry.duplicate", said, None, (table,))


def batch_lost(dialect: Dialect, kind: str, *, key_known: bool) -> RefusalError | None:
    """What an enclosing batch hears that lost an account; none for PostgreSQL's lock conflict."""
    if dialect is Dialect.POSTGRESQL:
        return None
    if key_known:
        return integrity(INTEGRITY, "Duplicate entry for key 'unique_portfolio_command_source'")
    return _duplicate("repayment", "") if kind == "loan" else None
