"""Begin a new log where the old one may sign no more, in the same chain of records (KGA/1 §6.3).

The old log's records stay where they are, as evidence. The new one says at once what they added up to:
signers, roles and policies in the firm's stream, a snapshot in each venue's.
"""

from __future__ import annotations

import json
from typing import Any

from keyguard.core.errors import UsageError
from keyguard.core.people import Action
from keyguard.core.record import Record, parse
from keyguard.core.slots import FIRM
from keyguard.kga.derive.lines import Line
from keyguard.kga.derive.state import State, read
from keyguard.ports.all import Ports
from keyguard.ports.audit import Draft
from keyguard.workflows import approvals, log_key
from keyguard.workflows.authority import demand_admin
from keyguard.workflows.identity import Actor
from keyguard.workflows.snapshot import restated


def renew(ports: Ports, *, tool_version: str, actor: Actor, why: str = "") -> str:
    """Begin a log with an id of its own; return the id. Who knew the old log must be given the new one's key.

    All of it in one transaction: there is a new log with everything in it, or the old one as before. Where
    rights are enforced a second person agrees first. UsageError `rights.not_admin`, `approval.needed`,
    `approval.waits`.
    """
    old = log_key.log_id(ports)
    demand_admin(ports, actor)
    about = {"change": "renew", "log": old}
    approvals.require_for_firm(ports, Action.LOG, "begin a new log", actor=actor, why=why, about=about)
    with ports.inventory.transaction():
        records = [parse(entry.record) for entry in ports.audit.entries(after=ports.seals.first() - 1)]
        fresh = ports.clock.token(8).hex()
        told = {"log_id": fresh, "origin": f"keyguard/{fresh}", "tool_version": tool_version}
        genesis = Draft(FIRM, "log.genesis", {**records[0].body, **told}, {"continues": old})
        drafts = [genesis, *_firm(records)]
        states: dict[str, State] = {}
        for record in records:
            if record.stream != FIRM:
                read([Line("", record)], states.setdefault(record.stream, State()))
        for venue, state in sorted(states.items()):
            drafts += restated(venue, state)
        for answer in ports.audit.append_all(drafts):
            if isinstance(answer, UsageError):
                raise answer
    return fresh


def _firm(records: list[Record]) -> list[Draft]:
    """Who signs, who has which role, which logs are enrolled, which policies hold; the log's own key says so
    itself when it signs."""
    standing: dict[str, tuple[str, dict[str, Any]]] = {}
    for record in records:
        body = dict(record.body)
        if record.type in ("signer.add", "signer.remove") and body["role"] != "log":
            place = json.dumps(["signer", body["role"], body["public_key"]])
        elif record.type in ("role.assign", "role.remove"):
            place = json.dumps(["role", body["person_f"], body["role"]])
        elif record.type in ("agent.enroll", "agent.retire"):
            place = json.dumps(["agent", body["origin"]])
        elif record.type == "policy.set":
            place = json.dumps(["policy", body["name"]])
        else:
            continue
        if record.type.endswith((".remove", ".retire")):
            standing.pop(place, None)
        else:
            standing[place] = record.type, body
    return [Draft(FIRM, kind, body) for kind, body in standing.values()]
