"""Tables of the store; uniqueness does the guarding.

Moments are ISO 8601 text in UTC (`_at_utc`) or epoch seconds (`_utc_s`) where lines are counted in
hundreds of thousands; dates are ISO text; money is integer minor units; JSON is canonical text.
"""

from __future__ import annotations

from typing import Any, Final

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    Table,
    Text,
    UniqueConstraint,
    text,
)

METADATA: Final = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)


def _text(name: str) -> Column[str]:
    return Column(name, Text, nullable=False, server_default="")


def _number(name: str) -> Column[int]:
    return Column(name, BigInteger, nullable=False)


def _maybe(name: str) -> Column[int]:
    return Column(name, BigInteger, nullable=True)


def _flag(name: str) -> Column[bool]:
    return Column(name, Boolean, nullable=False, server_default="0")


RUN: Final = Table(
    "run", METADATA,
    Column("run_id", Text, primary_key=True),
    _text("command"), _text("started_at_utc"), _text("ended_at_utc"),
    _maybe("exit_code"), _text("program_version"), _text("settings_digest"), _text("summary_json"),
)  # fmt: skip

JOURNAL: Final = Table(
    "journal", METADATA,
    Column("sequence", BigInteger().with_variant(Integer, "sqlite"), primary_key=True),
    _text("at_utc"), _text("run_id"), _text("actor"), _text("event"), _text("payload_json"),
    _text("previous_hash"), Column("hash", Text, nullable=False, unique=True),
)  # fmt: skip

WALLET: Final = Table(
    "wallet", METADATA,
    Column("wallet_id", Integer, primary_key=True),
    _text("provider"), _text("account"), _text("name"), _text("currency"), _text("zone"),
    _text("live_from"),
    UniqueConstraint("provider", "account"),
)  # fmt: skip

FILE: Final = Table(
    "file", METADATA,
    Column("file_id", Integer, primary_key=True),
    Column("sha256", Text, nullable=False, unique=True),
    _number("size_bytes"), _text("archived_as"), _text("first_name"), _text("first_seen_at_utc"),
)  # fmt: skip

DELIVERY: Final = Table(
    "delivery", METADATA,
    Column("delivery_id", Integer, primary_key=True),
    Column("file_id", Integer, ForeignKey("file.file_id"), nullable=False, index=True),
    _text("wallet_name"), _text("source"), _text("name"), _maybe("size_bytes"),
    _maybe("modified_utc_s"), _text("delivered_at_utc"),
    Index("ix_delivery_source_name", "source", "name"),
)  # fmt: skip
"""Each time a file arrived: from which source, under which name."""

STATEMENT: Final = Table(
    "statement", METADATA,
    Column("statement_id", Integer, primary_key=True),
    Column("file_id", Integer, ForeignKey("file.file_id"), nullable=False, index=True),
    Column("wallet_id", Integer, ForeignKey("wallet.wallet_id"), nullable=True, index=True),
    _text("member"), _text("delivered_name"), _text("outcome"), _text("reason_code"),
    _text("reason_json"), _text("layout"), _text("sub_account"),
    _maybe("period_from_utc_s"), _maybe("period_to_utc_s"), _maybe("reported_at_utc_s"),
    _maybe("opening_minor"), _maybe("closing_minor"),
    _maybe("total_in_minor"), _maybe("total_out_minor"),
    _number("data_rows"), _number("new_lines"), _number("repeat_lines"), _number("refused_rows"),
    _number("skipped_rows"), _text("skipped_json"),
    _number("in_minor"), _number("out_minor"), _number("fees_minor"),
    _text("classes_json"), _text("proof"), _text("proof_json"),
    _text("read_at_utc"), _text("run_id"), _flag("complete"), _flag("current"),
    _text("withdrawn_at_utc"),
)  # fmt: skip
"""One reading of one member of a file. `complete`: stored to the end; `current`: neither replaced
by a later reading of the same file nor withdrawn. Only complete, current statements count."""


def _line_columns() -> tuple[Column[Any], ...]:
    return (
        Column("line_id", BigInteger().with_variant(Integer, "sqlite"), primary_key=True),
        Column("wallet_id", Integer, ForeignKey("wallet.wallet_id"), nullable=False),
        _text("sub_account"), _text("receipt"), _text("line_class"), _number("sign"),
        _number("amount_minor"), _text("currency"), _number("n"), _number("generation"),
        _number("completed_at_utc_s"), _text("value_date"), _flag("has_seconds"),
        _maybe("balance_minor"), _text("status"), _text("party"), _text("party_kind"),
        _text("party_phone"), _text("party_name"), _text("reference"), _text("details"),
        _text("reason_type"), _text("linked_receipt"), _text("external_id"),
        _number("repeats"), _flag("conflict"), _flag("known_elsewhere"),
        _number("first_statement_id"), _number("first_row"),
    )  # fmt: skip


