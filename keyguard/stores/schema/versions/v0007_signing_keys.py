"""Signing keys of people who approve."""

import sqlalchemy as sa
from alembic import op

from keyguard.stores.schema.guards import keep

revision = "0007"
down_revision = "0005"


def upgrade() -> None:
    op.create_table(
        "signing_keys",
        sa.Column("id", sa.String, primary_key=True),
        sa.Column("person", sa.String, nullable=False, index=True),
        sa.Column("since", sa.String, nullable=False),
        sa.Column("facts", sa.String, nullable=False),
    )
    # Whose signature was good in the past must stay answerable, whatever program writes here.
    keep("signing_keys", "DELETE", "is history")
