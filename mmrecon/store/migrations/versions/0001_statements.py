"""Statements, lines, runs and the journal."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    _file()
    _instance()
    _issue()
    _journal()
    _lease()
    _run()
    _sighting()
    _wallet()
    _delivery()
    _line()
    _withdrawn_line()
    _statement()
    _refused_row()


def _file() -> None:
    op.create_table(
        "file",
        sa.Column("file_id", sa.Integer(), nullable=False),
        sa.Column("sha256", sa.Text(), nullable=False),
        sa.Column("size_bytes", sa.BigInteger(), nullable=False),
        sa.Column("archived_as", sa.Text(), server_default="", nullable=False),
        sa.Column("first_name", sa.Text(), server_default="", nullable=False),
        sa.Column("first_seen_at_utc", sa.Text(), server_default="", nullable=False),
        sa.PrimaryKeyConstraint("file_id", name=op.f("pk_file")),
        sa.UniqueConstraint("sha256", name=op.f("uq_file_sha256")),
    )


def _instance() -> None:
    op.create_table(
        "instance",
        sa.Column("instance_id", sa.Text(), nullable=False),
        sa.Column("place", sa.BigInteger(), nullable=False),
        sa.Column("how", sa.Text(), server_default="", nullable=False),
        sa.Column("made_at_utc", sa.Text(), server_default="", nullable=False),
        sa.Column("read_at_utc", sa.Text(), server_default="", nullable=False),
        sa.Column("known_from", sa.Text(), server_default="", nullable=False),
        sa.Column("batches_json", sa.Text(), server_default="", nullable=False),
        sa.PrimaryKeyConstraint("instance_id", name=op.f("pk_instance")),
        sa.UniqueConstraint("place", name=op.f("uq_instance_place")),
    )


def _issue() -> None:
    op.create_table(
        "issue",
        sa.Column("issue_id", sa.Integer(), nullable=False),
        sa.Column("run_id", sa.Text(), server_default="", nullable=False),
        sa.Column("code", sa.Text(), server_default="", nullable=False),
        sa.Column("file", sa.Text(), server_default="", nullable=False),
        sa.Column("row", sa.BigInteger(), nullable=True),
        sa.Column("receipt", sa.Text(), server_default="", nullable=False),
        sa.Column("wallet", sa.Text(), server_default="", nullable=False),
        sa.Column("statement_id", sa.BigInteger(), nullable=True),
        sa.Column("line_id", sa.BigInteger(), nullable=True),
        sa.Column("arguments_json", sa.Text(), server_default="", nullable=False),
        sa.Column("at_utc", sa.Text(), server_default="", nullable=False),
        sa.Column("closed_at_utc", sa.Text(), server_default="", nullable=False),
        sa.PrimaryKeyConstraint("issue_id", name=op.f("pk_issue")),
    )
    op.create_index("ix_issue_statement_id", "issue", ["statement_id"], unique=False)


def _journal() -> None:
    op.create_table(
        "journal",
        sa.Column("sequence", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("at_utc", sa.Text(), server_default="", nullable=False),
        sa.Column("run_id", sa.Text(), server_default="", nullable=False),
        sa.Column("actor", sa.Text(), server_default="", nullable=False),
        sa.Column("event", sa.Text(), server_default="", nullable=False),
        sa.Column("payload_json", sa.Text(), server_default="", nullable=False),
        sa.Column("previous_hash", sa.Text(), server_default="", nullable=False),
        sa.Column("hash", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("sequence", name=op.f("pk_journal")),
        sa.UniqueConstraint("hash", name=op.f("uq_journal_hash")),
    )


def _lease() -> None:
    op.create_table(
        "lease",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("holder", sa.Text(), server_default="", nullable=False),
        sa.Column("run_id", sa.Text(), server_default="", nullable=False),
        sa.Column("since_utc", sa.Text(), server_default="", nullable=False),
        sa.Column("renewed_utc_s", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_lease")),
    )


def _run() -> None:
    op.create_table(
        "run",
        sa.Column("run_id", sa.Text(), nullable=False),
        sa.Column("command", sa.Text(), server_default="", nullable=False),
        sa.Column("started_at_utc", sa.Text(), server_default="", nullable=False),
        sa.Column("ended_at_utc", sa.Text(), server_default="", nullable=False),
        sa.Column("exit_code", sa.BigInteger(), nullable=True),
        sa.Column("program_version", sa.Text(), server_default="", nullable=False),
        sa.Column("settings_digest", sa.Text(), server_default="", nullable=False),
        sa.Column("summary_json", sa.Text(), server_default="", nullable=False),
        sa.PrimaryKeyConstraint("run_id", name=op.f("pk_run")),
    )


def _sighting() -> None:
    op.create_table(
        "sighting",
        sa.Column("statement_id", sa.Integer(), nullable=False),
        sa.Column("row", sa.Integer(), nullable=False),
        sa.Column("line_id", sa.BigInteger(), nullable=False),
        sa.Column("is_first", sa.Boolean(), server_default="0", nullable=False),
        sa.Column("line_class", sa.Text(), server_default="", nullable=False),
        sa.Column("completed_at_utc_s", sa.BigInteger(), nullable=False),
        sa.Column("has_seconds", sa.Boolean(), server_default="0", nullable=False),
        sa.Column("balance_minor", sa.BigInteger(), nullable=True),
        sa.Column("cells_digest", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("statement_id", "row", "line_id", name=op.f("pk_sighting")),
        sqlite_with_rowid=False,
    )
    op.create_index(
        "ix_sighting_again_line_id",
        "sighting",
        ["line_id"],
        unique=False,
        sqlite_where=sa.text("is_first = 0"),
    )


def _wallet() -> None:
    op.create_table(
        "wallet",
        sa.Column("wallet_id", sa.Integer(), nullable=False),
        sa.Column("provider", sa.Text(), server_default="", nullable=False),
        sa.Column("account", sa.Text(), server_default="", nullable=False),
        sa.Column("name", sa.Text(), server_default="", nullable=False),
        sa.Column("currency", sa.Text(), server_default="", nullable=False),
        sa.Column("zone", sa.Text(), server_default="", nullable=False),
        sa.Column("live_from", sa.Text(), server_default="", nullable=False),
        sa.PrimaryKeyConstraint("wallet_id", name=op.f("pk_wallet")),
        sa.UniqueConstraint("provider", "account", name=op.f("uq_wallet_provider_account")),
    )


def _delivery() -> None:
    op.create_table(
        "delivery",
        sa.Column("delivery_id", sa.Integer(), nullable=False),
        sa.Column("file_id", sa.Integer(), nullable=False),
        sa.Column("wallet_name", sa.Text(), server_default="", nullable=False),
        sa.Column("source", sa.Text(), server_default="", nullable=False),
        sa.Column("name", sa.Text(), server_default="", nullable=False),
        sa.Column("size_bytes", sa.BigInteger(), nullable=True),
        sa.Column("modified_utc_s", sa.BigInteger(), nullable=True),
        sa.Column("delivered_at_utc", sa.Text(), server_default="", nullable=False),
        sa.ForeignKeyConstraint(["file_id"], ["file.file_id"], name=op.f("fk_delivery_file_id")),
        sa.PrimaryKeyConstraint("delivery_id", name=op.f("pk_delivery")),
    )
    op.create_index(op.f("ix_delivery_file_id"), "delivery", ["file_id"], unique=False)
    op.create_index("ix_delivery_source_name", "delivery", ["source", "name"], unique=False)


def _line() -> None:
    op.create_table(
        "line",
        sa.Column("line_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("wallet_id", sa.Integer(), nullable=False),
        sa.Column("sub_account", sa.Text(), server_default="", nullable=False),
        sa.Column("receipt", sa.Text(), server_default="", nullable=False),
        sa.Column("line_class", sa.Text(), server_default="", nullable=False),
        sa.Column("sign", sa.BigInteger(), nullable=False),
        sa.Column("amount_minor", sa.BigInteger(), nullable=False),
        sa.Column("currency", sa.Text(), server_default="", nullable=False),
        sa.Column("n", sa.BigInteger(), nullable=False),
        sa.Column("generation", sa.BigInteger(), nullable=False),
        sa.Column("completed_at_utc_s", sa.BigInteger(), nullable=False),
        sa.Column("value_date", sa.Text(), server_default="", nullable=False),
        sa.Column("has_seconds", sa.Boolean(), server_default="0", nullable=False),
        sa.Column("balance_minor", sa.BigInteger(), nullable=True),
        sa.Column("status", sa.Text(), server_default="", nullable=False),
        sa.Column("party", sa.Text(), server_default="", nullable=False),
        sa.Column("party_kind", sa.Text(), server_default="", nullable=False),
        sa.Column("party_phone", sa.Text(), server_default="", nullable=False),
        sa.Column("party_name", sa.Text(), server_default="", nullable=False),
        sa.Column("reference", sa.Text(), server_default="", nullable=False),
        sa.Column("details", sa.Text(), server_default="", nullable=False),
        sa.Column("reason_type", sa.Text(), server_default="", nullable=False),
        sa.Column("linked_receipt", sa.Text(), server_default="", nullable=False),
        sa.Column("external_id", sa.Text(), server_default="", nullable=False),
        sa.Column("repeats", sa.BigInteger(), nullable=False),
        sa.Column("conflict", sa.Boolean(), server_default="0", nullable=False),
        sa.Column("known_elsewhere", sa.Boolean(), server_default="0", nullable=False),
        sa.Column("first_statement_id", sa.BigInteger(), nullable=False),
        sa.Column("first_row", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["wallet_id"], ["wallet.wallet_id"], name=op.f("fk_line_wallet_id")
        ),
        sa.PrimaryKeyConstraint("line_id", name=op.f("pk_line")),
        sa.UniqueConstraint(
            "receipt",
            "wallet_id",
            "sub_account",
            "sign",
            "amount_minor",
            "n",
            "generation",
            name=op.f("uq_line_receipt_wallet_id_sub_account_sign_amount_minor_n_generation"),
        ),
    )
    op.create_index(
        "ix_line_reversed",
        "line",
        ["linked_receipt", "wallet_id"],
        unique=False,
        sqlite_where=sa.text("line_class = 'reversal'"),
        postgresql_where=sa.text("line_class = 'reversal'"),
    )
    op.create_index(
        "ix_line_wallet_id_value_date", "line", ["wallet_id", "value_date"], unique=False
    )


def _withdrawn_line() -> None:
    op.create_table(
        "withdrawn_line",
        sa.Column("line_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("wallet_id", sa.Integer(), nullable=False),
        sa.Column("sub_account", sa.Text(), server_default="", nullable=False),
        sa.Column("receipt", sa.Text(), server_default="", nullable=False),
        sa.Column("line_class", sa.Text(), server_default="", nullable=False),
        sa.Column("sign", sa.BigInteger(), nullable=False),
        sa.Column("amount_minor", sa.BigInteger(), nullable=False),
        sa.Column("currency", sa.Text(), server_default="", nullable=False),
        sa.Column("n", sa.BigInteger(), nullable=False),
        sa.Column("generation", sa.BigInteger(), nullable=False),
        sa.Column("completed_at_utc_s", sa.BigInteger(), nullable=False),
        sa.Column("value_date", sa.Text(), server_default="", nullable=False),
        sa.Column("has_seconds", sa.Boolean(), server_default="0", nullable=False),
        sa.Column("balance_minor", sa.BigInteger(), nullable=True),
        sa.Column("status", sa.Text(), server_default="", nullable=False),
        sa.Column("party", sa.Text(), server_default="", nullable=False),
        sa.Column("party_kind", sa.Text(), server_default="", nullable=False),
        sa.Column("party_phone", sa.Text(), server_default="", nullable=False),
        sa.Column("party_name", sa.Text(), server_default="", nullable=False),
        sa.Column("reference", sa.Text(), server_default="", nullable=False),
        sa.Column("details", sa.Text(), server_default="", nullable=False),
        sa.Column("reason_type", sa.Text(), server_default="", nullable=False),
        sa.Column("linked_receipt", sa.Text(), server_default="", nullable=False),
        sa.Column("external_id", sa.Text(), server_default="", nullable=False),
        sa.Column("repeats", sa.BigInteger(), nullable=False),
        sa.Column("conflict", sa.Boolean(), server_default="0", nullable=False),
        sa.Column("known_elsewhere", sa.Boolean(), server_default="0", nullable=False),
        sa.Column("first_statement_id", sa.BigInteger(), nullable=False),
        sa.Column("first_row", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["wallet_id"], ["wallet.wallet_id"], name=op.f("fk_withdrawn_line_wallet_id")
        ),
        sa.PrimaryKeyConstraint("line_id", name=op.f("pk_withdrawn_line")),
    )
    op.create_index("ix_withdrawn_line_receipt", "withdrawn_line", ["receipt"], unique=False)


def _statement() -> None:
    op.create_table(
        "statement",
        sa.Column("statement_id", sa.Integer(), nullable=False),
        sa.Column("file_id", sa.Integer(), nullable=False),
        sa.Column("wallet_id", sa.Integer(), nullable=True),
        sa.Column("member", sa.Text(), server_default="", nullable=False),
        sa.Column("delivered_name", sa.Text(), server_default="", nullable=False),
        sa.Column("outcome", sa.Text(), server_default="", nullable=False),
        sa.Column("reason_code", sa.Text(), server_default="", nullable=False),
        sa.Column("reason_json", sa.Text(), server_default="", nullable=False),
        sa.Column("layout", sa.Text(), server_default="", nullable=False),
        sa.Column("sub_account", sa.Text(), server_default="", nullable=False),
        sa.Column("period_from_utc_s", sa.BigInteger(), nullable=True),
        sa.Column("period_to_utc_s", sa.BigInteger(), nullable=True),
        sa.Column("reported_at_utc_s", sa.BigInteger(), nullable=True),
        sa.Column("opening_minor", sa.BigInteger(), nullable=True),
        sa.Column("closing_minor", sa.BigInteger(), nullable=True),
        sa.Column("total_in_minor", sa.BigInteger(), nullable=True),
        sa.Column("total_out_minor", sa.BigInteger(), nullable=True),
        sa.Column("data_rows", sa.BigInteger(), nullable=False),
        sa.Column("new_lines", sa.BigInteger(), nullable=False),
        sa.Column("repeat_lines", sa.BigInteger(), nullable=False),
        sa.Column("refused_rows", sa.BigInteger(), nullable=False),
        sa.Column("skipped_rows", sa.BigInteger(), nullable=False),
        sa.Column("skipped_json", sa.Text(), server_default="", nullable=False),
        sa.Column("in_minor", sa.BigInteger(), nullable=False),
        sa.Column("out_minor", sa.BigInteger(), nullable=False),
        sa.Column("fees_minor", sa.BigInteger(), nullable=False),
        sa.Column("classes_json", sa.Text(), server_default="", nullable=False),
        sa.Column("proof", sa.Text(), server_default="", nullable=False),
        sa.Column("proof_json", sa.Text(), server_default="", nullable=False),
        sa.Column("read_at_utc", sa.Text(), server_default="", nullable=False),
        sa.Column("run_id", sa.Text(), server_default="", nullable=False),
        sa.Column("complete", sa.Boolean(), server_default="0", nullable=False),
        sa.Column("current", sa.Boolean(), server_default="0", nullable=False),
        sa.Column("withdrawn_at_utc", sa.Text(), server_default="", nullable=False),
        sa.ForeignKeyConstraint(["file_id"], ["file.file_id"], name=op.f("fk_statement_file_id")),
        sa.ForeignKeyConstraint(
            ["wallet_id"], ["wallet.wallet_id"], name=op.f("fk_statement_wallet_id")
        ),
        sa.PrimaryKeyConstraint("statement_id", name=op.f("pk_statement")),
    )
    op.create_index(op.f("ix_statement_file_id"), "statement", ["file_id"], unique=False)
    op.create_index(op.f("ix_statement_wallet_id"), "statement", ["wallet_id"], unique=False)


def _refused_row() -> None:
    op.create_table(
        "refused_row",
        sa.Column("statement_id", sa.Integer(), nullable=False),
        sa.Column("row", sa.Integer(), nullable=False),
        sa.Column("sheet", sa.Text(), server_default="", nullable=False),
        sa.Column("code", sa.Text(), server_default="", nullable=False),
        sa.Column("receipt", sa.Text(), server_default="", nullable=False),
        sa.Column("field", sa.Text(), server_default="", nullable=False),
        sa.Column("expected", sa.Text(), server_default="", nullable=False),
        sa.Column("in_minor", sa.BigInteger(), nullable=True),
        sa.Column("out_minor", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(
            ["statement_id"], ["statement.statement_id"], name=op.f("fk_refused_row_statement_id")
        ),
        sa.PrimaryKeyConstraint("statement_id", "row", name=op.f("pk_refused_row")),
    )
