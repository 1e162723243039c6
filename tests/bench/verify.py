"""What it takes to verify a large attestation: `python -m tests.bench.verify [--records N] [--keys N]`.

One bundle is made in memory and verified by `keyguard verify` and by the stand-alone file, each as a process
of its own: seconds of processor time and of the wall, and the most memory it had. Exit status 1 where one of
them needs more than KGA/1 allows (§19, case 36).
"""

from __future__ import annotations

import argparse
import hashlib
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from tests.kga import alone
from tests.kga.making import (
    APPROVAL,
    FIRM,
    HOST,
    OTHER,
    Log,
    Making,
    instant,
    trust,
)

MOST_SECONDS, MOST_MIB = 10, 500
PEOPLE, DAYS = 200, 90


def large_log(records: int, keys: int) -> Log:
    """Keys of one venue, given to people, handed out through a quarter, listed every week."""
    log = Log()
    names = [hashlib.sha256(str(n).encode()).hexdigest() for n in range(keys)]
    log.add(0, "firm", "log.genesis", log_id=log.log_id, origin=log.origin, role="primary", firm=FIRM)
    log.add(
        0, "upbit", "approval.request", approval=APPROVAL, action="grant", subject={}, by=OTHER, reason="x"
    )
    log.add(0, "upbit", "approval.decide", approval=APPROVAL, by="p_" + "03" * 10, decision="approve")
    for n, key in enumerate(names):
        _begin(log, n, key)
    given = records - len(log.streams["upbit"]) - DAYS - DAYS // 7
    for day in range(DAYS):
        log.add(day, "firm", "log.heartbeat", host=HOST, seq=day)
        if day % 7 == 0:
            log.add(day, "upbit", "venue.keys_listed", by="venue_api", count=keys, keys=names, unknown=[])
        for n in range(day * given // DAYS, (day + 1) * given // DAYS):
            used = n * 7919 % keys
            log.add(
                day + (n - day * given // DAYS) / given,
                "upbit",
                "handout",
                key=names[used],
                grant=f"gr_{used:016x}",
                person=f"p_{used % PEOPLE:020x}",
                host=HOST,
                process="/opt/bot/quoter",
                mode="socket",
                lease_s=600,
                purpose="quoting",
            )
    log.seal(DAYS)
    return log


def _begin(log: Log, n: int, key: str) -> None:
    scopes = ["read", "trade_spot"]
    log.add(
        0,
        "upbit",
        "key.register",
        key=key,
        account=f"MM-{n % 20:02}",
        kind="hmac",
        purpose="현물 시장조성",
        desk="현물",
        owner=f"p_{n % PEOPLE:020x}",
        scopes_granted=scopes,
        scopes_needed=scopes,
        scopes_venue={},
        ip_allow=["203.0.113.10"],
        ip_supported=True,
        created_at=instant(0),
        storage="os_keyring",
        source="created_here",
    )
    log.add(
        0,
        "upbit",
        "key.observe",
        key=key,
        by="venue_api",
        scopes_granted=scopes,
        ip_allow=["203.0.113.10"],
        status="enabled",
    )
    log.add(
        0,
        "upbit",
        "access.grant",
        grant=f"gr_{n:016x}",
        key=key,
        person=f"p_{n % PEOPLE:020x}",
        capacity="employee",
        from_=instant(0),
        basis="quoting",
        approval=APPROVAL,
    )


def main() -> int:
    """Measure and print a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--records", type=int, default=50_000)
    parser.add_argument("--keys", type=int, default=1_000)
    args = parser.parse_args()
    log = large_log(args.records, args.keys)
    making = Making(log, until=DAYS, change=_for_long)
    with tempfile.TemporaryDirectory() as folder:
        bundle = Path(folder, "KGA.zip")
        bundle.write_bytes(making.bundle())
        Path(folder, "trust.json").write_bytes(alone.trust_file(trust(log)))
        records = sum(len(held) for held in log.streams.values())
        sys.stdout.write(f"{records} records, {args.keys} keys, {bundle.stat().st_size / 2**20:.1f} MiB\n")
        asked = [str(bundle), "--trust", str(Path(folder, "trust.json")), "--recipient", "upbit"]
        ways = {
            "keyguard verify": ["-m", "keyguard", "verify"],
            "kga_verify.py": ["-I", "-S", str(alone.FILE)],
        }
        return max(_measure(name, [sys.executable, *way, *asked]) for name, way in ways.items())


def _for_long(predicate: dict[str, object]) -> None:
    predicate["valid_until"] = instant(36_500)


def _measure(name: str, command: list[str]) -> int:
    begun = time.perf_counter()
    process = subprocess.Popen(command, stdout=subprocess.PIPE)
    assert process.stdout is not None
    said = process.stdout.read().decode()
    _, status, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    wall, spent, mib = time.perf_counter() - begun, used.ru_utime + used.ru_stime, used.ru_maxrss / 1024
    verdict = said.splitlines()[-1] if said else "no verdict"
    sys.stdout.write(f"{name:<16} {wall:5.1f} s, processor {spent:5.1f} s, {mib:4.0f} MiB, {verdict}\n")
    good = process.returncode <= 1 and wall < MOST_SECONDS and mib < MOST_MIB
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
