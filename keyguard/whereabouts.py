"""Where the home is: apart from what is in it, for scans, which need no more of it than a cache."""

from __future__ import annotations

import os
from pathlib import Path


def home_folder(chosen: str | None) -> Path:
    """`--home`, else KEYGUARD_HOME, else the platform's user data folder."""
    if given := chosen or os.environ.get("KEYGUARD_HOME"):
        return Path(given).expanduser().absolute()
    import platformdirs

    return Path(platformdirs.user_data_dir("keyguard", appauthor=False))
