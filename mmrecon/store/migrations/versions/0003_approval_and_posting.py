"""Workbooks, batches, postings and links."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    _answer()
    _batch()
    _exchange()
    _hold()
    _link()
    _proof_day()
    _review_reason()
    _workbook()
    _workbook_return()
    _batch_row()
    _posting()
    _signature()
    _workbook_row()


def _answer() -> None:
    op.create_table(
        "answer",
        sa.Column("answer_id", sa.Integer(), nullable=False),
        sa.Column("return_id", sa.BigInteger(), nullable=False),
        sa.Column("workbook_id", sa.Text(), server_default="", nullable=False),
        sa.Column("row_id", sa.Text(), server_default="", nullable=False),
        sa.Column("line_id", sa.BigInteger(), nullable=True),
        sa.Column("decision", sa.Text(), server_default="", nullable=False),
        sa.Column("details_json", sa.Text(), server_default="", nullable=False),
        sa.Column("accepted", sa.Boolean(), server_default="0", nullable=False),
        sa.Column("reason_code", sa.Text(), server_default="", nullable=False),
        sa.Column("reason_json", sa.Text(), server_default="", nullable=False),
        sa.Column("person", sa.Text(), server_default="", nullable=False),
        sa.Column("at_utc", sa.Text(), server_default="", nullable=False),
        sa.PrimaryKeyConstraint("answer_id", name=op.f("pk_answer")),
    )
    op.create_index("ix_answer_line_id", "answer", ["line_id"], unique=False)


def _batch() -> None:
    op.create_table(
        "batch",
        sa.Column("batch_id", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), server_default="", nullable=False),
        sa.Column("state", sa.Text(), server_default="", nullable=False),
        sa.Column("canonical_text", sa.Text(), server_default="", nullable=False),
        sa.Column("digest", sa.Text(), server_default="", nullable=False),
        sa.Column("row_count", sa.BigInteger(), nullable=False),
        sa.Column("totals_json", sa.Text(), server_default="", nullable=False),
        sa.Column("prepared_by", sa.Text(), server_default="", nullable=False),
        sa.Column("prepared_at_utc", sa.Text(), server_default="", nullable=False),
        sa.Column("decided_by", sa.Text(), server_default="", nullable=False),
        sa.Column("decided_at_utc", sa.Text(), server_default="", nullable=False),
        sa.Column("reason", sa.Text(), server_default="", nullable=False),
        sa.Column("settings_digest", sa.Text(), server_default="", nullable=False),
        sa.Column("run_id", sa.Text(), server_default="", nullable=False),
        sa.PrimaryKeyConstraint("batch_id", name=op.f("pk_batch")),
    )


def _exchange() -> None:
    op.create_table(
        "exchange",
        sa.Column("exchange_id", sa.Integer(), nullable=False),
        sa.Column("posting_id", sa.BigInteger(), nullable=False),
        sa.Column("sent_at_utc", sa.Text(), server_default="", nullable=False),
        sa.Column("heard_at_utc", sa.Text(), server_default="", nullable=False),
        sa.Column("idempotency_key", sa.Text(), server_default="", nullable=False),
        sa.Column("status", sa.BigInteger(), nullable=True),
        sa.Column("meaning", sa.Text(), server_default="", nullable=False),
        sa.Column("code", sa.Text(), server_default="", nullable=False),
        sa.Column("transaction_id", sa.Text(), server_default="", nullable=False),
        sa.PrimaryKeyConstraint("exchange_id", name=op.f("pk_exchange")),
    )
    op.create_index("ix_exchange_posting_id", "exchange", ["posting_id"], unique=False)


def _hold() -> None:
    op.create_table(
        "hold",
        sa.Column("hold_id", sa.Integer(), nullable=False),
        sa.Column("line_id", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.Text(), server_default="", nullable=False),
        sa.Column("until", sa.Text(), server_default="", nullable=False),
        sa.Column("batch_id", sa.Text(), server_default="", nullable=False),
        sa.Column("batch_row", sa.BigInteger(), nullable=False),
        sa.Column("reason", sa.Text(), server_default="", nullable=False),
        sa.Column("at_utc", sa.Text(), server_default="", nullable=False),
        sa.Column("ended", sa.Boolean(), server_default="0", nullable=False),
        sa.PrimaryKeyConstraint("hold_id", name=op.f("pk_hold")),
    )
    op.create_index("ix_hold_line_id", "hold", ["line_id"], unique=False)


def _link() -> None:
    op.create_table(
        "link",
        sa.Column("link_id", sa.Integer(), nullable=False),
        sa.Column("batch_id", sa.Text(), nullable=False),
        sa.Column("batch_row", sa.Integer(), nullable=False),
        sa.Column("source", sa.Text(), server_default="", nullable=False),
        sa.Column("line_id", sa.BigInteger(), nullable=True),
        sa.Column("item_id", sa.BigInteger(), nullable=True),
        sa.Column("kind", sa.Text(), server_default="", nullable=False),
        sa.Column("amount_minor", sa.BigInteger(), nullable=False),
        sa.Column("account_kind", sa.Text(), server_default="", nullable=False),
        sa.Column("account_id", sa.BigInteger(), nullable=True),
        sa.Column("transaction_id", sa.Text(), server_default="", nullable=False),
        sa.Column("paper_reference", sa.Text(), server_default="", nullable=False),
        sa.Column("reason", sa.Text(), server_default="", nullable=False),
        sa.Column("withdrawn", sa.Boolean(), server_default="0", nullable=False),
        sa.Column("at_utc", sa.Text(), server_default="", nullable=False),
        sa.PrimaryKeyConstraint("link_id", name=op.f("pk_link")),
        sa.UniqueConstraint("batch_id", "batch_row", name=op.f("uq_link_batch_id_batch_row")),
    )
    op.create_index("ix_link_account_id", "link", ["account_id"], unique=False)
    op.create_index("ix_link_line_id", "link", ["line_id"], unique=False)
    op.create_index("ix_link_transaction", "link", ["account_kind", "transaction_id"], unique=False)


def _proof_day() -> None:
    op.create_table(
        "proof_day",
        sa.Column("proof_day_id", sa.Integer(), nullable=False),
        sa.Column("wallet_id", sa.BigInteger(), nullable=False),
        sa.Column("sub_account", sa.Text(), server_default="", nullable=False),
        sa.Column("day", sa.Text(), server_default="", nullable=False),
        sa.Column("light", sa.Text(), server_default="", nullable=False),
        sa.Column("proof", sa.Text(), server_default="", nullable=False),
        sa.Column("table_json", sa.Text(), server_default="", nullable=False),
        sa.Column("run_id", sa.Text(), server_default="", nullable=False),
        sa.Column("at_utc", sa.Text(), server_default="", nullable=False),
        sa.PrimaryKeyConstraint("proof_day_id", name=op.f("pk_proof_day")),
    )
    op.create_index("ix_proof_day_wallet_id_day", "proof_day", ["wallet_id", "day"], unique=False)


def _review_reason() -> None:
    op.create_table(
        "review_reason",
        sa.Column("review_reason_id", sa.Integer(), nullable=False),
        sa.Column("line_id", sa.BigInteger(), nullable=False),
        sa.Column("code", sa.Text(), server_default="", nullable=False),
        sa.Column("arguments_json", sa.Text(), server_default="", nullable=False),
        sa.Column("at_utc", sa.Text(), server_default="", nullable=False),
        sa.Column("cleared", sa.Boolean(), server_default="0", nullable=False),
        sa.PrimaryKeyConstraint("review_reason_id", name=op.f("pk_review_reason")),
    )
    op.create_index("ix_review_reason_line_id", "review_reason", ["line_id"], unique=False)


def _workbook() -> None:
    op.create_table(
        "workbook",
        sa.Column("workbook_id", sa.Text(), nullable=False),
        sa.Column("written_at_utc", sa.Text(), server_default="", nullable=False),
        sa.Column("run_id", sa.Text(), server_default="", nullable=False),
        sa.Column("path", sa.Text(), server_default="", nullable=False),
        sa.Column("sha256", sa.Text(), server_default="", nullable=False),
        sa.Column("expires_on", sa.Text(), server_default="", nullable=False),
        sa.PrimaryKeyConstraint("workbook_id", name=op.f("pk_workbook")),
    )


def _workbook_return() -> None:
    op.create_table(
        "workbook_return",
        sa.Column("return_id", sa.Integer(), nullable=False),
        sa.Column("workbook_id", sa.Text(), server_default="", nullable=False),
        sa.Column("sha256", sa.Text(), server_default="", nullable=False),
        sa.Column("archived_as", sa.Text(), server_default="", nullable=False),
        sa.Column("person", sa.Text(), server_default="", nullable=False),
        sa.Column("returned_at_utc", sa.Text(), server_default="", nullable=False),
        sa.Column("run_id", sa.Text(), server_default="", nullable=False),
        sa.PrimaryKeyConstraint("return_id", name=op.f("pk_workbook_return")),
    )


def _batch_row() -> None:
    op.create_table(
        "batch_row",
        sa.Column("batch_id", sa.Text(), nullable=False),
        sa.Column("row_number", sa.Integer(), nullable=False),
        sa.Column("row_json", sa.Text(), server_default="", nullable=False),
        sa.Column("line_id", sa.BigInteger(), nullable=True),
        sa.Column("item_id", sa.BigInteger(), nullable=True),
        sa.Column("source", sa.Text(), server_default="", nullable=False),
        sa.Column("rejected", sa.Boolean(), server_default="0", nullable=False),
        sa.Column("reject_reason", sa.Text(), server_default="", nullable=False),
        sa.ForeignKeyConstraint(
            ["batch_id"], ["batch.batch_id"], name=op.f("fk_batch_row_batch_id")
        ),
        sa.PrimaryKeyConstraint("batch_id", "row_number", name=op.f("pk_batch_row")),
    )
    op.create_index("ix_batch_row_line_id", "batch_row", ["line_id"], unique=False)


def _posting() -> None:
    op.create_table(
        "posting",
        sa.Column("posting_id", sa.Integer(), nullable=False),
        sa.Column("batch_id", sa.Text(), nullable=False),
        sa.Column("batch_row", sa.Integer(), nullable=False),
        sa.Column("wallet_id", sa.Integer(), nullable=False),
        sa.Column("source", sa.Text(), server_default="", nullable=False),
        sa.Column("line_id", sa.BigInteger(), nullable=True),
        sa.Column("item_id", sa.BigInteger(), nullable=True),
        sa.Column("purpose", sa.Text(), server_default="", nullable=False),
        sa.Column("leg", sa.BigInteger(), nullable=False),
        sa.Column("attempt", sa.BigInteger(), nullable=False),
        sa.Column("resend", sa.BigInteger(), nullable=False),
        sa.Column("command", sa.Text(), server_default="", nullable=False),
        sa.Column("account_kind", sa.Text(), server_default="", nullable=False),
        sa.Column("account_id", sa.BigInteger(), nullable=False),
        sa.Column("account_no", sa.Text(), server_default="", nullable=False),
        sa.Column("client_id", sa.BigInteger(), nullable=True),
        sa.Column("amount_minor", sa.BigInteger(), nullable=False),
        sa.Column("posted_minor", sa.BigInteger(), nullable=False),
        sa.Column("currency", sa.Text(), server_default="", nullable=False),
        sa.Column("value_date", sa.Text(), server_default="", nullable=False),
        sa.Column("payment_type_id", sa.BigInteger(), nullable=False),
        sa.Column("receipt", sa.Text(), server_default="", nullable=False),
        sa.Column("idempotency_key", sa.Text(), nullable=False),
        sa.Column("external_id", sa.Text(), server_default="", nullable=False),
        sa.Column("shadow", sa.Boolean(), server_default="0", nullable=False),
        sa.Column("state", sa.Text(), server_default="", nullable=False),
        sa.Column("transaction_id", sa.Text(), server_default="", nullable=False),
        sa.Column("approved_at_utc", sa.Text(), server_default="", nullable=False),
        sa.Column("sent_at_utc", sa.Text(), server_default="", nullable=False),
        sa.Column("changed_at_utc", sa.Text(), server_default="", nullable=False),
        sa.Column("reason", sa.Text(), server_default="", nullable=False),
        sa.Column("envelope", sa.Text(), server_default="", nullable=False),
        sa.Column("sent_how", sa.Text(), server_default="", nullable=False),
        sa.Column("paid_on", sa.Text(), server_default="", nullable=False),
        sa.Column("date_reason", sa.Text(), server_default="", nullable=False),
        sa.CheckConstraint("amount_minor > 0", name=op.f("ck_posting_amount")),
        sa.CheckConstraint("posted_minor > 0", name=op.f("ck_posting_posted")),
        sa.ForeignKeyConstraint(
            ["wallet_id"], ["wallet.wallet_id"], name=op.f("fk_posting_wallet_id")
        ),
        sa.PrimaryKeyConstraint("posting_id", name=op.f("pk_posting")),
        sa.UniqueConstraint("batch_id", "batch_row", name=op.f("uq_posting_batch_id_batch_row")),
        sa.UniqueConstraint("idempotency_key", name=op.f("uq_posting_idempotency_key")),
        sa.UniqueConstraint(
            "source",
            "purpose",
            "leg",
            "attempt",
            name=op.f("uq_posting_source_purpose_leg_attempt"),
        ),
    )
    op.create_index("ix_posting_account", "posting", ["account_kind", "account_id"], unique=False)
    op.create_index("ix_posting_item_id", "posting", ["item_id"], unique=False)
    op.create_index("ix_posting_line_id", "posting", ["line_id"], unique=False)
    op.create_index("ix_posting_state", "posting", ["state"], unique=False)


def _signature() -> None:
    op.create_table(
        "signature",
        sa.Column("signature_id", sa.Integer(), nullable=False),
        sa.Column("batch_id", sa.Text(), nullable=False),
        sa.Column("digest", sa.Text(), server_default="", nullable=False),
        sa.Column("act", sa.Text(), server_default="", nullable=False),
        sa.Column("rejected_rows_json", sa.Text(), server_default="", nullable=False),
        sa.Column("fingerprint", sa.Text(), server_default="", nullable=False),
        sa.Column("signed_at_utc", sa.Text(), server_default="", nullable=False),
        sa.Column("signature", sa.Text(), server_default="", nullable=False),
        sa.ForeignKeyConstraint(
            ["batch_id"], ["batch.batch_id"], name=op.f("fk_signature_batch_id")
        ),
        sa.PrimaryKeyConstraint("signature_id", name=op.f("pk_signature")),
        sa.UniqueConstraint(
            "batch_id", "act", "fingerprint", name=op.f("uq_signature_batch_id_act_fingerprint")
        ),
    )
    op.create_index(op.f("ix_signature_batch_id"), "signature", ["batch_id"], unique=False)


def _workbook_row() -> None:
    op.create_table(
        "workbook_row",
        sa.Column("workbook_id", sa.Text(), nullable=False),
        sa.Column("row_id", sa.Text(), nullable=False),
        sa.Column("line_id", sa.BigInteger(), nullable=True),
        sa.Column("section", sa.Text(), server_default="", nullable=False),
        sa.Column("digest", sa.Text(), server_default="", nullable=False),
        sa.Column("facts_json", sa.Text(), server_default="", nullable=False),
        sa.ForeignKeyConstraint(
            ["workbook_id"], ["workbook.workbook_id"], name=op.f("fk_workbook_row_workbook_id")
        ),
        sa.PrimaryKeyConstraint("workbook_id", "row_id", name=op.f("pk_workbook_row")),
    )
