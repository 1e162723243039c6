"""The salts that all homes of a firm share (KGA/1 §7): given out by the primary, taken in by an agent."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from keyguard.core.errors import IntegrityError, NotStored, UsageError
from keyguard.core.secret import Secret
from keyguard.core.slots import FIRM, slot
from keyguard.ports.all import Ports
from keyguard.workflows import agents
from keyguard.workflows.identity import AGENT_OF, SHARED, names


def give(ports: Ports, venues: Iterable[str]) -> dict[str, Secret]:
    """The salts of the firm's stream, of every venue this home knows, and of these; drawn if need be.

    UsageError `agent.primary` in an agent's home, `attest.venue` for a venue without a slot.
    """
    if agents.role(ports) != agents.PRIMARY:
        raise UsageError("this home is an agent itself", code="agent.primary", still="nothing was changed")
    for venue in (FIRM, *venues):
        try:
            slot(venue)
        except ValueError:
            raise UsageError(
                f"no venue {venue!r}", code="attest.venue", still="nothing was changed"
            ) from None
        names(ports, venue)
    return {name: ports.secrets.get(name) for name in ports.secrets.names() if name.startswith(SHARED)}


def take(ports: Ports, primary: str, salts: Mapping[str, Secret]) -> int:
    """Take in those that are not here yet; how many. From then on this home draws none itself.

    IntegrityError `agent.salts` where another one is here: this home was a primary's, or another firm's, and
    the names in its log would not be those of the firm's other logs. UsageError `agent.foreign` for a second
    primary.
    """
    if odd := [name for name in salts if not name.startswith(SHARED)]:
        raise IntegrityError(f"{odd[0]} is no salt", code="agent.salts", still="nothing was changed")
    here = {name: _stored(ports, name) for name in salts}
    if any(known is not None and known != salts[name] for name, known in here.items()):
        raise IntegrityError(
            "this home has other salts than the primary's",
            code="agent.salts",
            still="nothing was changed",
            hint="an agent begins in a new home: keyguard --home DIR init --agent FILE",
        )
    of = _stored(ports, AGENT_OF)
    if of is not None and of.reveal() != primary:
        raise UsageError(
            f"this home is an agent of {of.reveal()}", code="agent.foreign", still="nothing was changed"
        )
    missing = [name for name, known in here.items() if known is None]
    for name in missing:
        ports.secrets.put(name, salts[name])
    if of is None:
        ports.secrets.put(AGENT_OF, Secret(primary))
    return len(missing)


def _stored(ports: Ports, name: str) -> Secret | None:
    try:
        return ports.secrets.get(name)
    except NotStored:
        return None
