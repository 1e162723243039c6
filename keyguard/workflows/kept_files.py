"""What the log and the incidents say stands outside the database, and what of it is not there."""

from __future__ import annotations

import json
from collections.abc import Callable, Container

from keyguard.core.incidents import Step
from keyguard.ports.all import Ports


def lacking(ports: Ports, copies: Container[str], packages: Callable[[str], int]) -> tuple[str, ...]:
    """Ids of attestations that were issued and have no copy, then of incidents that lack a package.

    `copies`: the attestations that are there; `packages`: how many packages there are of an incident.
    """
    issued = [
        json.loads(entry.record)["body"]["attestation_id"]
        for entry in ports.audit.entries(holding=b'"type":"attestation.issued"')
    ]
    incidents = [
        one.id
        for one in ports.incidents.all()
        if packages(one.id) < sum(event.step is Step.PRESERVED for event in one.events)
    ]
    return (*(id_ for id_ in issued if id_ not in copies), *incidents)
