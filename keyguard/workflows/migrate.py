"""Move all secrets of a home from one store to another.

`copying → switched → done`, or `copying → abandoned`. Every step may be repeated, so a move that was
interrupted anywhere is taken up by running it again:

1. the log says that it begins; 2. what is missing in the target is put there; 3. everything is read from
both and compared; 4. while nobody may write, the source's names are compared once more, the log says that
the home switches, and it does; 5. where asked for, the source is compared and cleared.

Until the switch the source is the store and nothing in it changes; after it, the target is.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace

from keyguard.core.errors import IntegrityError, StoreError, UsageError
from keyguard.core.keys import VersionStatus
from keyguard.core.secret import Secret
from keyguard.core.slots import FIRM
from keyguard.ports.all import Ports
from keyguard.ports.journal import Workflow
from keyguard.ports.secrets import SecretStore, get_many
from keyguard.workflows.records import append_once

MIGRATE = "migrate"
HOLDER = "store"
"""Stands where other workflows have the id of a key: one unfinished move a home."""

_BATCH = 2048


@dataclass(frozen=True, slots=True)
class Side:
    """One of the two stores.

    `held`: its names, () where it does not exist. `make` makes it where it does not. `fill` puts many items,
    durably. `finish`: what it needs beside its items. `clear` removes all of it.
    """

    store: SecretStore
    held: Callable[[], tuple[str, ...]]
    make: Callable[[], None]
    fill: Callable[[Mapping[str, Secret]], None]
    finish: Callable[[], None]
    clear: Callable[[], None]


@dataclass(frozen=True, slots=True)
class Move:
    """What is to be moved where. `frozen` is held while nobody else may change the home's store; `switched`
    tells whether the home uses the target; `switch` makes it, at once or not at all."""

    source: Side
    target: Side
    frozen: Callable[[], AbstractContextManager[None]]
    switched: Callable[[], bool]
    switch: Callable[[], None]


@dataclass(frozen=True, slots=True)
class Moved:
    """How a move ended. `resumed`: it had been begun before."""

    items: int
    resumed: bool
    cleared: bool


def unfinished(ports: Ports) -> Workflow | None:
    """The move that was begun and not ended."""
    found = [w for w in ports.journal.workflows(unfinished=True) if w.kind == MIGRATE]
    return found[0] if found else None


def rehearse(move: Move) -> int:
    """Read everything that would be moved, change nothing; return the number of items.

    Raises StoreError where the source cannot be read or the target holds what is not in the source.
    """
    names = move.source.store.names()
    for batch in _batches(names):
        get_many(move.source.store, batch)
    _no_strangers(names, move)
    return len(names)


def migrate(ports: Ports, move: Move, *, delete_source: bool) -> Moved:
    """Move, or go on with a move; returns when the home uses the target and, if asked for, the source is
    gone. StoreError, IntegrityError `store.differs`; then the home still uses the store it used before."""
    with ports.journal.alone(HOLDER):
        workflow = unfinished(ports)
        resumed = workflow is not None
        if workflow is None:
            workflow = _begin(ports, move, delete_source)
        delete_source = delete_source or bool(workflow.data["delete_source"])
        if not move.switched():
            _copy(ports, move, workflow)
            _switch(ports, move, workflow)
        workflow = _advance(ports, workflow, "switched")
        items = len(move.target.store.names())
        if delete_source:
            _clear(ports, move, workflow)
        _advance(ports, workflow, "done", finished=True)
        return Moved(items, resumed, delete_source)


def abandon(ports: Ports, move: Move) -> Workflow:
    """Give up a move before its switch: the copies go, the home stays with the store it uses.

    UsageError `store.not_moving` where there is nothing to give up, `workflow.too_late` after the switch.
    """
    with ports.journal.alone(HOLDER):
        workflow = unfinished(ports)
        if workflow is None:
            raise UsageError("no move of the store is under way", code="store.not_moving")
        if move.switched():
            raise UsageError(
                "the home uses the new store already",
                code="workflow.too_late",
                hint="go on with the move, then move back",
            )
        _record(ports, move, workflow, "abandoned", len(move.target.held()))
        move.target.clear()
        return _advance(ports, workflow, "abandoned", finished=True)


def _begin(ports: Ports, move: Move, delete_source: bool) -> Workflow:
    switched = move.switched()
    if not switched:
        _no_strangers(move.source.store.names(), move)
    now = ports.clock.now()
    workflow = Workflow(
        id=ports.clock.token(8).hex(),
        kind=MIGRATE,
        key_id=HOLDER,
        state="switched" if switched else "copying",
        opened_at=now,
        updated_at=now,
        data={
            "from": move.source.store.kind,
            "to": move.target.store.kind,
            "delete_source": delete_source,
        },
    )
    ports.journal.open(workflow)
    return workflow


def _copy(ports: Ports, move: Move, workflow: Workflow) -> None:
    names = move.source.store.names()
    _record(ports, move, workflow, "begun", len(names))
    move.target.make()
    _put_missing(move, names)
    for batch in _batches(names):
        _compare(batch, move)


def _switch(ports: Ports, move: Move, workflow: Workflow) -> None:
    """What came to the source or left it since the copy is caught up with, while nothing more can."""
    with move.frozen():
        names = move.source.store.names()
        _put_missing(move, names)
        for name in set(move.target.store.names()) - set(names):
            move.target.store.delete(name)  # copied, then removed at the source
        if move.target.store.names() != names:
            raise _differs("")
        move.target.finish()
        _record(ports, move, workflow, "switched", len(names))
        move.switch()


def _put_missing(move: Move, names: tuple[str, ...]) -> None:
    held = frozenset(move.target.store.names())
    for batch in _batches([name for name in names if name not in held]):
        move.target.fill(get_many(move.source.store, batch))
        _compare(batch, move)


def _compare(names: Sequence[str], move: Move) -> None:
    """What is in the source must be in the target; what is no more was removed meanwhile, as it may."""
    target = get_many(move.target.store, names)
    for name, secret in get_many(move.source.store, names).items():
        if target.get(name) != secret:
            raise _differs(name)


def _batches(names: Sequence[str]) -> Iterator[Sequence[str]]:
    """Plaintext of so many at a time."""
    return (names[at : at + _BATCH] for at in range(0, len(names), _BATCH))


def _clear(ports: Ports, move: Move, workflow: Workflow) -> None:
    """Remove the source. What the home's inventory still needs must be in the target, equal."""
    held = move.source.held()
    kept = frozenset(move.target.store.names())
    needed = {
        version.item
        for key in ports.inventory.keys()  # noqa: SIM118 - a method of the port
        for version in ports.inventory.versions(key.id)
        if version.status is not VersionStatus.DEAD
    }
    for name in held:
        if name not in kept and name in needed:
            raise _differs(name)
    for batch in _batches([name for name in held if name in kept]):
        _compare(batch, move)
    _record(ports, move, workflow, "source_cleared", len(held))
    move.source.clear()


