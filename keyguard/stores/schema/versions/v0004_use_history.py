"""What the rules on use remember of each key, and how much of the log that has taken in."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    op.create_table(
        "use_history",
        sa.Column("key_id", sa.String, sa.ForeignKey("keys.id", ondelete="CASCADE"), primary_key=True),
        sa.Column("history", sa.String, nullable=False),
    )
    op.create_table(
        "use_progress",
        sa.Column(
            "only", sa.Integer, sa.CheckConstraint('"only" = 1'), primary_key=True, autoincrement=False
        ),
        sa.Column("number", sa.Integer, nullable=False),
    )
