"""Leases say on which host their process runs: several hosts may share a database."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    op.add_column("leases", sa.Column("host", sa.String, nullable=False, server_default=""))
