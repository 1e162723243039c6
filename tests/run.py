"""The whole suite, as `make test` and CI run it: tests in parallel, then the coverage bar.

In two parts, because counting lines costs half as much again: first the tests that run what the bar is about
in their own process, then all others. Those that wait for real processes come first of these, so that no
worker is left with one of them at the end, and have more workers than there are cores.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

BAR = "95"
MEASURED = "keyguard/core/*,keyguard/workflows/*,keyguard/stores/*"
COUNTED = ("unit", "stores", "crash/test_migrate_crash.py", "crash/test_sign_in_crash.py")
UNCOUNTED = "unit/scanner"
WAITING = ("security", "cli", "test_units.py", "daemon", "examples")
TESTS = Path("tests")


def main() -> int:
    """Return pytest's status, or that of the coverage bar when all tests pass."""
    python = [sys.executable, "-m"]
    cores = os.cpu_count() or 1
    tests = [*python, "pytest", "--dist", "loadfile"]
    first = ["-n", str(cores + 1), "--cov", "--cov-report=", f"--ignore={TESTS / UNCOUNTED}"]
    first += [str(TESTS / name) for name in COUNTED]
    then = ["-n", str(2 * cores), "--no-loadscope-reorder", *map(str, others())]
    for part in (first, then):
        status = subprocess.run([*tests, *sys.argv[1:], *part], check=False).returncode
        if status:
            return status
    report = [*python, "coverage", "report", f"--include={MEASURED}", f"--fail-under={BAR}"]
    return subprocess.run(report, check=False).returncode


def others() -> list[Path]:
    """Every test file that is not counted, those that wait first."""
    counted = set(files(COUNTED)) - set(files([UNCOUNTED]))
    waiting = files(WAITING)
    rest = [path for path in files(["."]) if path not in waiting]
    return [path for path in [*waiting, *rest] if path not in counted]


def files(names: Sequence[str]) -> list[Path]:
    """The test files of these folders and files, in this order."""
    found = []
    for path in (TESTS / name for name in names):
        found += sorted(path.rglob("test_*.py")) if path.is_dir() else [path]
    return found


if __name__ == "__main__":
    sys.exit(main())
