"""Attestations for an occasion: a key's reinstatement after a forced expiry, and that there is nothing."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from datetime import timedelta

from keyguard.core.canonical import parse_instant
from keyguard.core.errors import UsageError
from keyguard.core.keys import scope_names
from keyguard.kga.log_copy import LogCopy
from keyguard.ports.all import Ports
from keyguard.workflows.records import instant

AROUND = timedelta(days=30)
"""How long before the venue ended a key a reinstatement looks back where nobody says."""


def reinstatement(
    ports: Ports, venue: str, wanted: str, explanation: str, around: timedelta = AROUND
) -> tuple[str, tuple[str, str]]:
    """The begin of the days around a key's end by the venue, and what the officer explains (two texts).

    All records of the venue in these days are shown, as ever: a file about one key alone could not prove
    that nothing was left out. UsageError `attest.reinstatement` where the venue ended no such key.
    """
    key = ports.inventory.find_key(wanted)
    ended = _ended(ports, venue)
    mine = [one for one in ports.inventory.versions(key.id) if one.fingerprint in ended]
    if key.venue != venue or not mine:
        raise UsageError(
            f"nobody noted that {venue} ended {key.name}",
            code="attest.reinstatement",
            still="nothing was issued",
            hint="keyguard key inspect notes it",
        )
    at, stage = ended[mine[-1].fingerprint]
    name = " ".join(mine[-1].fingerprint[n : n + 4] for n in range(0, 16, 4))
    needs = ", ".join(scope_names(key.needs)) or "as before"
    told = (
        f"재발급 요청 · reinstatement: key {name}, ended by the venue ({stage}) {at}; "
        f"permissions needed · 필요 권한: {needs}",
        f"설명 · explanation: {explanation}",
    )
    return instant(parse_instant(at) - around), told


def fingerprints(ports: Ports, venue: str, wanted: str) -> set[str]:
    """Those of a key's versions that the register may have a row of; a whole fingerprint is taken as it is,
    for it may be another host's key. UsageError `key.unknown`, or `attest.row` for a key of another venue."""
    if re.fullmatch(r"[0-9a-f]{64}", wanted):
        return {wanted}
    key = ports.inventory.find_key(wanted)
    if key.venue != venue:
        raise UsageError(f"{key.name} is not a key at {venue}", code="attest.row", still="nothing was issued")
    return {one.fingerprint for one in ports.inventory.versions(key.id)}


def demand_nothing(ports: Ports, venue: str, agents: Sequence[LogCopy] = ()) -> None:
    """UsageError `attest.not_empty` where a log of the firm ever held more of the venue than attestations."""
    own = (json.loads(entry.record)["type"] for entry in ports.audit.entries(stream=venue))
    theirs = (line.record.type for copy in agents for line in copy.lines(venue))
    for what, types in (("this log has", own), ("the log of another host has", theirs)):
        if any(not one.startswith(("attestation.", "snapshot.")) for one in types):
            raise UsageError(
                f"{what} records about {venue}",
                code="attest.not_empty",
                still="nothing was issued",
                hint="without --negative",
            )


def _ended(ports: Ports, venue: str) -> dict[str, tuple[str, str]]:
    """When and at which stage the venue ended keys, by fingerprint."""
    found = {}
    for entry in ports.audit.entries(stream=venue, holding=b'"type":"key.invalidated_by_venue"'):
        body = json.loads(entry.record)["body"]
        found[body["key"]] = (body["noticed_at"], body["stage"])
    return found
