"""When a process started: with its pid, what tells it from a later one that got the same pid."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path


def start_time(pid: int) -> str:
    """When a process started, as text that tells it from a later one with the same pid; "" if it is gone.

    Linux: clock ticks after boot (field 22 of /proc/<pid>/stat). Windows: 100 ns since 1601.
    Elsewhere: what ps calls lstart.
    """
    if sys.platform == "win32":
        from keyguard.win32.processes import start_time as on_windows  # noqa: PLC0415 - loads its libraries

        return on_windows(pid)
    if not sys.platform.startswith("linux"):
        return _start_by_ps(pid)
    fields = stat_fields(pid)
    return fields[19] if fields and fields[0] not in ("Z", "X") else ""


def process_alive(pid: int, started: str) -> bool:
    """Whether the process that started then still runs; one that waits to be reaped does not."""
    return bool(started) and start_time(pid) == started


def stat_fields(pid: int) -> list[str]:
    """The fields of /proc/<pid>/stat from the third (state) on; the second may hold spaces and brackets."""
    try:
        text = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return []
    return text.rpartition(")")[2].split()


def _start_by_ps(pid: int) -> str:
    done = subprocess.run(
        ["ps", "-o", "stat=,lstart=", "-p", str(pid)],
        capture_output=True,
        text=True,
        check=False,
        env={"LC_ALL": "C", "TZ": "UTC0", "PATH": os.defpath},
    )
    state, _, begun = done.stdout.strip().partition(" ")
    return "" if state.startswith("Z") else begun.strip()
