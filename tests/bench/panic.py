"""`make bench-panic`: ending 200 keys at 20 simulated venues, each call 100 ms on its way.

The venues are those that end keys by API, and the managers stay alive. The venues count the calls.
"""

from __future__ import annotations

import sys
from datetime import datetime

from keyguard.processes import process_alive
from keyguard.rehearsal.stand_ins import standing_in
from keyguard.workflows import panic
from keyguard.workflows.identity import Actor
from keyguard_simulators import NAMES
from tests.adapters.scripts import adapter, told
from tests.bench.served import furnish, home_at, opened
from tests.bench.venues import print_calls

KEYS = 200
VENUES = 20
LATENCY_MS = 100
BAR_REVOKED_S, BAR_PROVEN_S = 5.0, 10.0


def main() -> None:
    """Measure and print."""
    ending = [
        n for n in sorted(NAMES) if told(n).MANAGER and (adapter(n).delete_key or adapter(n).disable_key)
    ]
    others = [name for name in sorted(NAMES) if name not in ending]
    names = tuple([*ending, *others][:VENUES])
    with standing_in(names) as venues, home_at(venues) as home:
        with opened(home) as ports:
            for name in names:
                furnish(ports, venues, name, KEYS // VENUES + (name in ending))
        venues.slow_down(LATENCY_MS)
        with opened(home) as ports:
            chosen = panic.targets(ports, desk="mm")
            outcome = panic.panic(
                ports,
                chosen,
                scope="desk mm",
                reason="suspicion",
                actor=Actor("bench", "bench"),
                process_alive=process_alive,
                named=[ports.inventory.find_key("binance/ops/manager")],
            )
            limits = {name: ports.gateway.adapter(name).facts.limit for name in names}
        for name in names:
            print_calls(name, limits[name], venues.web(name, "/_sim/requests"))
            own = [one for one in outcome.targets if one.key.venue == name]
            revoked = [one.revoked_at for one in own if one.revoked_at]
            proven = [one.proven_at for one in own if one.proven_at]
            sys.stdout.write(
                f"{'':18}{len(revoked):5} revoked after {_last(outcome, revoked)}, "
                f"{len(proven)} proven after {_last(outcome, proven)}, of {len(own)}\n"
            )
    for one in (*outcome.alive, *outcome.unproven):
        why = one.error.message if one.error else "by a person"
        sys.stdout.write(f"left: {one.key.name}: {why}\n")
    revoked = [one.revoked_at for one in outcome.targets if one.revoked_at]
    proven = [one.proven_at for one in outcome.targets if one.proven_at]
    sys.stdout.write(
        f"{len(outcome.targets)} keys: hand-outs ended after {_last(outcome, [outcome.frozen_at])}, "
        f"{len(revoked)} revoked after {_last(outcome, revoked)} (bar: {BAR_REVOKED_S:g} s), "
        f"{len(proven)} proven dead after {_last(outcome, proven)} (bar: {BAR_PROVEN_S:g} s)\n"
    )


def _last(outcome: panic.Outcome, times: list[datetime]) -> str:
    return f"{(max(times) - outcome.begun_at).total_seconds():.2f} s" if times else "-"


if __name__ == "__main__":
    main()
