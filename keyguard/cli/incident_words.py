"""Incidents and freezes as lines; options shared by the commands about them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from keyguard.core.incidents import Freeze, Incident, Scope
from keyguard.workflows import incident_document
from keyguard.workflows.incidents import stage_words

if TYPE_CHECKING:
    import argparse
    from typing import Any

    from keyguard.cli.output import Output
    from keyguard.ports.all import Ports

IN_EVIDENCE = "stands in evidence for the venues concerned: facts, no names of people"
AT_HELP = "instant with a zone, such as 2026-12-01T09:00+09:00"
_WORDS = {"detected": "detect", "frozen": "freeze", "revoked": "revoke", "contained": "contain"}


def incident_argument(parser: argparse.ArgumentParser) -> None:
    """Declare the argument that names an incident."""
    parser.add_argument("incident", help="its id or the beginning of it")


def tell(out: Output, incident: Incident) -> int:
    """Say in a line or as JSON how an incident stands now; the exit status."""
    if out.json:
        out.document(incident_document.document(incident))
    else:
        out.data(line(incident))
    return 0


def line(incident: Incident) -> str:
    """One line: id, class, state, what it is about."""
    about = ", ".join(incident.names or incident.venues) or "no key"
    return f"{incident.id} {incident.kind.value}: {state(incident)}; {about}"


def state(incident: Incident) -> str:
    """How far it is, in a word or two."""
    if not incident.open:
        return "closed"
    if incident.unseen:
        return "open, nobody has looked yet"
    reached = [step.value for step, at in incident.reached().items() if at is not None]
    return f"open, {reached[-1]}" if reached else "open"


def tell_all(out: Output, incident: Incident, frozen: tuple[Freeze, ...], names: dict[str, str]) -> None:
    """Everything that is known of one."""
    out.data(line(incident), style="bold")
    out.data(f"  how        {incident.how}")
    if incident.stage is not None or incident.deadline is not None:
        out.data(f"  venue      {stage_words(incident)}")
    reached = [
        f"{_WORDS.get(step.value, step.value)} {f'{at:%Y-%m-%d %H:%M:%S}' if at else '-'}"
        for step, at in incident.reached().items()
    ]
    out.data(f"  reached    {' · '.join(reached)} (UTC)")
    for one in frozen:
        out.data(f"  frozen     {freeze_line(one, names)}", style="yellow")
    for event in incident.timeline():
        text = f": {event.text}" if event.text else ""
        out.data(f"  {event.at:%Y-%m-%d %H:%M:%S}  {event.step.value}, by {event.by}{text}")
    if incident.closed_at is not None:
        out.data(f"  cause      {incident.cause}")
        for done in incident.outcome:
            out.data(f"  done       {done}")


def freeze_line(one: Freeze, names: dict[str, str]) -> str:
    """What is frozen since when and why."""
    until = "" if one.ended_at is None else f", ended {one.ended_at:%Y-%m-%d %H:%M}"
    return f"{one.id} {subject(one, names)} since {one.since:%Y-%m-%d %H:%M} UTC{until}: {one.reason}"


def subject(one: Freeze, names: dict[str, str]) -> str:
    """What people call the subject of a freeze."""
    if one.scope is Scope.ALL:
        return "all keys"
    return f"{one.scope.value} {names.get(one.subject, one.subject)}"


def names(ports: Ports) -> dict[str, str]:
    """Key id -> name."""
    return {key.id: key.name for key in ports.inventory.keys()}  # noqa: SIM118 - a method of the port


def freeze_document(one: Freeze, named: dict[str, str]) -> dict[str, Any]:
    """A freeze as JSON."""
    return incident_document.freeze_document(one, named.get(one.subject, one.subject))


def scope_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options that say what is to be frozen, one of which must be given."""
    what = parser.add_mutually_exclusive_group(required=True)
    for scope in (Scope.KEY, Scope.DESK, Scope.VENUE, Scope.PERSON):
        what.add_argument(f"--{scope.value}", metavar=scope.value[0].upper(), help=f"of this {scope.value}")
    what.add_argument("--all", action="store_true", help="of every key")


def scope_of(args: argparse.Namespace) -> tuple[Scope, str]:
    """What these options say."""
    for scope in (Scope.KEY, Scope.DESK, Scope.VENUE, Scope.PERSON):
        wanted = getattr(args, scope.value)
        if wanted is not None:
            return scope, wanted
    return Scope.ALL, ""
