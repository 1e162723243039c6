"""Seals of the log, signed checkpoints, what witnesses and time-stampers say of them, and pruned records."""

import sqlalchemy as sa
from alembic import op

from keyguard.stores.schema.guards import keep, on_postgres

revision = "0009"
down_revision = "0008"
_WHY = "is append-only"


def upgrade() -> None:
    op.create_table("audit_logs", sa.Column("first", sa.Integer, primary_key=True, autoincrement=False))
    op.create_table(
        "seals",
        sa.Column("log", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("no", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("seal", sa.LargeBinary, nullable=False),
        sa.Column("records", sa.Integer, nullable=False),
        sa.Column("vkey", sa.String, nullable=False),
        sa.Column("tree", sa.LargeBinary, nullable=False),
        sa.Column("secret", sa.LargeBinary, nullable=False),
    )
    op.create_table(
        "seal_streams",
        sa.Column("log", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("stream", sa.String, primary_key=True),
        sa.Column("no", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("size", sa.Integer, nullable=False),
        sa.Column("tree", sa.LargeBinary, nullable=False),
        sa.ForeignKeyConstraint(["log", "no"], ["seals.log", "seals.no"]),
    )
    op.create_table(
        "checkpoints",
        sa.Column("log", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("size", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("note", sa.String, nullable=False),
    )
    op.create_table(
        "checkpoint_anchors",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("log", sa.Integer, nullable=False),
        sa.Column("size", sa.Integer, nullable=False),
        sa.Column("kind", sa.String, nullable=False),
        sa.Column("anchor", sa.LargeBinary, nullable=False),
        sa.ForeignKeyConstraint(["log", "size"], ["checkpoints.log", "checkpoints.size"]),
        sa.Index("anchors_by_checkpoint", "log", "size"),
    )
    op.create_table(
        "audit_pruned",
        sa.Column("number", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("stream", sa.String, nullable=False),
        sa.Column("n", sa.Integer, nullable=False),
        sa.Column("leaf", sa.LargeBinary, nullable=False),
        sa.Column("chain", sa.LargeBinary, nullable=False),
        sa.Index("pruned_by_stream", "stream"),
    )
    for table in ("audit_logs", "seals", "seal_streams", "checkpoints", "checkpoint_anchors", "audit_pruned"):
        keep(table, "UPDATE", _WHY)
        keep(table, "DELETE", _WHY)
    _allow_pruning()


def _allow_pruning() -> None:
    """A record may go once its leaf hash is kept, its private part before it."""
    kept = "EXISTS (SELECT 1 FROM audit_pruned WHERE number = OLD.number)"
    if on_postgres():
        op.execute(
            "CREATE OR REPLACE FUNCTION audit_records_no_delete() RETURNS trigger LANGUAGE plpgsql AS "
            f"$$ BEGIN IF TG_OP = 'DELETE' THEN IF {kept} THEN RETURN OLD; END IF; END IF; "
            "RAISE EXCEPTION 'audit_records is append-only'; END $$"
        )
        return
    op.execute("DROP TRIGGER audit_records_no_delete")
    op.execute(
        f"CREATE TRIGGER audit_records_no_delete BEFORE DELETE ON audit_records WHEN NOT {kept} "
        "BEGIN SELECT RAISE(ABORT, 'audit_records is append-only'); END"
    )
