"""Alters one byte of one audit record in a copy of a home, behind the database's back."""

from __future__ import annotations

import shutil
from pathlib import Path

from keyguard.home import Home


def altered_copy(home: Path, copy: Path) -> Path:
    """Copy the home and change one letter of the last hand-out's record; returns the copy."""
    shutil.copytree(home, copy)
    for path in (Home(copy).database_file, Path(f"{Home(copy).database_file}-wal")):
        if not path.exists():
            continue
        content = path.read_bytes()
        altered = content.replace(b'"type":"handout"', b'"type":"handouT"', 1)
        path.write_bytes(altered)
    return copy
