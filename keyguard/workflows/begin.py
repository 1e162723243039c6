"""Begin the audit log."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass

from keyguard.core.errors import IntegrityError
from keyguard.ports.all import Ports

SLOTS = 1024  # KGA/1 §6.2
REGISTRY = 1


@dataclass(frozen=True, slots=True)
class Firm:
    """The legal entity whose log this is, as its configuration declares it."""

    name_local: str = "not declared"
    name_latin: str = "not declared"
    registration_no: str = "not declared"
    country: str = "not declared"


def begin(ports: Ports, firm: Firm, *, tool_version: str, role: str = "primary") -> str:
    """Write `log.genesis` into an empty log and return the log's id (16 hex digits). Safe to repeat.

    `role`: `primary`, or `agent` for a log that another home of the firm enrols. Raises IntegrityError where
    the log begins with anything else.
    """
    first = next(ports.audit.entries(), None)
    if first is not None:
        record = json.loads(first.record)
        if record["type"] != "log.genesis":
            raise IntegrityError("the audit log does not begin with its genesis", code="log.genesis")
        return str(record["body"]["log_id"])
    log_id = ports.clock.token(8).hex()
    ports.audit.append(
        "firm",
        "log.genesis",
        {
            "log_id": log_id,
            "origin": f"keyguard/{log_id}",
            "role": role,
            "firm": asdict(firm),
            "tool_version": tool_version,
            "slots": SLOTS,
            "registry": REGISTRY,
        },
    )
    return log_id