def _no_strangers(names: tuple[str, ...], move: Move) -> None:
    strangers = set(move.target.held()) - set(names)
    if strangers:
        raise StoreError(
            f"the store to move to holds {len(strangers)} items that this home's store does not",
            code="store.not_empty",
            still="nothing was changed",
            hint="left from an earlier move? clear it: `keyguard store migrate --to` the store in use, "
            "with --delete-source",
        )


def _advance(ports: Ports, workflow: Workflow, state: str, *, finished: bool = False) -> Workflow:
    moved = replace(workflow, state=state, finished=finished, updated_at=ports.clock.now())
    ports.journal.advance(moved)
    return moved


def _record(ports: Ports, move: Move, workflow: Workflow, stage: str, items: int) -> None:
    body = {
        "move": f"mv_{workflow.id}",
        "stage": stage,
        "from": move.source.store.kind,
        "to": move.target.store.kind,
        "items": items,
    }
    append_once(ports, FIRM, "store.migrate", body, ("move", "stage"))


def _differs(name: str) -> IntegrityError:
    what = f"the item {name!a} is not the same in both stores" if name else "the stores hold different items"
    return IntegrityError(
        what,
        code="store.differs",
        still="the home's store was not changed, and nothing was removed",
        hint="keyguard doctor; then run the move again",
    )
