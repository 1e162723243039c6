"""A home at stand-ins for venues, with as many keys as a measurement wants, made as for a rehearsal."""

from __future__ import annotations

import contextlib
import tempfile
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from keyguard import wiring
from keyguard.core.secret import Secret
from keyguard.home import Config, Home
from keyguard.rehearsal import furnishing
from keyguard.rehearsal.furnishing import Wanted
from keyguard.rehearsal.panic import hurried
from keyguard.rehearsal.stand_ins import StandIns
from keyguard.workflows.begin import Firm, begin
from keyguard_simulators.plain import PLAIN
from tests.bench.rotation import Nobody

if TYPE_CHECKING:
    from collections.abc import Iterator

    from keyguard.ports.all import Ports
    from keyguard.ports.person import Person


@contextlib.contextmanager
def home_at(venues: StandIns) -> Iterator[Home]:
    """A home that talks to them, with stores as `init --store file` makes them."""
    with tempfile.TemporaryDirectory() as folder:
        home = Home(Path(folder, "home"))
        wiring.create(home, Config("bench", "file", simulators=venues.urls), lambda: Secret("bench"))
        with opened(home) as ports:
            begin(ports, Firm(), tool_version="bench")
        yield home


def opened(home: Home, person: Person | None = None) -> contextlib.AbstractContextManager[Ports]:
    """Its ports, as a command has them: with nothing counted yet of the venues' limits."""
    return wiring.opened(home, lambda: Secret("bench"), person or Nobody())


def furnish(ports: Ports, venues: StandIns, venue: str, count: int) -> None:
    """Enrol `count` keys; one of them manages keys, where the venue knows such a thing."""
    managing = [Wanted("ops", "manager", manages=True)] if PLAIN[venue].manager is not None else []
    wanted = [*managing, *(Wanted("mm", f"bot{n}") for n in range(len(managing), count))]
    with hurried(ports, venues) as gateway:
        furnishing.Furnisher(replace(ports, gateway=gateway), venues, venue).furnish(wanted)
