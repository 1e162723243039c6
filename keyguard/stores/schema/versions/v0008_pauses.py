"""Workflows that a person has paused; the empty id stands for all of them."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    op.create_table(
        "pauses",
        sa.Column("workflow_id", sa.String, primary_key=True),
        sa.Column("since", sa.String, nullable=False),
        sa.Column("by", sa.String, nullable=False),
        sa.Column("reason", sa.String, nullable=False),
    )
