"""The ports a workflow is given, in one record."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from keyguard.ports.audit import AuditLog
from keyguard.ports.clock import Clock
from keyguard.ports.findings import Findings
from keyguard.ports.gateway import Gateway
from keyguard.ports.incidents import Incidents
from keyguard.ports.inventory import Inventory
from keyguard.ports.journal import Journal
from keyguard.ports.people import People
from keyguard.ports.person import Person
from keyguard.ports.seals import Seals
from keyguard.ports.secrets import SecretStore

if TYPE_CHECKING:
    from keyguard.ports.uses import Uses


@dataclass(frozen=True, slots=True)
class Ports:
    """Everything a workflow may touch. `uses` None: this home has no rules on use. `ending`: raises where
    this process is about to end; asked between two steps. None: it ends when its work is done."""

    secrets: SecretStore
    inventory: Inventory
    journal: Journal
    audit: AuditLog
    gateway: Gateway
    clock: Clock
    person: Person
    people: People
    findings: Findings
    incidents: Incidents
    seals: Seals
    uses: Uses | None = None
    ending: Callable[[], None] | None = None
