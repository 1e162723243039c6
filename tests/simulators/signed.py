"""Our own adapters and other clients' signed requests, put to a simulator."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from keyguard.core.exchange import Credential, Step
from keyguard.core.secret import Secret
from keyguard.core.steps import T, drive
from keyguard.gateway.clock import SystemClock
from keyguard.gateway.http import TimeOuts
from keyguard.gateway.venues import HttpGateway
from keyguard_simulators.accounts import Key
from keyguard_simulators.serve import Running
from keyguard_simulators.state import State
from tests.simulators.clients import Sent

VECTORS = Path(__file__).parents[1] / "adapters" / "vectors"


class _VenueTime(SystemClock):
    """Our clock: the simulator's, `ahead_ms` of it. With both stopped no test depends on how fast it runs."""

    def __init__(self, state: State, ahead_ms: int) -> None:
        self._state, self._ahead_ms = state, ahead_ms

    def now(self) -> datetime:
        return datetime.fromtimestamp((self._state.clock.now_ms() + self._ahead_ms) / 1000, UTC)

    def sleep(self, seconds: float) -> None:
        """Retries need not wait for a simulator."""


class _Counters:
    def __init__(self) -> None:
        self.last = 0

    def next(self, scope: str, *, floor: int) -> int:
        self.last = max(self.last + 1, floor)
        return self.last


def drive_ours(
    served: Running, venue: str, step: Step[T], key: Key, secret: str = "", ahead_ms: int = 0
) -> T:
    """Run an adapter's operation through the real gateway, as the holder of this key."""
    clock = _VenueTime(served.venues[venue].state, ahead_ms)
    patient = TimeOuts(connect=60, read=60, write=60, total=100)
    gateway = HttpGateway(clock, _Counters(), {venue: served.urls[venue]}, timeouts=patient)
    passphrase = Secret(key.passphrase) if key.passphrase else None
    who = Credential(key.public_id, Secret(secret or key.secret), passphrase)
    if "PRIVATE KEY" in who.secret.reveal():
        who = replace(who, kind=gateway.adapter(venue).facts.kinds[-1])
    try:
        return drive(step, lambda request: gateway.send(venue, request, who))
    finally:
        gateway.close()


def vectors(venue: str) -> list[dict[str, Any]]:
    """What other clients signed for this venue."""
    found: list[dict[str, Any]] = json.loads((VECTORS / f"{venue}.json").read_text(encoding="utf-8"))
    return found


def stopped(state: State) -> State:
    """Stop the venue's clock, so that no signature is too old however slow the machine."""
    state.clock.frozen_ms = state.clock.now_ms()
    return state


def enter(state: State, vector: dict[str, Any], account: str, grants: frozenset[str], **more: Any) -> Key:
    """Give the simulator the key of a vector, and stop its clock at the vector's instant."""
    given = vector["credentials"]
    key = Key(
        public_id="".join(given.get("apiKey") or given["api_key"]),
        number=state.book.next_number,
        account=account,
        grants=grants,
        ips=(),
        label="",
        created_ms=0,
        live_ms=0,
        secret="".join(given.get("secret", "")),
        **more,
    )
    state.book.add_key(key)
    state.nonces.clear()
    state.clock.frozen_ms = vector["clock_ms"]
    return key


def as_sent(base: str, vector: dict[str, Any]) -> Sent:
    """The vector's request, at the simulator's address."""
    expected = vector["expected"]
    parts = urlsplit(expected["url"])
    url = base + parts.path + (f"?{parts.query}" if parts.query else "")
    return Sent(expected["method"], url, dict(expected["headers"]), (expected["body"] or "").encode())
