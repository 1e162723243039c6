"""A panic rehearsed for any home: its keys' names, at stand-ins of their venues, in a throw-away home.

Of the home only the inventory is read: no secret of it is opened, no venue of it asked, nothing written.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, closing, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from keyguard import __version__, wiring
from keyguard.core.keys import Key
from keyguard.core.secret import Secret
from keyguard.gateway.clock import SystemClock
from keyguard.gateway.limits import AtOnce
from keyguard.gateway.venues import HttpGateway
from keyguard.home import Config, Home
from keyguard.ports.all import Ports
from keyguard.ports.person import Person
from keyguard.rehearsal.furnishing import OWNER, Furnisher, Wanted
from keyguard.rehearsal.stand_ins import StandIns, standing_in
from keyguard.workflows import panic
from keyguard.workflows.begin import Firm, begin
from keyguard.workflows.panic import Target
from keyguard_simulators import NAMES

LATENCY_MS = 100
"""How long a call to a stand-in takes on its way: about what a venue takes on another continent."""


@dataclass(frozen=True, slots=True)
class Mirror:
    """What is to stand in for a home's keys, by venue. `chosen`: names of those that are to die. `named`: of
    those a person says to manage others. `without`: of keys that cannot be rehearsed, because nothing stands
    in for their venue."""

    wanted: Mapping[str, tuple[Wanted, ...]]
    chosen: tuple[str, ...]
    named: tuple[str, ...]
    without: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Drill:
    """The ports of a home of stand-ins, its keys that are to die, worst first, and those that manage others
    where the venue does not tell so."""

    ports: Ports
    chosen: tuple[Target, ...]
    named: tuple[Key, ...]


def mirror(ports: Ports, chosen: Sequence[Target], named: Sequence[Key] = ()) -> Mirror:
    """What stands in for these keys, and for the others of their venues that manage keys.

    `named`: keys that manage others, for venues that do not tell which do. Reads the inventory alone.
    """
    dying, told = {one.key.id for one in chosen}, {key.id for key in named}
    venues = {one.key.venue for one in chosen}
    wanted: dict[str, list[Wanted]] = {}
    for one in panic.targets(ports):
        key, manages = one.key, one.manages or one.key.id in told
        if key.venue in venues and key.venue in NAMES and (key.id in dying or manages):
            wanted.setdefault(key.venue, []).append(Wanted(key.desk, key.label, manages))
    names = sorted(one.key.name for one in chosen)
    return Mirror(
        {venue: tuple(keys) for venue, keys in sorted(wanted.items())},
        tuple(name for name in names if name.split("/")[0] in wanted),
        tuple(key.name for key in named if key.venue in wanted),
        tuple(name for name in names if name.split("/")[0] not in wanted),
    )


@contextmanager
def rehearsed(mirrored: Mirror, person: Person) -> Iterator[Drill]:
    """A home of stand-ins while the block runs; afterwards there is nothing of it.

    UsageError where the stand-ins do not start.
    """
    passphrase = Secret(SystemClock().token(32).hex())
    with (
        standing_in(tuple(mirrored.wanted)) as venues,
        tempfile.TemporaryDirectory(prefix="keyguard-rehearsal-") as folder,
    ):
        home = Home(Path(folder, "home"))
        config = Config("rehearsal", "file", simulators=dict(venues.urls))
        wiring.create(home, config, lambda: passphrase)
        with wiring.opened(home, lambda: passphrase, person) as ports:
            begin(ports, Firm(), tool_version=__version__)
            _furnish(ports, venues, mirrored)
        venues.slow_down(LATENCY_MS)
        with wiring.opened(home, lambda: passphrase, person) as ports:
            chosen = tuple(one for one in panic.targets(ports) if one.key.name in mirrored.chosen)
            yield Drill(ports, chosen, _named(ports, mirrored))


def _furnish(ports: Ports, venues: StandIns, mirrored: Mirror) -> None:
    with hurried(ports, venues) as gateway:
        for venue, wanted in mirrored.wanted.items():
            Furnisher(replace(ports, gateway=gateway), venues, venue).furnish(wanted)


def hurried(ports: Ports, venues: StandIns) -> AbstractContextManager[HttpGateway]:
    """A gateway to stand-ins without the pauses that venues ask for: what is prepared may be quick."""
    return closing(HttpGateway(ports.clock, _Growing(), venues.urls, spacing=AtOnce()))


def _named(ports: Ports, mirrored: Mirror) -> tuple[Key, ...]:
    """Those of these names, and the managers that were added where an account was full."""
    venues = {name.split("/")[0] for name in mirrored.named}
    return tuple(
        key
        for key in ports.inventory.keys()  # noqa: SIM118 - a method of the port
        if key.name in mirrored.named or (key.desk == OWNER and key.venue in venues)
    )


class _Growing:
    """A NonceSource for a home that does not outlive this process."""

    def __init__(self) -> None:
        self._last: dict[str, int] = {}

    def next(self, scope: str, floor: int) -> int:
        """A greater number each time."""
        self._last[scope] = max(self._last.get(scope, 0) + 1, floor)
        return self._last[scope]