LINE: Final = Table(
    "line", METADATA, *_line_columns(),
    UniqueConstraint(
        "receipt", "wallet_id", "sub_account", "sign", "amount_minor", "n", "generation"
    ),
    Index("ix_line_wallet_id_value_date", "wallet_id", "value_date"),
    Index(
        "ix_line_reversed", "linked_receipt", "wallet_id",
        sqlite_where=text("line_class = 'reversal'"),
    ),
)  # fmt: skip

WITHDRAWN_LINE: Final = Table(
    "withdrawn_line", METADATA, *_line_columns(),
    Index("ix_withdrawn_line_receipt", "receipt"),
)  # fmt: skip
"""Lines that only withdrawn files show. A file that shows one again brings it back, with its id."""

SIGHTING: Final = Table(
    "sighting", METADATA,
    Column("statement_id", Integer, primary_key=True),
    Column("row", Integer, primary_key=True),
    Column("line_id", BigInteger, primary_key=True),
    _flag("is_first"), _text("line_class"), _number("completed_at_utc_s"), _flag("has_seconds"),
    _maybe("balance_minor"), _number("cells_digest"),
    Index("ix_sighting_again_line_id", "line_id", sqlite_where=text("is_first = 0")),
    sqlite_with_rowid=False,
)  # fmt: skip
"""Each row that shows a line. The line itself names its first one (`first_statement_id`,
`first_row`); only the others are found through an index."""

REFUSED_ROW: Final = Table(
    "refused_row", METADATA,
    Column("statement_id", Integer, ForeignKey("statement.statement_id"), primary_key=True),
    Column("row", Integer, primary_key=True),
    _text("sheet"), _text("code"), _text("receipt"), _text("field"), _text("expected"),
    _maybe("in_minor"), _maybe("out_minor"),
)  # fmt: skip

ISSUE: Final = Table(
    "issue", METADATA,
    Column("issue_id", Integer, primary_key=True),
    _text("run_id"), _text("code"), _text("file"), _maybe("row"), _text("receipt"),
    _text("wallet"), _maybe("statement_id"), _maybe("line_id"), _text("arguments_json"),
    _text("at_utc"), _text("closed_at_utc"),
    Index("ix_issue_statement_id", "statement_id"),
)  # fmt: skip

SNAPSHOT: Final = Table(
    "snapshot", METADATA,
    Column("snapshot_id", Integer, primary_key=True),
    _text("taken_at_utc"), _text("source"), _text("file_name"), _text("digest"),
    _number("clients"), _number("accounts"), _text("run_id"),
    _text("office_name"), _text("office_opened_on"),
)  # fmt: skip
"""Snapshots; their frames lie as Parquet in the state folder under `ledger/`. Name and opening date
of office 1 tell which Fineract it was (DESIGN 7.1); empty for a snapshot from a file."""

ITEM: Final = Table(
    "item", METADATA,
    Column("item_id", Integer, primary_key=True),
    Column("item_key", Text, nullable=False, unique=True),
    _text("kind"), _text("request_id"), _maybe("client_id"), _text("account_kind"),
    _number("account_id"), _text("account_no"), _text("phone"), _number("amount_minor"),
    _number("posted_minor"), _text("currency"), _text("requested_on"), _text("state"),
    _text("imported_at_utc"), _text("source_name"),
)  # fmt: skip

MATCH_SOURCE: Final = Table(
    "match_source", METADATA,
    Column("source_id", Integer, primary_key=True),
    _text("run_id"), _maybe("snapshot_id"), _text("policy_digest"),
)  # fmt: skip
"""What the matches of one run were made from."""

MATCH: Final = Table(
    "match", METADATA,
    Column("match_id", BigInteger().with_variant(Integer, "sqlite"), primary_key=True),
    _number("line_id"), Column("source_id", Integer, nullable=False, server_default="0"),
    _text("superseded_by_run_id"), _text("state"), _text("tier"), _text("rule"), _text("vetoes"),
    _text("suggestions"), _text("legs"), _text("legs_json"), _text("candidates_json"),
    _maybe("client_id"), _maybe("item_id"), _text("explanation"), _text("explanation_json"),
    _text("one_kind"), Column("one_account_id", BigInteger, nullable=False, server_default="0"),
    _text("one_account_no"), Column("one_minor", BigInteger, nullable=False, server_default="0"),
    _text("one_client_no"), _text("one_reference"),
    Index("ix_match_line_id", "line_id"),
)  # fmt: skip
"""Every match ever made of a line; the one with no `superseded_by_run_id` is in force. Texts that
follow from the columns `one_...` are empty (`model/match_texts.py`)."""

