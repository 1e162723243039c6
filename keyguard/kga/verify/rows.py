"""The row tree (KGA/1 §9.2): one row of the register can be shown alone, and proven."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterable, Mapping
from typing import Any

from keyguard.core import canonical
from keyguard.kga import merkle


def leaf(row: Mapping[str, Any], row_secret: bytes) -> bytes:
    """The leaf hash of one row. The salt keeps the others unguessable for who is shown a few."""
    salt = hmac.new(row_secret, str(row["key"]).encode(), hashlib.sha256).hexdigest()
    return merkle.leaf_hash(canonical.encode({"row": dict(row), "salt": salt}))


def register_root(rows: Iterable[Mapping[str, Any]], row_secret: bytes) -> bytes:
    """The root over all rows, in the register's order."""
    return merkle.root(leaf(row, row_secret) for row in rows)
