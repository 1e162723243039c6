"""Reads one object of a git repository without letting the repository run or fetch anything."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

from keyguard.intake.problems import malformed
from keyguard.intake.reading import MAX_BYTES

_TIMEOUT = 60  # seconds; a blob of 8 MiB takes milliseconds


def blob(repository: Path, name: str) -> bytes:
    """The content of a blob, named by id, `commit:path` or `:0:path`. UsageError if it is not to be had."""
    kind = _git(repository, "cat-file", "-t", name).strip()
    size = _git(repository, "cat-file", "-s", name).strip()
    if kind != b"blob" or not size.isdigit():
        raise malformed(repository, 0, "a place in the report is no file of this repository")
    if int(size) > MAX_BYTES:
        raise malformed(repository, 0, f"a file in its history is larger than {MAX_BYTES >> 20} MiB")
    return _git(repository, "cat-file", "blob", name)


def _git(repository: Path, *arguments: str) -> bytes:
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "XDG_CONFIG_HOME") if name in os.environ}
    environment = kept | {
        "LC_ALL": "C",
        "GIT_NO_LAZY_FETCH": "1",  # a partial clone would start a transport the repository's config names
        "GIT_NO_REPLACE_OBJECTS": "1",
        "GIT_OPTIONAL_LOCKS": "0",
        "GIT_TERMINAL_PROMPT": "0",
        "GIT_CEILING_DIRECTORIES": "",
    }
    safe = ("-c", "core.fsmonitor=false", "-c", "protocol.allow=never")
    try:
        done = subprocess.run(
            ["git", "--no-pager", *safe, *arguments],
            cwd=repository,
            env=environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=_TIMEOUT,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        done = None
    if done is None or done.returncode:
        raise malformed(
            repository,
            0,
            "git cannot read a place the report names",
            code="import.unreadable",
            hint="run the scan again in the repository as it is now",
        ) from None
    return done.stdout
