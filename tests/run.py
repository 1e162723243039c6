"""The whole suite, as `make test` and CI run it: tests in parallel, then the coverage bar."""

from __future__ import annotations

import subprocess
import sys

BAR = "95"
MEASURED = "keyguard/core/*,keyguard/workflows/*,keyguard/stores/*"


def main() -> int:
    """Return pytest's status, or that of the coverage bar when all tests pass."""
    python = [sys.executable, "-m"]
    tests = [*python, "pytest", "-n", "auto", "--dist", "loadfile", "--cov", "--cov-report=", *sys.argv[1:]]
    status = subprocess.run(tests, check=False).returncode
    if status:
        return status
    report = [*python, "coverage", "report", f"--include={MEASURED}", f"--fail-under={BAR}"]
    return subprocess.run(report, check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
