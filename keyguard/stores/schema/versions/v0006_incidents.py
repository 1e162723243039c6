"""Incidents, freezes of hand-outs, and reports that are kept."""

import sqlalchemy as sa
from alembic import op

from keyguard.stores.schema.guards import keep

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    op.create_table(
        "incidents",
        sa.Column("id", sa.String, primary_key=True),
        # What opened it by itself, NULL where a person did: one opens one incident, whoever sees it first.
        sa.Column("trigger", sa.String, unique=True),
        sa.Column("since", sa.String, nullable=False),
        sa.Column("over", sa.Boolean, nullable=False, index=True),
        sa.Column("facts", sa.String, nullable=False),
    )
    op.create_table(
        "freezes",
        sa.Column("id", sa.String, primary_key=True),
        sa.Column("since", sa.String, nullable=False),
        sa.Column("over", sa.Boolean, nullable=False, index=True),
        sa.Column("facts", sa.String, nullable=False),
    )
    op.create_table(
        "reports",
        sa.Column("id", sa.String, primary_key=True),
        sa.Column("since", sa.String, nullable=False),
        sa.Column("facts", sa.String, nullable=False),
    )
    for table in ("incidents", "freezes", "reports"):
        keep(table, "DELETE", "are history")
