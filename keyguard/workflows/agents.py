"""Agents: other homes of this firm, whose logs enter its attestations (KGA/1 §5.1).

One home is the primary: it enrols the others, takes in copies of their logs, and attests for all. A copy is
believed as far as signatures and hashes reach: under the key that was compared by voice, as a continuation of
what was seen before. One that contradicts it is kept aside as evidence, and becomes a finding.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from typing import Any, Protocol

from keyguard.core import canonical
from keyguard.core.errors import IntegrityError, UsageError
from keyguard.core.findings import Item, Kind
from keyguard.core.keys import Origin
from keyguard.core.people import Action
from keyguard.core.policy import Level
from keyguard.core.slots import FIRM
from keyguard.kga import dsse, log_copy, merkle, notes
from keyguard.kga.derive.lines import Period
from keyguard.kga.log_copy import LogCopy
from keyguard.kga.verdict import Failed, Malformed
from keyguard.ports.all import Ports
from keyguard.workflows import approvals, findings, log_key
from keyguard.workflows.authority import demand_admin
from keyguard.workflows.identity import Actor, names
from keyguard.workflows.records import instant

PRIMARY, AGENT = "primary", "agent"


class Copies(Protocol):
    """The newest copy of each enrolled log. StoreError for what the disk reports."""

    def get(self, log_id: str) -> bytes | None:
        """The copy taken in last; None without."""
        ...

    def put(self, log_id: str, data: bytes) -> None:
        """Keep it in the place of the one before, on disk before this returns."""
        ...

    def refuse(self, log_id: str, data: bytes) -> str:
        """Keep one that contradicts it, as evidence; where."""
        ...


@dataclass(frozen=True, slots=True)
class Agent:
    """An enrolled log. `host`: as the operator called it; `since`, `retired` are instants, `retired` "" while
    it is enrolled; `last_seal`: the number of its last seal, where it was retired."""

    origin: str
    vkey: str
    host: str
    since: str
    retired: str = ""
    last_seal: int = -1

    @property
    def log_id(self) -> str:
        """The log's id."""
        return self.origin.removeprefix("keyguard/")


def role(ports: Ports) -> str:
    """Whether this home's log is the primary one or an agent's, by its first record."""
    first = next(ports.audit.entries(after=ports.seals.first() - 1), None)
    return PRIMARY if first is None else str(json.loads(first.record)["body"].get("role", PRIMARY))


def agents(ports: Ports, *, past: bool = False) -> tuple[Agent, ...]:
    """All that are enrolled in the present log; with `past` the retired ones, too. Oldest first."""
    found: dict[str, Agent] = {}
    first = ports.seals.first()
    for entry in ports.audit.entries(stream=FIRM, holding=b'"type":"agent.', after=first - 1):
        record = json.loads(entry.record)
        body: dict[str, Any] = record["body"]
        if record["type"] == "agent.enroll":
            hidden = ports.audit.private_part(entry.number)
            host = json.loads(hidden[1]).get("host", "") if hidden else ""
            found[body["origin"]] = Agent(body["origin"], body["vkey"], host or body["host"], body["from"])
        elif record["type"] == "agent.retire" and body["origin"] in found:
            known = found[body["origin"]]
            found[body["origin"]] = replace(known, retired=body["at"], last_seal=body["last_seal"])
    return tuple(one for one in found.values() if past or not one.retired)


def fingerprint(copy: LogCopy) -> str:
    """What two people compare by voice: the digest of the log's key, in hex."""
    return dsse.keyid(copy.key.public)


