"""Findings with their life, and what people were told of them."""

import sqlalchemy as sa
from alembic import op

from keyguard.stores.schema.guards import keep

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    op.create_table(
        "findings",
        sa.Column("id", sa.String, primary_key=True),
        sa.Column("state", sa.String, nullable=False, index=True),
        sa.Column("since", sa.String, nullable=False),
        sa.Column("facts", sa.String, nullable=False),
    )
    # What was accepted, by whom and why, must stay answerable.
    keep("findings", "DELETE", "are history")
    op.create_table(
        "alerts",
        sa.Column("id", sa.String, primary_key=True),
        sa.Column("since", sa.String, nullable=False),
        sa.Column("facts", sa.String, nullable=False),
    )