WORKBOOK: Final = Table(
    "workbook", METADATA,
    Column("workbook_id", Text, primary_key=True),
    _text("written_at_utc"), _text("run_id"), _text("path"), _text("sha256"), _text("expires_on"),
)  # fmt: skip

WORKBOOK_ROW: Final = Table(
    "workbook_row", METADATA,
    Column("workbook_id", Text, ForeignKey("workbook.workbook_id"), primary_key=True),
    Column("row_id", Text, primary_key=True),
    _maybe("line_id"), _text("section"), _text("digest"), _text("facts_json"),
)  # fmt: skip
"""What a workbook showed: `facts_json` are the facts whose change refuses an answer."""

RETURN: Final = Table(
    "workbook_return", METADATA,
    Column("return_id", Integer, primary_key=True),
    _text("workbook_id"), _text("sha256"), _text("archived_as"), _text("person"),
    _text("returned_at_utc"), _text("run_id"),
)  # fmt: skip

ANSWER: Final = Table(
    "answer", METADATA,
    Column("answer_id", Integer, primary_key=True),
    _number("return_id"), _text("workbook_id"), _text("row_id"), _maybe("line_id"),
    _text("decision"), _text("details_json"), _flag("accepted"), _text("reason_code"),
    _text("reason_json"), _text("person"), _text("at_utc"),
    Index("ix_answer_line_id", "line_id"),
)  # fmt: skip

BATCH: Final = Table(
    "batch", METADATA,
    Column("batch_id", Text, primary_key=True),
    _text("kind"), _text("state"), _text("canonical_text"), _text("digest"), _number("row_count"),
    _text("totals_json"), _text("prepared_by"), _text("prepared_at_utc"), _text("decided_by"),
    _text("decided_at_utc"), _text("reason"), _text("settings_digest"), _text("run_id"),
)  # fmt: skip

BATCH_ROW: Final = Table(
    "batch_row", METADATA,
    Column("batch_id", Text, ForeignKey("batch.batch_id"), primary_key=True),
    Column("row_number", Integer, primary_key=True),
    _text("row_json"), _maybe("line_id"), _maybe("item_id"), _text("source"), _flag("rejected"),
    _text("reject_reason"),
    Index("ix_batch_row_line_id", "line_id"),
)  # fmt: skip

SIGNATURE: Final = Table(
    "signature", METADATA,
    Column("signature_id", Integer, primary_key=True),
    Column("batch_id", Text, ForeignKey("batch.batch_id"), nullable=False, index=True),
    _text("digest"), _text("act"), _text("rejected_rows_json"), _text("fingerprint"),
    _text("signed_at_utc"), _text("signature"),
    UniqueConstraint("batch_id", "act", "fingerprint"),
)  # fmt: skip

INVITATION: Final = Table(
    "invitation", METADATA,
    Column("invitation_id", Integer, primary_key=True),
    _text("name"), _text("roles_json"), _text("code_salt"), _text("code_hash"),
    _text("expires_at_utc"), _text("used_at_utc"), _text("invited_by"), _flag("founder"),
)  # fmt: skip

ENROLMENT: Final = Table(
    "enrolment", METADATA,
    Column("fingerprint", Text, primary_key=True),
    _text("name"), _text("roles_json"), _text("public_key"), _text("enrolled_at_utc"),
    _flag("founder"), _text("revoked_at_utc"), _text("revoked_by"),
)  # fmt: skip
"""Keys as they were made. What a person may do follows from founders and signed people batches."""

