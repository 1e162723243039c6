"""What the screens show: immutable views of one reading of the home. None holds a secret."""

from __future__ import annotations

import enum
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from keyguard.core.expiry import Deadline
from keyguard.core.findings import Finding
from keyguard.core.keys import Key, KeyVersion
from keyguard.core.people import Approval, Desk, Grant, Party, Person
from keyguard.core.policy import Level
from keyguard.ports.inventory import Lease, Observation
from keyguard.ports.journal import Workflow


@dataclass(frozen=True, slots=True)
class KeyView:
    """A key with what is known of it. `live` None: no version is handed out; `seen` None: never asked.

    `may_use`: ids of persons, sorted. `end`: the next end that is known. `findings`: about it, worst first.
    """

    key: Key
    live: KeyVersion | None
    seen: Observation | None
    may_use: tuple[str, ...]
    end: Deadline | None
    findings: tuple[Finding, ...]
    leases: tuple[Lease, ...]

    @property
    def danger(self) -> Level | None:
        """The level of the worst finding about it; None for none."""
        return self.findings[0].item.level if self.findings else None


@dataclass(frozen=True, slots=True)
class Picture:
    """One reading of a home, at an instant (UTC). `findings` are open, the worst first; `accepted` are not.

    `simulated` venues are stand-ins. `rights_enforced`: only who holds a grant may use a key. `leases` run;
    `workflows` are all, oldest first. `unsaid`: subjects of alerts that a channel did not take.
    """

    at: datetime
    firm: str
    simulated: frozenset[str]
    rights_enforced: bool
    keys: tuple[KeyView, ...]
    findings: tuple[Finding, ...]
    accepted: tuple[Finding, ...]
    workflows: tuple[Workflow, ...]
    leases: tuple[Lease, ...]
    persons: tuple[Person, ...]
    parties: tuple[Party, ...]
    grants: tuple[Grant, ...]
    desks: tuple[Desk, ...]
    approvals: tuple[Approval, ...]
    unsaid: tuple[str, ...]
    by_id: Mapping[str, KeyView]
    key_of_version: Mapping[str, str]
    """Version id -> key id, of live versions and of those that are handed out."""

    def key_named(self, name: str) -> KeyView | None:
        """The key of exactly this name."""
        return next((view for view in self.keys if view.key.name == name), None)


class DaemonState(enum.Enum):
    """How the daemon of this home does."""

    UNASKED = "unasked"
    RUNNING = "running"
    LOCKED = "locked"  # it runs, and releases no key
    ABSENT = "absent"
    VERSION = "version"  # of another version than this
    SLOW = "slow"  # it did not answer in time
    BROKEN = "broken"  # it cannot be asked, for another reason


@dataclass(frozen=True, slots=True)
class DaemonView:
    """What the daemon last said of itself; `why` is an error's message where it could not be asked."""

    state: DaemonState = DaemonState.UNASKED
    version: str = ""
    hand_outs: int = 0
    unfinished: int = 0
    why: str = ""


@dataclass(frozen=True, slots=True)
class Trouble:
    """Why the home could not be read: message and hint of the error."""

    code: str
    message: str
    hint: str


@dataclass(frozen=True, slots=True)
class Look:
    """What came of looking: the newest picture there is, and why it is not newer. `at`: when, by the home's
    clock (UTC), None where that could not be asked."""

    picture: Picture | None
    trouble: Trouble | None = None
    at: datetime | None = field(default=None, compare=False)
