"""Forget records whose retention is over, and keep every proof (KGA/1 §17)."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from keyguard.core.errors import UsageError
from keyguard.core.record import parse
from keyguard.core.slots import FIRM
from keyguard.kga.derive.lines import Line
from keyguard.kga.derive.register import ended_at
from keyguard.kga.derive.state import State, read
from keyguard.ports.all import Ports
from keyguard.workflows.records import instant

CHOICES = (5, 7, 10, 15)
"""Years a firm may choose from."""

_NAMES = ("key", "old", "new", "id")
_LISTS = ("keys", "unknown")


@dataclass(frozen=True, slots=True)
class Plan:
    """What may go: the records' numbers by stream. `before` is the instant of the cut, UTC."""

    before: datetime
    numbers: Mapping[str, tuple[int, ...]]

    @property
    def count(self) -> int:
        """How many records."""
        return sum(len(numbers) for numbers in self.numbers.values())


def plan(ports: Ports, years: int) -> Plan:
    """Find the records that are older than `years` and about no key that lived since then.

    In each venue's stream only what stands before a whole snapshot that is as old: the snapshot says what
    they added up to. The firm's stream is shown to everybody from its beginning and names nobody: it stays.
    UsageError `prune.years`.
    """
    if years not in CHOICES:
        raise UsageError(
            f"records are kept for {', '.join(map(str, CHOICES))} years, not {years}",
            code="prune.years",
            still="nothing was deleted",
        )
    before = ports.clock.now() - timedelta(days=365.25 * years)
    last = ports.seals.last()
    streams = () if last is None else sorted(ports.seals.streams(last.no))
    found = {stream: _prunable(ports, stream, instant(before)) for stream in streams if stream != FIRM}
    return Plan(before, {stream: numbers for stream, numbers in found.items() if numbers})


def prune(ports: Ports, planned: Plan) -> int:
    """Delete them, leaf hashes, chain values, seals and checkpoints excepted; how many went.

    IntegrityError `prune.unsealed` where no signed checkpoint covers one of them.
    """
    with ports.inventory.transaction():
        return sum(ports.seals.prune(numbers) for numbers in planned.numbers.values())


def _prunable(ports: Ports, stream: str, before: str) -> tuple[int, ...]:
    cut = _cut(ports, stream, before)
    if cut == 0:
        return ()
    state, old = State(), []
    for entry in ports.audit.entries(stream=stream, after=ports.seals.first() - 1):
        record = parse(entry.record)
        read([Line("", record)], state)
        if record.n < cut and instant(record.t) < before:
            old.append((entry.number, named_keys(record.body)))
    lives = {key["key"] for key in state.all("key") if (ended_at(key) or before) >= before}
    return tuple(number for number, keys in old if not lives & keys)


def _cut(ports: Ports, stream: str, before: str) -> int:
    """Index of the newest whole snapshot's beginning that is older than `before`, 0 without one."""
    begun = cut = 0
    first = ports.seals.first()
    for entry in ports.audit.entries(stream=stream, holding=b'"type":"snapshot.', after=first - 1):
        record = json.loads(entry.record)
        if record["t"] >= before:
            break
        if record["type"] == "snapshot.begin":
            begun = record["n"]
        elif record["type"] == "snapshot.end":
            cut = begun
    return cut


def named_keys(body: Mapping[str, Any]) -> set[str]:
    """Every key that a record is about, by its fingerprint (and other names, which are no key's)."""
    lists: Iterable[Any] = (one for name in _LISTS for one in body.get(name, ()))
    found = {one for one in (*(body.get(name) for name in _NAMES), *lists) if isinstance(one, str)}
    state = body.get("state")
    return found | named_keys(state) if isinstance(state, dict) else found
