"""Rotate many keys, one after the other: what fails does not keep the others waiting."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from keyguard.core.errors import KeyguardError, NotStored, StoreError
from keyguard.core.keys import Key
from keyguard.ports.all import Ports
from keyguard.ports.journal import Workflow
from keyguard.workflows.identity import Actor
from keyguard.workflows.rotate import Options, rotate
from keyguard.workflows.run import ProcessAlive


@dataclass(slots=True)
class Rotations:
    """What came of it, by key name, in the order in which it was tried."""

    done: dict[str, Workflow] = field(default_factory=dict)
    failed: dict[str, KeyguardError] = field(default_factory=dict)


def rotate_each(
    ports: Ports, keys: Iterable[Key], options: Options, *, actor: Actor, process_alive: ProcessAlive
) -> Rotations:
    """Rotate them in this order, all alike. Raises as `rotate_all`."""
    return rotate_all(ports, ((key, options) for key in keys), actor=actor, process_alive=process_alive)


def rotate_all(
    ports: Ports, wanted: Iterable[tuple[Key, Options]], *, actor: Actor, process_alive: ProcessAlive
) -> Rotations:
    """Rotate them in this order. StoreError where the store is locked or broken: no other would do better."""
    rotations = Rotations()
    for key, options in wanted:
        try:
            workflow = rotate(ports, key.id, options, actor=actor, process_alive=process_alive)
        except KeyguardError as error:
            if isinstance(error, StoreError) and not isinstance(error, NotStored):
                raise
            ports.person.tell(f"{key.name} was not rotated", error.message)
            rotations.failed[key.name] = error
        else:
            rotations.done[key.name] = workflow
    return rotations
