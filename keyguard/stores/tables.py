"""The tables, as the newest migration leaves them.

Instants are text (`canonical.format_instant`), so they sort.
"""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    UniqueConstraint,
    text,
)

METADATA = MetaData()
"""For queries; tables are made by the migrations. Options for PostgreSQL stand there alone: naming one here
would load its whole dialect into every command."""


def _of(parent: str) -> ForeignKey:
    return ForeignKey(parent, ondelete="CASCADE")


KEYS = Table(
    "keys",
    METADATA,
    Column("id", String, primary_key=True),
    Column("name", String, nullable=False, unique=True),
    Column("venue", String, nullable=False),
    Column("desk", String, nullable=False),
    Column("label", String, nullable=False),
    Column("kind", String, nullable=False),
    Column("environment", String, nullable=False),
    Column("owner", String, nullable=False),
    Column("account", String, nullable=False),
    Column("purpose", String, nullable=False),
    Column("needs", String, nullable=False),
)

VERSIONS = Table(
    "versions",
    METADATA,
    Column("id", String, primary_key=True),
    Column("key_id", String, _of("keys.id"), nullable=False),
    Column("number", Integer, nullable=False),
    Column("public_id", String, nullable=False, index=True),
    Column("fingerprint", String, nullable=False),
    Column("status", String, nullable=False),
    Column("created_at", String, nullable=False),
    Column("venue_ref", String, nullable=False),
    UniqueConstraint("key_id", "number"),
)
Index(
    "one_live_version",
    VERSIONS.c.key_id,
    unique=True,
    sqlite_where=text("status = 'live'"),  # on PostgreSQL too: see METADATA
)

OBSERVATIONS = Table(
    "observations",
    METADATA,
    Column("id", Integer, primary_key=True),
    Column("version_id", String, _of("versions.id"), nullable=False),
    Column("at", String, nullable=False),
    Column("report", String, nullable=False),
    Index("observations_by_version", "version_id", "at"),
)

LEASES = Table(
    "leases",
    METADATA,
    Column("id", String, primary_key=True),
    Column("version_id", String, _of("versions.id"), nullable=False, index=True),
    Column("pid", Integer, nullable=False),
    Column("started", String, nullable=False),
    Column("command", String, nullable=False),
    Column("at", String, nullable=False),
    Column("ended_at", String),
    Column("person", String, nullable=False, server_default=""),
    Column("grant_id", String, nullable=False, server_default=""),
    Column("host", String, nullable=False, server_default=""),
)


def _history(name: str) -> Table:
    """Rows that are changed but never deleted. `person`: whom it is about, "" where it is about none."""
    return Table(
        name,
        METADATA,
        Column("id", String, primary_key=True),
        Column("person", String, nullable=False, index=True),
        Column("since", String, nullable=False),
        Column("facts", String, nullable=False),
    )


DESKS, PERSONS, PARTIES = _history("desks"), _history("persons"), _history("parties")
GRANTS, APPROVALS = _history("grants"), _history("approvals")
SIGNING_KEYS, REVIEWS = _history("signing_keys"), _history("reviews")

TOLD = Table(
    "told",
    METADATA,
    Column("name", String, primary_key=True),
    Column("value", String, nullable=False),
)

FINDINGS = Table(
    "findings",
    METADATA,
    Column("id", String, primary_key=True),
    Column("state", String, nullable=False, index=True),
    Column("since", String, nullable=False),
    Column("facts", String, nullable=False),
)

ALERTS = Table(
    "alerts",
    METADATA,
    Column("id", String, primary_key=True),
    Column("since", String, nullable=False),
    Column("facts", String, nullable=False),
)

INCIDENTS = Table(
    "incidents",
    METADATA,
    Column("id", String, primary_key=True),
    Column("trigger", String, unique=True),
    Column("since", String, nullable=False),
    Column("over", Boolean, nullable=False, index=True),
    Column("facts", String, nullable=False),
)

FREEZES = Table(
    "freezes",
    METADATA,
    Column("id", String, primary_key=True),
    Column("since", String, nullable=False),
    Column("over", Boolean, nullable=False, index=True),
    Column("facts", String, nullable=False),
)

REPORTS = Table(
    "reports",
    METADATA,
    Column("id", String, primary_key=True),
    Column("since", String, nullable=False),
    Column("facts", String, nullable=False),
)

