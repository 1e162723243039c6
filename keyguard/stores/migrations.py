"""Which schema a database has, and bringing it to this one's. Alembic is loaded only when there is work."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sqlalchemy import Connection

HEAD = 9
"""The newest migration under `schema/versions`."""

_SCHEMA = Path(__file__).parent / "schema"


def version(connection: Connection, tables: set[str]) -> int | None:
    """The migration of a database with these tables; 0 for an empty one, None for one that is not
    keyguard's."""
    if not tables:
        return 0
    if "alembic_version" not in tables:
        return None
    stamp = connection.exec_driver_sql("SELECT version_num FROM alembic_version").scalar()
    return int(stamp) if isinstance(stamp, str) and stamp.isdecimal() else None


def migrate(connection: Connection) -> None:
    """Run what is missing inside the connection's transaction: all of it stands afterwards, or nothing."""
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(_SCHEMA).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = connection
    command.upgrade(config, "head")
