"""Matches, what they rest on, and people."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    _enrolment()
    _invitation()
    _item()
    _match()
    _match_source()
    _snapshot()


def _enrolment() -> None:
    op.create_table(
        "enrolment",
        sa.Column("fingerprint", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), server_default="", nullable=False),
        sa.Column("roles_json", sa.Text(), server_default="", nullable=False),
        sa.Column("public_key", sa.Text(), server_default="", nullable=False),
        sa.Column("enrolled_at_utc", sa.Text(), server_default="", nullable=False),
        sa.Column("founder", sa.Boolean(), server_default="0", nullable=False),
        sa.Column("revoked_at_utc", sa.Text(), server_default="", nullable=False),
        sa.Column("revoked_by", sa.Text(), server_default="", nullable=False),
        sa.PrimaryKeyConstraint("fingerprint", name=op.f("pk_enrolment")),
    )


def _invitation() -> None:
    op.create_table(
        "invitation",
        sa.Column("invitation_id", sa.Integer(), nullable=False),
        sa.Column("name", sa.Text(), server_default="", nullable=False),
        sa.Column("roles_json", sa.Text(), server_default="", nullable=False),
        sa.Column("code_salt", sa.Text(), server_default="", nullable=False),
        sa.Column("code_hash", sa.Text(), server_default="", nullable=False),
        sa.Column("expires_at_utc", sa.Text(), server_default="", nullable=False),
        sa.Column("used_at_utc", sa.Text(), server_default="", nullable=False),
        sa.Column("invited_by", sa.Text(), server_default="", nullable=False),
        sa.Column("founder", sa.Boolean(), server_default="0", nullable=False),
        sa.PrimaryKeyConstraint("invitation_id", name=op.f("pk_invitation")),
    )


def _item() -> None:
    op.create_table(
        "item",
        sa.Column("item_id", sa.Integer(), nullable=False),
        sa.Column("item_key", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), server_default="", nullable=False),
        sa.Column("request_id", sa.Text(), server_default="", nullable=False),
        sa.Column("client_id", sa.BigInteger(), nullable=True),
        sa.Column("account_kind", sa.Text(), server_default="", nullable=False),
        sa.Column("account_id", sa.BigInteger(), nullable=False),
        sa.Column("account_no", sa.Text(), server_default="", nullable=False),
        sa.Column("phone", sa.Text(), server_default="", nullable=False),
        sa.Column("amount_minor", sa.BigInteger(), nullable=False),
        sa.Column("posted_minor", sa.BigInteger(), nullable=False),
        sa.Column("currency", sa.Text(), server_default="", nullable=False),
        sa.Column("requested_on", sa.Text(), server_default="", nullable=False),
        sa.Column("state", sa.Text(), server_default="", nullable=False),
        sa.Column("imported_at_utc", sa.Text(), server_default="", nullable=False),
        sa.Column("source_name", sa.Text(), server_default="", nullable=False),
        sa.PrimaryKeyConstraint("item_id", name=op.f("pk_item")),
        sa.UniqueConstraint("item_key", name=op.f("uq_item_item_key")),
    )


def _match() -> None:
    op.create_table(
        "match",
        sa.Column("match_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("line_id", sa.BigInteger(), nullable=False),
        sa.Column("source_id", sa.Integer(), server_default="0", nullable=False),
        sa.Column("superseded_by_run_id", sa.Text(), server_default="", nullable=False),
        sa.Column("state", sa.Text(), server_default="", nullable=False),
        sa.Column("tier", sa.Text(), server_default="", nullable=False),
        sa.Column("rule", sa.Text(), server_default="", nullable=False),
        sa.Column("vetoes", sa.Text(), server_default="", nullable=False),
        sa.Column("suggestions", sa.Text(), server_default="", nullable=False),
        sa.Column("legs", sa.Text(), server_default="", nullable=False),
        sa.Column("legs_json", sa.Text(), server_default="", nullable=False),
        sa.Column("candidates_json", sa.Text(), server_default="", nullable=False),
        sa.Column("client_id", sa.BigInteger(), nullable=True),
        sa.Column("item_id", sa.BigInteger(), nullable=True),
        sa.Column("explanation", sa.Text(), server_default="", nullable=False),
        sa.Column("explanation_json", sa.Text(), server_default="", nullable=False),
        sa.Column("one_kind", sa.Text(), server_default="", nullable=False),
        sa.Column("one_account_id", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("one_account_no", sa.Text(), server_default="", nullable=False),
        sa.Column("one_minor", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("one_client_no", sa.Text(), server_default="", nullable=False),
        sa.Column("one_reference", sa.Text(), server_default="", nullable=False),
        sa.PrimaryKeyConstraint("match_id", name=op.f("pk_match")),
    )
    op.create_index("ix_match_line_id", "match", ["line_id"], unique=False)


def _match_source() -> None:
    op.create_table(
        "match_source",
        sa.Column("source_id", sa.Integer(), nullable=False),
        sa.Column("run_id", sa.Text(), server_default="", nullable=False),
        sa.Column("snapshot_id", sa.BigInteger(), nullable=True),
        sa.Column("policy_digest", sa.Text(), server_default="", nullable=False),
        sa.PrimaryKeyConstraint("source_id", name=op.f("pk_match_source")),
    )


def _snapshot() -> None:
    op.create_table(
        "snapshot",
        sa.Column("snapshot_id", sa.Integer(), nullable=False),
        sa.Column("taken_at_utc", sa.Text(), server_default="", nullable=False),
        sa.Column("source", sa.Text(), server_default="", nullable=False),
        sa.Column("file_name", sa.Text(), server_default="", nullable=False),
        sa.Column("digest", sa.Text(), server_default="", nullable=False),
        sa.Column("clients", sa.BigInteger(), nullable=False),
        sa.Column("accounts", sa.BigInteger(), nullable=False),
        sa.Column("run_id", sa.Text(), server_default="", nullable=False),
        sa.Column("office_name", sa.Text(), server_default="", nullable=False),
        sa.Column("office_opened_on", sa.Text(), server_default="", nullable=False),
        sa.PrimaryKeyConstraint("snapshot_id", name=op.f("pk_snapshot")),
    )
