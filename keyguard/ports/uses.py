"""What the rules on use know of the past: hand-outs of the audit log, condensed to a history of each key."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from keyguard.core.use_history import Egress, History
from keyguard.core.use_rules import Rule


@dataclass(frozen=True, slots=True)
class Logged:
    """A record of a hand-out as it stands in the log; `private` None where that part was deleted."""

    record: bytes
    private: bytes | None


class Uses(Protocol):
    """A home has this port if it has rules. The histories follow from the log alone: to drop them is to have
    them made again. Raises StoreError (exit 3), and joins an open `Inventory.transaction()`."""

    @property
    def rules(self) -> tuple[Rule, ...]:
        """What this home's configuration chose."""
        ...

    @property
    def egress(self) -> Mapping[str, Egress]:
        """Host -> from where it calls venues, as this home's configuration declares."""
        ...

    def behind(self) -> int:
        """How many records of the log the histories have not taken in."""
        ...

    def taken_in(self) -> int:
        """The number of the last record that the histories have taken in; -1 for none."""
        ...

    def logged(self, after: int, most: int) -> tuple[int, Sequence[Logged]]:
        """Look at `most` records after the one of this number: the number of the last of them (`after` where
        there is none), and those that tell of a hand-out."""
        ...

    def key_ids(self, fingerprints: Sequence[str]) -> Mapping[str, str]:
        """Fingerprint of a version -> id of its key; one that is unknown is left out."""
        ...

    def histories(self, key_ids: Sequence[str]) -> Mapping[str, History]:
        """Key id -> its history; a key without one is left out."""
        ...

    def take_in(self, histories: Mapping[str, History], number: int) -> None:
        """Replace these histories, which have now taken in the record of this number."""
        ...

    def forget(self) -> None:
        """Drop all histories; they are made again from the log."""
        ...
