"""What was attested before: by the log, and by the copies of bundles that the home keeps (KGA/1 §6.4, §8)."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Protocol

from keyguard.core.errors import IntegrityError, UsageError
from keyguard.kga import bundle, container, dsse, statement
from keyguard.kga.derive.lines import Period
from keyguard.ports.all import Ports


class Kept(Protocol):
    """Copies of bundles by attestation id. StoreError for what the disk reports."""

    def ids(self) -> tuple[str, ...]:
        """All that are kept, sorted."""
        ...

    def get(self, id_: str) -> bytes | None:
        """The file of one; None without."""
        ...

    def put(self, id_: str, data: bytes) -> None:
        """Keep it, on disk before this returns."""
        ...

    def drop(self, id_: str) -> None:
        """Forget one that was not issued."""
        ...


@dataclass(frozen=True, slots=True)
class Issued:
    """One attestation that was issued."""

    id: str
    serial: int
    period: Period
    sha256: str


@dataclass(frozen=True, slots=True)
class Head:
    """What a statement says of one log: where its seals and the venue's stream stood."""

    checkpoint_size: int
    to: int
    root: str


@dataclass(frozen=True, slots=True)
class Previous:
    """The newest one for a recipient, with what its statement says of each log, by origin."""

    issued: Issued
    heads: Mapping[str, Head]
    data: bytes

    def told(self) -> dict[str, Any]:
        """`previous` of a predicate."""
        one = self.issued
        period = {"from": one.period.since, "to": one.period.until, "tz": one.period.tz}
        return {
            "attestation_id": one.id,
            "serial": one.serial,
            "statement_sha256": one.sha256,
            "period": period,
        }

    def of(self, origin: str) -> Head | None:
        """What it says of one log; None where it shows it not."""
        return self.heads.get(origin)

    def of_log(self, origin: str) -> dict[str, Any] | None:
        """`logs[].previous` of a predicate."""
        head = self.of(origin)
        return None if head is None else asdict(head)


def issued(ports: Ports, venue: str) -> list[Issued]:
    """What the venue's stream of the present log says was issued for it, oldest first.

    One that began anew (`log renew`) begins its serials anew: no verifier could follow it into the old one.
    """
    found, after = [], ports.seals.first() - 1
    for entry in ports.audit.entries(stream=venue, holding=b'"type":"attestation.issued"', after=after):
        body = json.loads(entry.record)["body"]
        span = body["period"]
        period = Period(span["from"], span["to"], span["tz"])
        found.append(Issued(body["attestation_id"], body["serial"], period, body["statement_sha256"]))
    return sorted(found, key=lambda one: one.serial)


def previous_of(ports: Ports, kept: Kept, venue: str) -> Previous | None:
    """The newest one for a venue, None before the first.

    UsageError `attest.previous` where no copy is kept, IntegrityError where the copy is not what was issued.
    """
    before = issued(ports, venue)
    if not before:
        return None
    last = before[-1]
    data = kept.get(last.id)
    if data is None:
        raise UsageError(
            f"the copy of {last.id} is missing, and the next attestation has to follow on it",
            code="attest.previous",
            still="nothing was issued",
            hint="put the file that was sent back into the folder attestations of the home",
        )
    payload, said = read(data, last.id)
    if hashlib.sha256(payload).hexdigest() != last.sha256:
        raise _altered(last.id)
    return Previous(last, _heads(said), data)


def previous_by_copy(kept: Kept, prefix: str) -> Previous | None:
    """The newest one whose id begins with this, for recipients of whom no venue's stream tells."""
    ids = [one for one in kept.ids() if one.startswith(prefix)]
    if not ids:
        return None
    data = kept.get(ids[-1])
    assert data is not None
    payload, said = read(data, ids[-1])
    span = said["period"]
    period = Period(span["from"], span["to"], span["tz"])
    one = Issued(said["attestation_id"], said["serial"], period, hashlib.sha256(payload).hexdigest())
    return Previous(one, _heads(said), data)


def _heads(said: Mapping[str, Any]) -> dict[str, Head]:
    return {one["origin"]: Head(one["checkpoint_size"], one["to"], one["root"]) for one in said["logs"]}


def read(data: bytes, name: str) -> tuple[bytes, Mapping[str, Any]]:
    """Payload and predicate of a bundle's statement; IntegrityError where it is none."""
    try:
        payload = dsse.parse(container.unpack(data)[bundle.STATEMENT]).payload
        return payload, statement.parse(payload, statement.ATTESTATION).predicate
    except (ValueError, KeyError):
        raise _altered(name) from None


def demand_free(before: list[Issued], period: Period, *, again: bool) -> None:
    """Raise UsageError `attest.overlap` where one was issued for any part of this time.

    `again`: that is meant. A verifier lets it pass: the new one names the newest, which names the one before.
    """
    for one in () if again else before:
        if one.period.meets(period.since, period.until):
            raise UsageError(
                f"{one.id} was issued for some of this time already",
                code="attest.overlap",
                still="nothing was issued",
                hint="--again, if it is to be said anew",
            )


def _altered(name: str) -> IntegrityError:
    return IntegrityError(
        f"the kept copy of {name} is not what was issued", code="attest.altered", still="nothing was issued"
    )