POSTING: Final = Table(
    "posting", METADATA,
    Column("posting_id", Integer, primary_key=True),
    Column("batch_id", Text, nullable=False),
    Column("batch_row", Integer, nullable=False),
    Column("wallet_id", Integer, ForeignKey("wallet.wallet_id"), nullable=False),
    _text("source"), _maybe("line_id"), _maybe("item_id"), _text("purpose"), _number("leg"),
    _number("attempt"), _number("resend"), _text("command"), _text("account_kind"),
    _number("account_id"), _text("account_no"), _maybe("client_id"),
    _number("amount_minor"), CheckConstraint("amount_minor > 0", "amount"),
    _number("posted_minor"), CheckConstraint("posted_minor > 0", "posted"),
    _text("currency"), _text("value_date"), _number("payment_type_id"), _text("receipt"),
    Column("idempotency_key", Text, nullable=False, unique=True),
    _text("external_id"), _flag("shadow"), _text("state"), _text("transaction_id"),
    _text("approved_at_utc"), _text("sent_at_utc"), _text("changed_at_utc"), _text("reason"),
    _text("envelope"), _text("sent_how"), _text("paid_on"), _text("date_reason"),
    UniqueConstraint("batch_id", "batch_row"),
    UniqueConstraint("source", "purpose", "leg", "attempt"),
    Index("ix_posting_line_id", "line_id"),
    Index("ix_posting_item_id", "item_id"),
    Index("ix_posting_state", "state"),
    Index("ix_posting_account", "account_kind", "account_id"),
)  # fmt: skip

EXCHANGE: Final = Table(
    "exchange", METADATA,
    Column("exchange_id", Integer, primary_key=True),
    _number("posting_id"), _text("sent_at_utc"), _text("heard_at_utc"), _text("idempotency_key"),
    _maybe("status"), _text("meaning"), _text("code"), _text("transaction_id"),
    Index("ix_exchange_posting_id", "posting_id"),
)  # fmt: skip
"""What was heard of a posting, each time it was sent; no bodies, no personal data."""

LINK: Final = Table(
    "link", METADATA,
    Column("link_id", Integer, primary_key=True),
    Column("batch_id", Text, nullable=False),
    Column("batch_row", Integer, nullable=False),
    _text("source"), _maybe("line_id"), _maybe("item_id"), _text("kind"), _number("amount_minor"),
    _text("account_kind"), _maybe("account_id"), _text("transaction_id"), _text("paper_reference"),
    _text("reason"), _flag("withdrawn"), _text("at_utc"),
    UniqueConstraint("batch_id", "batch_row"),
    Index("ix_link_line_id", "line_id"),
    Index("ix_link_account_id", "account_id"),
    Index("ix_link_transaction", "account_kind", "transaction_id"),
)  # fmt: skip
"""What occupies money without being a posting; `kind` is `transaction`, `by_hand` or `not_ours`."""

HOLD: Final = Table(
    "hold", METADATA,
    Column("hold_id", Integer, primary_key=True),
    _number("line_id"), _text("kind"), _text("until"), _text("batch_id"), _number("batch_row"),
    _text("reason"), _text("at_utc"), _flag("ended"),
    Index("ix_hold_line_id", "line_id"),
)  # fmt: skip
"""A line that waits by decision; `kind` is `hold` (until a date) or `suspense`."""

REVIEW_REASON: Final = Table(
    "review_reason", METADATA,
    Column("review_reason_id", Integer, primary_key=True),
    _number("line_id"), _text("code"), _text("arguments_json"), _text("at_utc"), _flag("cleared"),
    Index("ix_review_reason_line_id", "line_id"),
)  # fmt: skip
"""Why a line came back to a person: refused by Fineract, a changed fact, probably posted."""

PROOF_DAY: Final = Table(
    "proof_day", METADATA,
    Column("proof_day_id", Integer, primary_key=True),
    _number("wallet_id"), _text("sub_account"), _text("day"), _text("light"), _text("proof"),
    _text("table_json"), _text("run_id"), _text("at_utc"),
    Index("ix_proof_day_wallet_id_day", "wallet_id", "day"),
)  # fmt: skip

INSTANCE: Final = Table(
    "instance", METADATA,
    Column("instance_id", Text, primary_key=True),
    _number("place"), _text("how"), _text("made_at_utc"), _text("read_at_utc"),
    _text("known_from"), _text("batches_json"),
    UniqueConstraint("place"),
)  # fmt: skip
"""Who this store is; the newest `place` counts. A restored store is another one than before: it
sends nothing until `read_at_utc` says that Fineract was read. `known_from` is the day from which
on its journal may lack postings; `batches_json` are batches of its past that it lacks itself."""

LEASE: Final = Table(
    "lease", METADATA,
    Column("name", Text, primary_key=True),
    _text("holder"), _text("run_id"), _text("since_utc"), _number("renewed_utc_s"),
)  # fmt: skip
"""Who posts to a tenant now; one that was not renewed for a while is free."""


def tell_servers() -> None:
    """Say which index is partial on PostgreSQL too; migrations ask for it.

    Said where the table is declared, it would load that dialect into every command on SQLite.
    """
    (reversed_lines,) = (index for index in LINE.indexes if index.name == "ix_line_reversed")
    reversed_lines.dialect_kwargs["postgresql_where"] = text("line_class = 'reversal'")
