"""`make bench`: prints a table for docs/benchmarks.md. Ratios are to a bare interpreter in the same run."""

from __future__ import annotations

import os
import platform
import subprocess
import sys
import tempfile
from pathlib import Path

from tests.bench.rotation import rotation_seconds
from tests.bench.scan import scan_speed
from tests.bench.startup import ratio

KEYGUARD = str(Path(sys.executable).with_name("keyguard"))
BARS = {"--version": 1.3}


def main() -> None:
    """Measure and print."""
    with tempfile.TemporaryDirectory() as folder:
        repository = Path(folder)
        _stage_one_file(repository)
        version = ratio([KEYGUARD, "--version"])
        staged = ratio([KEYGUARD, "scan", "--staged"], cwd=repository)
    rotation, call = rotation_seconds()
    rows = [
        ("`keyguard --version` / `python -c pass`", f"{version:.2f} (bar: {BARS['--version']})"),
        ("`keyguard scan --staged`, one file changed / `python -c pass`", f"{staged:.1f}"),
        ("scan of generated source, MB/s", f"{scan_speed():.0f}"),
        ("one rotation against the simulated Bybit, s", f"{rotation:.2f}"),
        ("the same in calls to that simulator", f"{rotation / call:.0f}"),
    ]
    lines = [f"{_machine()}", "", "| figure | value |", "|---|---|", *(f"| {a} | {b} |" for a, b in rows)]
    sys.stdout.write("\n".join(lines) + "\n")


def _stage_one_file(repository: Path) -> None:
    git = ["git", "-c", "user.name=bench", "-c", "user.email=bench@desk.test", "-C", str(repository)]
    subprocess.run([*git, "init", "-q"], check=True)
    repository.joinpath("bot.py").write_text("print('hello')\n" * 50)
    subprocess.run([*git, "add", "."], check=True)
    subprocess.run([*git, "commit", "-q", "-m", "first"], check=True)
    repository.joinpath("bot.py").write_text("print('hello')\n" * 51)
    subprocess.run([*git, "add", "."], check=True)


def _machine() -> str:
    processor = next(
        (
            line.split(":")[1].strip()
            for line in Path("/proc/cpuinfo").read_text().splitlines()
            if line.startswith("model name")
        ),
        platform.machine(),
    )
    python = platform.python_version()
    return f"{os.cpu_count()} cores, {processor}, {platform.system()} {platform.release()}, Python {python}"


if __name__ == "__main__":
    main()