def enroll(
    ports: Ports, copies: Copies, data: bytes, *, compared: str, host: str, actor: Actor, why: str = ""
) -> Agent:
    """Let the log in this copy enter the firm's attestations. `compared`: its fingerprint as the other host's
    operator reads it out. Where rights are enforced a second person agrees first.

    UsageError `agent.primary`, `agent.role`, `agent.fingerprint`, `agent.host`, `agent.known`, and as
    `approvals.require_for_firm`; IntegrityError `agent.copy`.
    """
    if role(ports) != PRIMARY:
        raise _refused("this home is an agent itself", "agent.primary", "enrol it in the primary home")
    copy = _read(data, None)
    if copy.role != AGENT:
        raise _refused(
            "that log is no agent's", "agent.role", "there: keyguard init --agent FILE, in a new home"
        )
    if "".join(compared.lower().replace(":", " ").split()) != fingerprint(copy):
        raise _refused(
            "the file's log has another key than the one that was read out",
            "agent.fingerprint",
            "there: keyguard agent card; ask over a number you knew before",
        )
    if any(one.origin == copy.key.name for one in agents(ports, past=True)):
        raise _refused("this log is, or was, enrolled", "agent.known", "keyguard agent list --all")
    pseudonym = names(ports, FIRM).host(host)
    if (told := _hosts(copy)) and pseudonym not in told:
        raise _refused(
            f"the log was not written on a host {host!r}, or with other salts than this firm's",
            "agent.host",
            "--host as `hostname` there says",
        )
    demand_admin(ports, actor)
    about = {"change": "enroll", "role": AGENT, "public_key": str(copy.key)}
    approvals.require_for_firm(ports, Action.SIGNER, f"enrol {host}", actor=actor, why=why, about=about)
    _keep(ports, copies, copy, data)
    now = instant(ports.clock.now())
    body = {"origin": copy.key.name, "vkey": str(copy.key), "host": pseudonym, "from": now}
    ports.audit.append(FIRM, "agent.enroll", body, private={"host": host})
    return Agent(copy.key.name, str(copy.key), host, now)


def take_in(ports: Ports, copies: Copies, data: bytes) -> tuple[Agent, LogCopy]:
    """Take in a newer copy of an enrolled log.

    UsageError `agent.unknown`, `agent.older`; IntegrityError `agent.copy` where something in it does not
    hold, `agent.forked` where it contradicts what was seen before.
    """
    named = _read(data, None)
    agent = next((one for one in agents(ports) if one.origin == named.key.name), None)
    if agent is None:
        raise _refused(f"the log {named.key.name} is not enrolled", "agent.unknown", "keyguard agent enroll")
    copy = _read(data, notes.verifier_key(agent.vkey))
    _demand_newer(ports, copies, agent, copy, data)
    _keep(ports, copies, copy, data)
    return agent, copy


def retire(ports: Ports, copies: Copies, wanted: str, *, actor: Actor, why: str = "") -> Agent:
    """Say that a log is an agent's no more; by origin, id or host. What it holds stays in the attestations of
    every period that it was enrolled in. A second person agrees first, where rights are enforced: what the
    host would do from now on nobody could see.

    UsageError `agent.unknown`, `agent.copy` where no copy was taken in.
    """
    agent = find(ports, wanted)
    copy = _kept(copies, agent)
    if copy is None:
        raise _refused(f"there is no copy of the log of {agent.host}", "agent.copy", "keyguard agent import")
    demand_admin(ports, actor)
    about = {"change": "retire", "role": AGENT, "public_key": agent.vkey}
    approvals.require_for_firm(
        ports, Action.SIGNER, f"retire {agent.host}", actor=actor, why=why, about=about
    )
    now = instant(ports.clock.now())
    seal = copy.sealed.seal.no
    ports.audit.append(FIRM, "agent.retire", {"origin": agent.origin, "at": now, "last_seal": seal})
    return replace(agent, retired=now, last_seal=seal)


def find(ports: Ports, wanted: str) -> Agent:
    """One enrolled agent by origin, id or host; UsageError `agent.unknown`."""
    found = [one for one in agents(ports) if wanted in (one.origin, one.log_id, one.host)]
    if len(found) != 1:
        raise _refused(
            f"{wanted!r} is {'no agent' if not found else 'more than one agent'}",
            "agent.unknown",
            "keyguard agent list",
        )
    return found[0]


def copies_for(ports: Ports, copies: Copies | None, period: Period) -> tuple[LogCopy, ...]:
    """The copies of all logs that an attestation of this period shows, checked again, by id.

    UsageError `attest.agent` where one is missing or was sealed before the period ended.
    """
    found = []
    for agent in agents(ports, past=True):
        if agent.retired and agent.retired < period.since:
            continue
        copy = _kept(copies, agent)
        if copy is None or not (_at(copy) >= period.until or _to_its_end(copy, agent)):
            reaches = "nowhere" if copy is None else f"to {_at(copy)}"
            raise UsageError(
                f"the log of the agent {agent.host} reaches {reaches}, not to the period's end",
                code="attest.agent",
                still="nothing was issued",
                hint="there: keyguard log export --for-primary FILE; here: keyguard agent import FILE",
            )
        found.append(copy)
    return tuple(sorted(found, key=lambda one: one.log_id))


