"""Incidents from the terminal UI: how one begins, what is left to do, and what does it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from keyguard.core.findings import Kind as Found
from keyguard.core.incidents import Kind, Stage, Step
from keyguard.tui.widgets.form import end_of
from keyguard.workflows import contain, freezes, incidents

if TYPE_CHECKING:
    from keyguard.core.incidents import Incident
    from keyguard.tui.picture import Picture
    from keyguard.tui.work import Doing

_ROTATE = "keyguard key rotate "


@dataclass(frozen=True, slots=True)
class Draft:
    """What is proposed for a new incident, for a person to change."""

    kind: Kind = Kind.OTHER
    how: str = ""
    key: str = ""
    venue: str = ""


@dataclass(frozen=True, slots=True)
class NextStep:
    """What should be done: `incidents.next_<name>` says it, a key of the screen does it, else a command."""

    name: str
    key: str = ""
    command: str = ""


def draft(picture: Picture, about: str) -> Draft:
    """What is known of this key or finding; nothing of it is decided yet."""
    if (view := picture.by_id.get(about)) is not None:
        return Draft(key=view.key.name)
    found = next((one for one in (*picture.findings, *picture.accepted) if one.id == about), None)
    if found is None:
        return Draft()
    item = found.item
    named = item.command.removeprefix(_ROTATE).split() if item.command.startswith(_ROTATE) else ()
    view = picture.key_named(named[0] if named else item.subject)
    kind = Kind.LEAK if item.kind is Found.LEAK else Kind.OTHER
    venue = item.subject.partition("/")[0] if item.kind is Found.UNKNOWN_KEY else ""
    return Draft(kind, item.text, view.key.name if view is not None else "", venue)


def next_steps(one: Incident) -> tuple[NextStep, ...]:
    """What is left until it can be closed, in the order in which it should be done."""
    if not one.open:
        return ()
    done = {step for step, at in one.reached().items() if at is not None}
    noted = {event.step for event in one.events}
    steps = [NextStep("look", "c")] if one.unseen else []
    if one.keys:
        steps += [] if Step.FROZEN in done else [NextStep("freeze", "f")]
        steps += [] if Step.REVOKED in done else [NextStep("revoke", "r")]
    if Step.RECEIVED in noted and Step.REPLIED not in noted:
        steps.append(NextStep("reply", "n"))
    if Step.PRESERVED not in done:
        steps.append(NextStep("preserve", command=f"keyguard incident preserve {one.id}"))
    if Step.NOTIFIED not in done and one.venues:
        command = f"keyguard incident notify {one.id} --to {one.venues[0]}"
        steps.append(NextStep("notify", command=command))
    return tuple(steps) or (NextStep("close", "x"),)


def opened(given: Mapping[str, str]) -> Callable[[Doing], object]:
    """Opens an incident; the work's result is its id."""
    opening = incidents.Opening(
        Kind(given["kind"]), given["how"], _parts(given["keys"]), _parts(given["venues"])
    )
    freeze = given["freeze"] == "yes"
    return lambda doing: incidents.open_incident(doing.ports, opening, actor=doing.actor, freeze=freeze).id


def noted(doing: Doing, id_: str, given: Mapping[str, str]) -> object:
    """Adds what happened."""
    return incidents.add_event(doing.ports, id_, Step(given["step"]), given["text"], actor=doing.actor)


def staged(doing: Doing, id_: str, given: Mapping[str, str]) -> object:
    """Notes how far the venue has gone, and until when it wants an answer."""
    return incidents.set_stage(
        doing.ports,
        id_,
        actor=doing.actor,
        stage=Stage(given["stage"]),
        deadline=end_of(given["deadline"]) if given["deadline"] else None,
        reference=given["reference"],
    )


def frozen(doing: Doing, id_: str) -> object:
    """Stops hand-outs of its keys."""
    return contain.contain(
        doing.ports, id_, revoking=False, actor=doing.actor, process_alive=doing.process_alive
    )


def revoked(doing: Doing, id_: str, manager: str) -> object:
    """Ends its keys at their venues, with proof; raises why the first that failed did, all are told."""
    done = contain.contain(
        doing.ports,
        id_,
        revoking=True,
        manager=manager,
        actor=doing.actor,
        process_alive=doing.process_alive,
    )
    for error in done.failed.values():
        raise error
    return done


def cleared(doing: Doing, id_: str, text: str) -> object:
    """A person has looked."""
    return incidents.clear(doing.ports, id_, actor=doing.actor, reason=text)


def closed(doing: Doing, id_: str, given: Mapping[str, str]) -> object:
    """Closes it, with its cause and what was done."""
    done = (given["done"],)
    return incidents.close(doing.ports, id_, actor=doing.actor, cause=given["text"], outcome=done)


def thawed(doing: Doing, id_: str, text: str) -> object:
    """Ends a freeze."""
    return freezes.thaw(doing.ports, id_, actor=doing.actor, reason=text)


def _parts(text: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in text.split(",") if part.strip())
