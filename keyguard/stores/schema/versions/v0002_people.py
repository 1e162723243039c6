"""Desks, persons, parties, grants, approvals; leases say whose they are and by which grant."""

import sqlalchemy as sa
from alembic import op

from keyguard.stores.schema.guards import keep

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    for table in ("desks", "persons", "parties", "grants", "approvals"):
        op.create_table(
            table,
            sa.Column("id", sa.String, primary_key=True),
            sa.Column("person", sa.String, nullable=False, index=True),
            sa.Column("since", sa.String, nullable=False),
            sa.Column("facts", sa.String, nullable=False),
        )
        # Who could use a key in the past must stay answerable, whatever program writes here.
        keep(table, "DELETE", "is history")
    op.create_table(
        "told",
        sa.Column("name", sa.String, primary_key=True),
        sa.Column("value", sa.String, nullable=False),
    )
    for column in ("person", "grant_id"):
        op.add_column("leases", sa.Column(column, sa.String, nullable=False, server_default=""))
