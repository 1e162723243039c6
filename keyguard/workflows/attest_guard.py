"""What of this firm must not stand in a file for one recipient (KGA/1 §13): gathered to be searched for."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from keyguard.core.errors import NotStored, UsageError
from keyguard.core.exchange import Credential
from keyguard.core.secret import Secret
from keyguard.core.slots import FIRM, slot
from keyguard.kga.log_copy import LogCopy
from keyguard.ports.all import Ports
from keyguard.workflows import channels, credentials
from keyguard.workflows.attest_predicate import Recipient
from keyguard.workflows.seal import sealed

_SYSTEM = (
    "system/log-key",
    "system/journal-key",
    "system/secret-salt",
    "system/person-salt/",
    "system/fp-salt/",
)
_ID = re.compile(rb'"([0-9a-f]{64}|[a-z]{1,2}_[0-9a-f]{16,20})"')
_ACCOUNT = re.compile(rb'"(?:sub_)?account":"([^"\\]{2,})"')
_SCHEME = re.compile(r"[a-z]+://")


@dataclass(frozen=True, slots=True)
class Known:
    """Secrets and access keys, each with a name for the operator; ids and names of the other venues, and of
    the recipient, who may have equal ones."""

    secrets: tuple[tuple[str, Secret], ...]
    key_ids: tuple[tuple[str, Secret], ...]
    other_ids: frozenset[str]
    own_ids: frozenset[str]
    other_names: frozenset[str]
    own_names: frozenset[str]


def known(ports: Ports, recipient: Recipient, agents: Sequence[LogCopy] = ()) -> Known:
    """Read every secret of the store, and the log for what names others. An auditor may read of all venues.

    StoreError where the store is locked: a search that left some out would be believed.
    """
    secrets = [*_credentials(ports), *_system(ports, recipient)]
    keys = ports.inventory.keys()
    versions = [(key.name, one) for key in keys for one in ports.inventory.versions(key.id)]
    key_ids = [(f"{name} access key", Secret(one.public_id)) for name, one in versions]
    own = recipient.about
    if not own:
        return Known(tuple(secrets), tuple(key_ids), *(frozenset[str](),) * 4)
    copied = {name for copy in agents for name in copy.streams}
    others = ({key.venue for key in keys} | set(sealed(ports).streams) | copied) - {FIRM, own}
    own_ids = _ids(ports, own, agents) | _ids(ports, FIRM, agents)
    other_ids = frozenset(id_ for venue in others for id_ in _ids(ports, venue, agents))
    return Known(
        tuple(secrets),
        tuple(key_ids),
        other_ids | _slots(ports, others, agents),
        own_ids,
        frozenset(name for venue in others for name in _called(ports, venue)),
        frozenset(_called(ports, own)),
    )


def _credentials(ports: Ports) -> Iterator[tuple[str, Secret]]:
    for key in ports.inventory.keys():  # noqa: SIM118 - a method of the port
        for version in ports.inventory.versions(key.id):
            with contextlib.suppress(NotStored):  # dead versions are forgotten
                yield from _parts(f"{key.name} version {version.number}", credentials.load(ports, version))


def _parts(name: str, credential: Credential) -> Iterator[tuple[str, Secret]]:
    yield f"{name} secret", credential.secret
    if credential.passphrase is not None:
        yield f"{name} passphrase", credential.passphrase
    if credential.tokens is not None:
        for what in ("refresh", "client_secret"):
            if (value := getattr(credential.tokens, what)) is not None:
                yield f"{name} {what}", value


def _system(ports: Ports, recipient: Recipient) -> Iterator[tuple[str, Secret]]:
    """keyguard's own keys and salts, but for the one that the recipient is told; addresses of channels."""
    told = f"system/fp-salt/{recipient.venue}"
    for name in ports.secrets.names():
        if name.startswith(_SYSTEM) and name != told:
            yield name, ports.secrets.get(name)
    for channel in channels.channels(ports.secrets):
        yield f"alert channel {channel.name}", Secret(_SCHEME.sub("", channel.url.reveal(), count=1))


def _ids(ports: Ports, stream: str, agents: Sequence[LogCopy]) -> frozenset[str]:
    """Fingerprints, digests, pseudonyms, ids and accounts of a stream's records, in all logs."""
    found: set[bytes] = set()
    for record in _records(ports, stream, agents):
        found.update(_ID.findall(record))
        found.update(_ACCOUNT.findall(record))
    return frozenset(one.decode() for one in found)


def _records(ports: Ports, stream: str, agents: Sequence[LogCopy]) -> Iterable[bytes]:
    for entry in ports.audit.entries(stream=stream):
        yield entry.record
    for copy in agents:
        if stream in copy.part.streams:
            yield from copy.part.streams[stream].lines


def _slots(ports: Ports, venues: set[str], agents: Sequence[LogCopy]) -> frozenset[str]:
    """Salt and root of the slots in the newest seals."""
    tables = [sealed(ports).table, *(copy.table for copy in agents)]
    slots = [table.slots[slot(venue)] for table in tables for venue in venues]
    return frozenset(text for one in slots for text in (one.salt.hex(), one.root.hex()))


def _called(ports: Ports, venue: str) -> Iterator[str]:
    yield venue
    with contextlib.suppress(UsageError):
        yield ports.gateway.adapter(venue).facts.name
