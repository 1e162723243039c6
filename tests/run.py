"""The whole suite, as `make test` and CI run it: tests in parallel, then the coverage bar.

In two parts, because counting lines costs half as much again: first what the bar is about, then the tests of
venues, scanner and screens, whose lines it does not count.
"""

from __future__ import annotations

import os
import subprocess
import sys

BAR = "95"
MEASURED = "keyguard/core/*,keyguard/workflows/*,keyguard/stores/*"
UNCOUNTED = (
    "tests/adapters",
    "tests/kga",
    "tests/reading",
    "tests/rules",
    "tests/simulators",
    "tests/tui",
    "tests/unit/scanner",
    "tests/venues",
)


def main() -> int:
    """Return pytest's status, or that of the coverage bar when all tests pass."""
    python = [sys.executable, "-m"]
    workers = str((os.cpu_count() or 1) + 1)  # many tests wait for processes
    tests = [*python, "pytest", "-n", workers, "--dist", "loadfile"]
    counted = ["--cov", "--cov-report=", *(f"--ignore={folder}" for folder in UNCOUNTED)]
    for part in (counted, UNCOUNTED):
        status = subprocess.run([*tests, *sys.argv[1:], *part], check=False).returncode
        if status:
            return status
    report = [*python, "coverage", "report", f"--include={MEASURED}", f"--fail-under={BAR}"]
    return subprocess.run(report, check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
