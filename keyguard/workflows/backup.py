"""What a backup must hold, and what a restored log must say."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from datetime import datetime

from keyguard.core.canonical import parse_instant
from keyguard.core.errors import IntegrityError, UsageError
from keyguard.core.keys import VersionStatus
from keyguard.core.secret import Secret
from keyguard.core.slots import FIRM
from keyguard.ports.all import Ports
from keyguard.ports.audit import AuditLog, Entry
from keyguard.ports.inventory import Inventory
from keyguard.ports.secrets import SecretStore, get_many
from keyguard.workflows.records import instant

_ATTEMPTS = 3
_HEAD = re.compile(r"([1-9][0-9]{0,15}):([0-9a-f]{64})")


@dataclass(frozen=True, slots=True)
class LogHead:
    """Where a log ended once: how many records, and the chain value of the last one (hex)."""

    records: int
    chain: str


@dataclass(frozen=True, slots=True)
class Origin:
    """The backup a home comes from. `made_at`: what happened later is not in it."""

    backup: str
    made_at: datetime
    head: LogHead


@dataclass(frozen=True, slots=True)
class Restoration:
    """What the log says of a restore. `whole`: the newest head known then was in the backup. `lost`: how
    many records it lacked for certain; None where nobody could know."""

    number: int
    records: int
    made_at: datetime
    at: datetime
    whole: bool
    lost: int | None
    backup: str
    chain: str

    def told(self) -> dict[str, object]:
        """What the record says of the backup."""
        made_at = instant(self.made_at)
        return {"backup": self.backup, "made_at": made_at, "records": self.records, "chain": self.chain}


@dataclass(frozen=True, slots=True)
class Collected:
    """The items of a backup, and the names of keys whose live secret the store does not have."""

    items: Mapping[str, Secret]
    missing: tuple[str, ...]


def parse_head(text: str) -> LogHead:
    """Read `RECORDS:CHAIN`, as `keyguard log verify` tells them; UsageError `log.head`."""
    found = _HEAD.fullmatch(text)
    if not found:
        raise UsageError(
            "a head of the log is RECORDS:CHAIN, a number and 64 hex digits",
            code="log.head",
            hint="keyguard log verify tells both",
        )
    return LogHead(int(found[1]), found[2])


def note(ports: Ports, items: int) -> str:
    """Say in the log that a backup is about to be made; return its id."""
    backup = f"bk_{ports.clock.token(8).hex()}"
    ports.audit.append(FIRM, "backup.create", {"backup": backup, "items": items})
    return backup


@contextmanager
def collected(
    secrets: SecretStore,
    snapshot: Callable[[], AbstractContextManager[Inventory]],
) -> Iterator[Collected]:
    """All secrets that belong to a snapshot of the database, taken while others go on writing.

    An item never changes under its name. So what is read before the snapshot and what has come by the time
    after it are together all that the snapshot can mean, but for an item that came and went in between;
    then another snapshot is taken. What lacks after three of them, the store lacks.
    """
    for attempt in range(1, _ATTEMPTS + 1):
        items = _read(secrets, secrets.names(), {})
        with snapshot() as inventory:
            items = _read(secrets, secrets.names(), items)
            lacking = missing(inventory, items)
            if not lacking or attempt == _ATTEMPTS:
                yield Collected(items, lacking)
                return


def missing(inventory: Inventory, items: Mapping[str, Secret]) -> tuple[str, ...]:
    """The names of keys whose live secret is not among the items."""
    return tuple(
        key.name
        for key in inventory.keys()  # noqa: SIM118 - a method of the port
        for version in inventory.versions(key.id)
        if version.status is VersionStatus.LIVE and version.item not in items
    )


def check_head(log: AuditLog, known: LogHead) -> bool:
    """Whether the log reaches a head that was noted or deposited elsewhere.

    IntegrityError `log.forked` where it reaches it with other records: one of both is not this log.
    """
    for entry in log.entries():
        if entry.number == known.records - 1:
            if entry.chain.hex() == known.chain:
                return True
            raise IntegrityError(
                f"record {entry.number} is not the one that the head names",
                code="log.forked",
                still=_history(log),
                hint="keep both; compare them record by record",
            )
    return False


def demand_head(log: AuditLog, known: LogHead) -> None:
    """Raise IntegrityError where the log does not hold a head that was noted: `log.forked`, `log.short`."""
    if not check_head(log, known):
        raise IntegrityError(
            f"the log ends before record {known.records - 1}, which the head names",
            code="log.short",
            still=_history(log),
            hint="records were cut off or a copy was put back; compare with your backups",
        )


def tell_restored(ports: Ports, origin: Origin, known: LogHead | None) -> Restoration:
    """Write into a restored log that it was restored, and the gap, before anything else is written to it.

    `known` is the newest head anybody noted of the log the backup was taken of: only with it can the log
    say whether something is missing (KGA/1 §6.3). IntegrityError `log.forked` if the backup contradicts it.
    """
    whole = known is not None and check_head(ports.audit, known)
    now = max(ports.clock.now(), origin.made_at)
    body = {
        "backup": origin.backup,
        "made_at": instant(origin.made_at),
        "records": origin.head.records,
        "chain": origin.head.chain,
        "whole": whole,
    }
    lost = known.records - origin.head.records if known and not whole else None
    if lost is not None:
        body["lost"] = lost
    entry = ports.audit.append(FIRM, "log.restore", body)
    if not whole:
        gap = {"from": instant(origin.made_at), "to": instant(now), "cause": "restored from a backup"}
        ports.audit.append(FIRM, "log.gap", gap)
    head = origin.head
    return Restoration(
        entry.number, head.records, origin.made_at, now, whole, lost, origin.backup, head.chain
    )


def restorations(log: AuditLog) -> tuple[Restoration, ...]:
    """All restores the log tells of, oldest first.

    KGA/1 §6.3: after each of them no checkpoint is signed until `log_resume.resume` shows that the log is the
    one that signed the newest: seals may be missing even where no record is.
    """
    return tuple(_restorations(log.entries(stream=FIRM, holding=b"log.restore")))


def _restorations(entries: Iterable[Entry]) -> Iterator[Restoration]:
    for entry in entries:
        record = json.loads(entry.record)
        body = record["body"]
        if record["type"] == "log.restore":
            yield Restoration(
                number=entry.number,
                records=body["records"],
                made_at=parse_instant(body["made_at"]),
                at=parse_instant(record["t"]),
                whole=body["whole"],
                lost=body.get("lost"),
                backup=body["backup"],
                chain=body["chain"],
            )


def _history(log: AuditLog) -> str:
    restored = [one for one in restorations(log) if not one.whole]
    if not restored:
        return ""
    last = restored[-1]
    return f"this log was restored on {last.at:%Y-%m-%d %H:%M} UTC from a backup of {last.records} records"


def _read(secrets: SecretStore, names: tuple[str, ...], known: Mapping[str, Secret]) -> dict[str, Secret]:
    """`known` and what is not yet in it; what was removed since it was listed is passed over."""
    return {**known, **get_many(secrets, [name for name in names if name not in known])}
