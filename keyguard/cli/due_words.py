"""What `key rotate` says of several keys: which, why, and how it ended."""

from __future__ import annotations

from typing import TYPE_CHECKING

from keyguard.cli import rotation_words
from keyguard.core.keys import KeyKind, Origin, Scope, scope_names
from keyguard.workflows.rights import key_scopes

if TYPE_CHECKING:
    from collections.abc import Sequence

    from keyguard.cli.output import Output
    from keyguard.core.due import Due
    from keyguard.core.keys import Key
    from keyguard.ports.all import Ports
    from keyguard.workflows.rotate_each import Rotations


def of_desk(ports: Ports, desk: str) -> tuple[Key, ...]:
    """The desk's keys with a version in use, those that manage others last."""
    every = ports.inventory.keys()
    keys = [key for key in every if key.desk == desk and key.kind is not KeyKind.OAUTH]
    live = ports.inventory.live_versions([key.id for key in keys])

    def manages(key: Key) -> bool:
        return Scope.MANAGE_KEYS in (key_scopes(ports, key, live[key.id]) or Scope.NONE)

    return tuple(sorted((key for key in keys if key.id in live), key=manages))


def tell(out: Output, keys: Sequence[Key], due: Sequence[Due]) -> None:
    """Say which keys are meant, in their order, and why those that are due are."""
    if out.json:
        reasons = {one.key.id: one for one in due}
        out.document([_document(key, reasons.get(key.id)) for key in keys])
        return
    if not keys:
        out.data("nothing is due")
    for one in due:
        scopes = ",".join(scope_names(one.scopes)) if one.scopes is not None else "?"
        out.data(f"{one.key.name} ({scopes})")
        for reason in one.reasons:
            known = "" if reason.origin is Origin.REPORTED else f" [{reason.origin.value}]"
            out.data(f"  {reason.cause.value}: {reason.text}{known}")
        if one.workflow:
            out.data(f"  under way: keyguard workflow resume {one.workflow[:8]}")
    if not due:
        for key in keys:
            out.data(key.name)


def tell_done(out: Output, rotations: Rotations) -> None:
    """Say how each ended."""
    if out.json:
        failed = {
            name: {"code": error.code, "message": error.message, "hint": error.hint}
            for name, error in rotations.failed.items()
        }
        done = {name: workflow.id for name, workflow in rotations.done.items()}
        out.document({"rotated": done, "not_rotated": failed})
        return
    for name, error in rotations.failed.items():
        out.data(f"{name} was not rotated: {error.message}", style="red")
        out.data(f"  {error.hint or f'keyguard key rotate {name}'}")
    for name, workflow in rotations.done.items():
        rotation_words.tell(out, workflow, name)


def _document(key: Key, due: Due | None) -> dict[str, object]:
    if due is None:
        return {"key": key.name}
    return {
        "key": key.name,
        "scopes": None if due.scopes is None else list(scope_names(due.scopes)),
        "reason": due.why,
        "urgent": due.urgent,
        "workflow": due.workflow or None,
        "reasons": [
            {
                "cause": reason.cause.value,
                "at": reason.at.isoformat(),
                "text": reason.text,
                "origin": reason.origin.value,
            }
            for reason in due.reasons
        ],
    }
