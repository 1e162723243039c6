"""`make fuzz-bundles`: random changes to a venue's and an auditor's bundle, through both verifiers.

Exit status 1 if any is sound, or the two do not agree.
"""

from __future__ import annotations

import argparse
import platform
import sys
import time
from collections import Counter
from random import Random

from tests.kga.audits import ASKED, audited
from tests.kga.mutations import Mutations

LISTED = 20


def main() -> int:
    """Return the exit status."""
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz.bundles")
    parser.add_argument("--changes", type=int, default=10_000)
    parser.add_argument("--seed", default=time.strftime("%Y%m%d%H%M%S"), help="default: the time")
    parser.add_argument("--case", help="run this one again, and let it raise")
    args = parser.parse_args()
    kinds = [Mutations(), Mutations(audited(), ASKED)]
    if args.case:
        mutations = kinds[int(args.case.rpartition(":")[2]) % len(kinds)]
        mutations.judge(mutations.one(Random(args.case)))
        return 0
    begun, ends, failed = time.monotonic(), Counter[tuple[int, int | None]](), []
    for n in range(args.changes):
        case = f"{args.seed}:{n}"
        try:
            mutations = kinds[n % len(kinds)]
            ends[mutations.judge(mutations.one(Random(case)))] += 1
        except Exception as error:
            failed.append(f"{case}: {type(error).__name__}")
    version = f"{platform.machine()}, Python {platform.python_version()}"
    sys.stdout.write(f"{time.strftime('%Y-%m-%d')}, {version}, seed {args.seed}, ")
    sys.stdout.write(f"{args.changes} changes in {time.monotonic() - begun:.0f} s, {len(failed)} failed\n")
    for (status, step), count in sorted(ends.items(), key=str):
        sys.stdout.write(f"exit {status} step {step}: {count}\n")
    for case in failed[:LISTED]:
        sys.stdout.write(f"failed {case}\n")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
