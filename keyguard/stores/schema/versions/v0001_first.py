"""The first schema: inventory, journal, audit log, nonces."""

import sqlalchemy as sa
from alembic import op

from keyguard.stores.schema.guards import keep, on_postgres

revision = "0001"
down_revision = None
_WHY = "is append-only"


def upgrade() -> None:
    _inventory()
    _journal()
    _audit()
    op.create_table(
        "nonces",
        sa.Column("scope", sa.String, primary_key=True),
        sa.Column("last", sa.BigInteger, nullable=False),
    )


def _inventory() -> None:
    op.create_table(
        "keys",
        sa.Column("id", sa.String, primary_key=True),
        sa.Column("name", sa.String, nullable=False, unique=True),
        sa.Column("venue", sa.String, nullable=False),
        sa.Column("desk", sa.String, nullable=False),
        sa.Column("label", sa.String, nullable=False),
        sa.Column("kind", sa.String, nullable=False),
        sa.Column("environment", sa.String, nullable=False),
        sa.Column("owner", sa.String, nullable=False),
        sa.Column("account", sa.String, nullable=False),
        sa.Column("purpose", sa.String, nullable=False),
        sa.Column("needs", sa.String, nullable=False),
    )
    op.create_table(
        "versions",
        sa.Column("id", sa.String, primary_key=True),
        sa.Column("key_id", sa.String, sa.ForeignKey("keys.id", ondelete="CASCADE"), nullable=False),
        sa.Column("number", sa.Integer, nullable=False),
        sa.Column("public_id", sa.String, nullable=False, index=True),
        sa.Column("fingerprint", sa.String, nullable=False),
        sa.Column("status", sa.String, nullable=False),
        sa.Column("created_at", sa.String, nullable=False),
        sa.Column("venue_ref", sa.String, nullable=False),
        sa.UniqueConstraint("key_id", "number"),
    )
    op.create_index(
        "one_live_version",
        "versions",
        ["key_id"],
        unique=True,
        sqlite_where=sa.text("status = 'live'"),
        postgresql_where=sa.text("status = 'live'"),
    )
    op.create_table(
        "observations",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("version_id", sa.String, sa.ForeignKey("versions.id", ondelete="CASCADE"), nullable=False),
        sa.Column("at", sa.String, nullable=False),
        sa.Column("report", sa.String, nullable=False),
        sa.Index("observations_by_version", "version_id", "at"),
    )
    op.create_table(
        "leases",
        sa.Column("id", sa.String, primary_key=True),
        sa.Column(
            "version_id",
            sa.String,
            sa.ForeignKey("versions.id", ondelete="CASCADE"),
            nullable=False,
            index=True,
        ),
        sa.Column("pid", sa.Integer, nullable=False),
        sa.Column("started", sa.String, nullable=False),
        sa.Column("command", sa.String, nullable=False),
        sa.Column("at", sa.String, nullable=False),
        sa.Column("ended_at", sa.String),
    )


def _journal() -> None:
    op.create_table(
        "workflows",
        sa.Column("id", sa.String, primary_key=True),
        sa.Column("kind", sa.String, nullable=False),
        sa.Column("key_id", sa.String, nullable=False),
        sa.Column("state", sa.String, nullable=False),
        sa.Column("opened_at", sa.String, nullable=False),
        sa.Column("updated_at", sa.String, nullable=False),
        sa.Column("data", sa.String, nullable=False),
        sa.Column("finished", sa.Boolean, nullable=False),
    )
    op.create_index(
        "one_unfinished_workflow",
        "workflows",
        ["key_id"],
        unique=True,
        sqlite_where=sa.text("finished = 0"),
        postgresql_where=sa.text("NOT finished"),
    )
    op.create_table(
        "calls",
        sa.Column(
            "workflow_id", sa.String, sa.ForeignKey("workflows.id", ondelete="CASCADE"), primary_key=True
        ),
        sa.Column("operation", sa.String, primary_key=True),
        sa.Column("seq", sa.Integer, primary_key=True),
        sa.Column("method", sa.String, nullable=False),
        sa.Column("path", sa.String, nullable=False),
        sa.Column("effect", sa.String, nullable=False),
        sa.Column("reply", sa.LargeBinary),
    )


def _audit() -> None:
    op.create_table(
        "audit_records",
        sa.Column("number", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("stream", sa.String, nullable=False),
        sa.Column("record", sa.LargeBinary, nullable=False),
        sa.Column("chain", sa.LargeBinary, nullable=False),
        # The number is then a value of the row like any other: no byte of a row is without meaning.
        sqlite_with_rowid=False,
    )
    op.create_table(
        "audit_private",
        sa.Column(
            "number",
            sa.Integer,
            sa.ForeignKey("audit_records.number"),
            primary_key=True,
            autoincrement=False,
        ),
        sa.Column("opening", sa.LargeBinary, nullable=False),
        sa.Column("private", sa.LargeBinary, nullable=False),
    )
    op.create_table(
        "audit_streams",
        sa.Column("stream", sa.String, primary_key=True),
        sa.Column("records", sa.Integer, nullable=False),
    )
    op.create_table(
        "audit_head",
        sa.Column(
            "only", sa.Integer, sa.CheckConstraint('"only" = 1'), primary_key=True, autoincrement=False
        ),
        sa.Column("records", sa.Integer, nullable=False),
        sa.Column("chain", sa.LargeBinary, nullable=False),
        sa.Column("last", sa.String),
        sa.Column("clock", sa.String),
    )
    head = sa.table("audit_head", sa.column("only"), sa.column("records"), sa.column("chain", sa.LargeBinary))
    op.bulk_insert(head, [{"only": 1, "records": 0, "chain": bytes(32)}])
    keep("audit_records", "UPDATE", _WHY)
    keep("audit_records", "DELETE", _WHY)
    keep("audit_private", "UPDATE", _WHY)  # a deletion is allowed: retention ends, the commitment stays
    keep("audit_head", "DELETE", _WHY)
    if not on_postgres():
        # REPLACE, which PostgreSQL has not, deletes without firing a trigger for deletion.
        op.execute(
            "CREATE TRIGGER audit_records_no_replace BEFORE INSERT ON audit_records "
            "WHEN EXISTS (SELECT 1 FROM audit_records WHERE number = NEW.number) "
            "BEGIN SELECT RAISE(ABORT, 'audit_records is append-only'); END"
        )