def sealed_at(copies: Copies, agent: Agent) -> str:
    """The instant of the newest seal that was taken in; "" without a copy."""
    copy = _kept(copies, agent)
    return "" if copy is None else _at(copy)


def _to_its_end(copy: LogCopy, agent: Agent) -> bool:
    """Whether it was retired, and all is here that it had sealed then: nothing later is to come."""
    return bool(agent.retired) and copy.sealed.seal.no >= agent.last_seal


def _at(copy: LogCopy) -> str:
    return canonical.format_instant(copy.sealed.seal.t)


def _kept(copies: Copies | None, agent: Agent) -> LogCopy | None:
    data = None if copies is None else copies.get(agent.log_id)
    return None if data is None else _read(data, notes.verifier_key(agent.vkey))


def _hosts(copy: LogCopy) -> set[str]:
    return {
        str(line.record.body["host"])
        for line in copy.lines(FIRM)
        if line.record.type in ("agent.start", "log.heartbeat")
    }


def _read(data: bytes, key: notes.VerifierKey | None) -> LogCopy:
    try:
        return log_copy.unpack(data, key)
    except (Failed, Malformed) as error:
        raise IntegrityError(
            f"this copy of a log does not hold: {error}",
            code="agent.copy",
            still="nothing was taken in; what was there before still stands",
            hint="have it made again: keyguard log export --for-primary FILE",
        ) from None


def _demand_newer(ports: Ports, copies: Copies, agent: Agent, copy: LogCopy, data: bytes) -> None:
    """It continues what was seen. Two sources say what that was, for one of them may have been put back: the
    secret store's memory of the newest checkpoint, and the copy that is kept."""
    seen = log_key.signed(ports, agent.log_id)
    kept = _kept(copies, agent)
    size = copy.sealed.checkpoint.size
    if kept is not None and size < kept.sealed.checkpoint.size:
        if not log_copy.continues(copy, kept):
            raise _forked(ports, copies, agent, copy, data)
        raise _older(size, kept.sealed.checkpoint.size)
    if kept is not None and not log_copy.continues(kept, copy):
        raise _forked(ports, copies, agent, copy, data)
    if seen is None:
        return
    if size < seen[0]:
        raise _older(size, seen[0])
    root = copy.sealed.seals_root_at(seen[0]) if seen[0] else merkle.EMPTY_ROOT
    if root is None or root.hex() != seen[1]:
        raise _forked(ports, copies, agent, copy, data)


def _keep(ports: Ports, copies: Copies, copy: LogCopy, data: bytes) -> None:
    head = copy.sealed.checkpoint
    copies.put(copy.log_id, data)
    log_key.remember(ports, copy.log_id, head.size, head.root)


def _older(size: int, seen: int) -> UsageError:
    return _refused(
        f"this copy has {size} seals, one with {seen} was taken in before",
        "agent.older",
        "there: keyguard log export --for-primary FILE",
    )


def _forked(ports: Ports, copies: Copies, agent: Agent, copy: LogCopy, data: bytes) -> IntegrityError:
    """Keep it as evidence, make it a finding, and say so."""
    head = copy.sealed.checkpoint
    where = copies.refuse(agent.log_id, data)
    item = Item(
        Kind.LOG,
        Level.HIGH,
        agent.host,
        f"its log was rewritten: a copy with {head.size} seals contradicts what was taken in before",
        ports.clock.now(),
        "keyguard agent list",
        Origin.INFERRED,
        detail=f"{agent.origin} {head.size} {head.root.hex()}",
    )
    with ports.inventory.transaction():
        findings.note(ports, [item])
    return IntegrityError(
        f"the log of the agent {agent.host} was rewritten: this copy contradicts the one before",
        code="agent.forked",
        still=f"the one before still counts; this one was kept as evidence: {where}",
        hint=f"keyguard finding show {item.id}; two histories signed by one key: look into that host",
    )


def _refused(what: str, code: str, hint: str = "") -> UsageError:
    return UsageError(what, code=code, still="nothing was changed", hint=hint)
