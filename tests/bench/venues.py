"""`make bench-venues`: looking at 200 keys over all simulated venues, each call 50 ms on its way.

The venues count the calls; each must have had no more of them than its documented limit allows.
"""

from __future__ import annotations

import sys
from bisect import bisect_left
from collections import Counter, defaultdict
from typing import TYPE_CHECKING, Any

from keyguard.rehearsal.stand_ins import standing_in
from keyguard.workflows import look
from keyguard_simulators import NAMES
from tests.bench.served import furnish, home_at, opened

if TYPE_CHECKING:
    from keyguard.core.exchange import Limit

KEYS = 200
LATENCY_MS = 50
BAR_S = 5.0


def main() -> None:
    """Measure and print."""
    with standing_in(NAMES) as venues, home_at(venues) as home:
        with opened(home) as ports:
            for name, count in _shares().items():
                furnish(ports, venues, name, count)
        venues.slow_down(LATENCY_MS)
        with opened(home) as ports:
            begun = ports.clock.now()
            looked = look.at_all(ports)
            ended = ports.clock.now()
            seen = ports.inventory.last_observations([one.version.id for one in looked.inspections])
            limits = {name: ports.gateway.adapter(name).facts.limit for name in NAMES}
        for name in sorted(NAMES):
            print_calls(name, limits[name], venues.web(name, "/_sim/requests"))
    for name, why in looked.unasked.items():
        sys.stdout.write(f"not asked: {name}: {why}\n")
    inspected = (max(one.at for one in seen.values()) - begun).total_seconds()
    sys.stdout.write(
        f"{len(looked.inspections)} keys inspected in {inspected:.2f} s (bar: {BAR_S:g} s); "
        f"with the lists of their accounts {(ended - begun).total_seconds():.2f} s\n"
    )


def _shares() -> dict[str, int]:
    """How many keys each venue has; those that are asked about on demand only (HashKey's) come on top."""
    asked = [name for name in sorted(NAMES) if name != "hashkey"]
    shares = {name: KEYS // len(asked) + (n < KEYS % len(asked)) for n, name in enumerate(asked)}
    return {**shares, "hashkey": 1}


def print_calls(name: str, limit: Limit | None, seen: list[dict[str, Any]]) -> None:
    """Say how many calls a venue saw, and whether they were within its documented limit."""
    if not seen:
        sys.stdout.write(f"{name:18}    0 calls\n")
        return
    took = (seen[-1]["at_ms"] - seen[0]["at_ms"]) / 1000
    said = f"{name:18}{len(seen):5} calls in {took:5.2f} s"
    if limit is None:
        sys.stdout.write(f"{said}  no documented limit\n")
        return
    most = _most(limit, seen)
    whose = "all keys" if limit.shared else "a key"
    verdict = "within" if most <= limit.calls else "OVER"
    span = limit.span.total_seconds()
    sys.stdout.write(
        f"{said}  {verdict} the limit: {most} of {limit.calls} in {span:g} s, {whose}{_floor(limit, seen)}\n"
    )


def _floor(limit: Limit, seen: list[dict[str, Any]]) -> str:
    """How long the venue's limit alone makes these calls take, where that is beyond the bar."""
    calls = Counter("" if limit.shared else call["key"] for call in seen)
    least = (max(calls.values()) - 1) // limit.calls * limit.span.total_seconds()
    return f"; {max(calls.values())} calls take {least:g} s by it" if least >= BAR_S else ""


def _most(limit: Limit, seen: list[dict[str, Any]]) -> int:
    """The most calls that the venue counted together within the span."""
    counted: defaultdict[str, list[int]] = defaultdict(list)
    for call in seen:
        counted["" if limit.shared else call["key"]].append(call["at_ms"])
    span_ms = limit.span.total_seconds() * 1000
    return max(
        bisect_left(times, begin + span_ms) - first
        for times in map(sorted, counted.values())
        for first, begin in enumerate(times)
    )


if __name__ == "__main__":
    main()
