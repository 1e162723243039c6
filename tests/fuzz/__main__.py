"""`make fuzz`: runs cases in turn until the time is over; exit status 1 if any failed."""

from __future__ import annotations

import argparse
import os
import platform
import signal
import sys
import time
import traceback
from collections import Counter
from collections.abc import Callable
from random import Random
from types import FrameType

from tests.fuzz import contents, repositories, settings

LONGEST = 120
"""Seconds after which a case counts as endless; a limit for hangs, not for speed."""
ENOUGH = 20
TARGETS: dict[str, Callable[[Random], None]] = {
    "texts": contents.texts,
    "packed": contents.packed,
    "keyguard.toml": settings.keyguard_toml,
    "gitleaks.toml": settings.gitleaks,
    "repositories": repositories.hostile,
    "git answers": repositories.answers,
}


def main() -> int:
    """Return the exit status."""
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz")
    parser.add_argument("--seconds", type=float, default=float(os.environ.get("FUZZ_SECONDS", "600")))
    parser.add_argument("--seed", default=time.strftime("%Y%m%d%H%M%S"), help="default: the time")
    parser.add_argument("--target", choices=TARGETS, action="append")
    parser.add_argument("--case", help="run this one again, and let it raise")
    args = parser.parse_args()
    signal.signal(signal.SIGALRM, _endless)
    if args.case:
        _run(args.case)
        return 0
    runs: Counter[str] = Counter()
    spent: Counter[str] = Counter()
    failed: list[str] = []
    names = args.target or list(TARGETS)
    end = time.monotonic() + args.seconds
    while time.monotonic() < end and len(failed) < ENOUGH:
        # The same time for each, however long its cases are.
        target = min(names, key=lambda name: spent[name])
        case = f"{target}:{args.seed}:{runs[target]}"
        began = time.monotonic_ns()
        try:
            _run(case)
        except Exception:
            failed.append(case)
            sys.stderr.write(f"\n{case}\n{traceback.format_exc()}\n")
        spent[target] += time.monotonic_ns() - began
        runs[target] += 1
    _tell(args.seed, runs, failed)
    return 1 if failed else 0


def _run(case: str) -> None:
    signal.alarm(LONGEST)
    try:
        TARGETS[case.partition(":")[0]](Random(case))
    finally:
        signal.alarm(0)


def _endless(_: int, __: FrameType | None) -> None:
    raise TimeoutError(f"not done after {LONGEST} s")


def _tell(seed: str, runs: Counter[str], failed: list[str]) -> None:
    lines = [
        f"{time.strftime('%Y-%m-%d')}, {platform.machine()}, Python {platform.python_version()}, seed {seed}"
    ]
    lines += [
        "",
        "| target | cases |",
        "|---|---|",
        *(f"| {name} | {count:,} |" for name, count in runs.items()),
    ]
    lines += ["", f"{len(failed)} failed", *(f"  python -m tests.fuzz --case '{case}'" for case in failed)]
    sys.stdout.write("\n".join(lines) + "\n")


if __name__ == "__main__":
    sys.exit(main())