WORKFLOWS = Table(
    "workflows",
    METADATA,
    Column("id", String, primary_key=True),
    Column("kind", String, nullable=False),
    Column("key_id", String, nullable=False),
    Column("state", String, nullable=False),
    Column("opened_at", String, nullable=False),
    Column("updated_at", String, nullable=False),
    Column("data", String, nullable=False),
    Column("finished", Boolean, nullable=False),
)
Index(
    "one_unfinished_workflow",
    WORKFLOWS.c.key_id,
    unique=True,
    sqlite_where=text("finished = 0"),  # on PostgreSQL too: see METADATA
)

PAUSES = Table(
    "pauses",
    METADATA,
    Column("workflow_id", String, primary_key=True),
    Column("since", String, nullable=False),
    Column("by", String, nullable=False),
    Column("reason", String, nullable=False),
)

CALLS = Table(
    "calls",
    METADATA,
    Column("workflow_id", String, _of("workflows.id"), primary_key=True),
    Column("operation", String, primary_key=True),
    Column("seq", Integer, primary_key=True),
    Column("method", String, nullable=False),
    Column("path", String, nullable=False),
    Column("effect", String, nullable=False),
    Column("reply", LargeBinary),
)

RECORDS = Table(
    "audit_records",
    METADATA,
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("stream", String, nullable=False),
    Column("record", LargeBinary, nullable=False),
    Column("chain", LargeBinary, nullable=False),
    sqlite_with_rowid=False,
)

PRIVATE = Table(
    "audit_private",
    METADATA,
    Column("number", Integer, ForeignKey("audit_records.number"), primary_key=True, autoincrement=False),
    Column("opening", LargeBinary, nullable=False),
    Column("private", LargeBinary, nullable=False),
)

STREAMS = Table(
    "audit_streams",
    METADATA,
    Column("stream", String, primary_key=True),
    Column("records", Integer, nullable=False),
)

HEAD = Table(
    "audit_head",
    METADATA,
    Column("only", Integer, CheckConstraint('"only" = 1'), primary_key=True, autoincrement=False),
    Column("records", Integer, nullable=False),
    Column("chain", LargeBinary, nullable=False),
    Column("last", String),
    Column("clock", String),
)

LOGS = Table("audit_logs", METADATA, Column("first", Integer, primary_key=True, autoincrement=False))

SEALS = Table(
    "seals",
    METADATA,
    Column("log", Integer, primary_key=True, autoincrement=False),
    Column("no", Integer, primary_key=True, autoincrement=False),
    Column("seal", LargeBinary, nullable=False),
    Column("records", Integer, nullable=False),
    Column("vkey", String, nullable=False),
    Column("tree", LargeBinary, nullable=False),
    Column("secret", LargeBinary, nullable=False),
)

SEAL_STREAMS = Table(
    "seal_streams",
    METADATA,
    Column("log", Integer, primary_key=True, autoincrement=False),
    Column("stream", String, primary_key=True),
    Column("no", Integer, primary_key=True, autoincrement=False),
    Column("size", Integer, nullable=False),
    Column("tree", LargeBinary, nullable=False),
    ForeignKeyConstraint(["log", "no"], ["seals.log", "seals.no"]),
)

CHECKPOINTS = Table(
    "checkpoints",
    METADATA,
    Column("log", Integer, primary_key=True, autoincrement=False),
    Column("size", Integer, primary_key=True, autoincrement=False),
    Column("note", String, nullable=False),
)

ANCHORS = Table(
    "checkpoint_anchors",
    METADATA,
    Column("id", Integer, primary_key=True),
    Column("log", Integer, nullable=False),
    Column("size", Integer, nullable=False),
    Column("kind", String, nullable=False),
    Column("anchor", LargeBinary, nullable=False),
    ForeignKeyConstraint(["log", "size"], ["checkpoints.log", "checkpoints.size"]),
    Index("anchors_by_checkpoint", "log", "size"),
)

PRUNED = Table(
    "audit_pruned",
    METADATA,
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("stream", String, nullable=False),
    Column("n", Integer, nullable=False),
    Column("leaf", LargeBinary, nullable=False),
    Column("chain", LargeBinary, nullable=False),
    Index("pruned_by_stream", "stream"),
)

NONCES = Table(
    "nonces",
    METADATA,
    Column("scope", String, primary_key=True),
    Column("last", BigInteger, nullable=False),
)

USE_HISTORY = Table(
    "use_history",
    METADATA,
    Column("key_id", String, _of("keys.id"), primary_key=True),
    Column("history", String, nullable=False),
)

USE_PROGRESS = Table(
    "use_progress",
    METADATA,
    Column("only", Integer, CheckConstraint('"only" = 1'), primary_key=True, autoincrement=False),
    Column("number", Integer, nullable=False),
)
