"""Signing keys of people who approve, and reviews of grants."""

import sqlalchemy as sa
from alembic import op

from keyguard.stores.schema.guards import keep

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    for table in ("signing_keys", "reviews"):
        op.create_table(
            table,
            sa.Column("id", sa.String, primary_key=True),
            sa.Column("person", sa.String, nullable=False, index=True),
            sa.Column("since", sa.String, nullable=False),
            sa.Column("facts", sa.String, nullable=False),
        )
        # Whose signature was good and who looked at what must stay answerable, whatever writes here.
        keep(table, "DELETE", "is history")
