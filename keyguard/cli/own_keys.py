"""The firm's own keys for the scanner: every version in the store, with whom it belongs to."""

from __future__ import annotations

from typing import TYPE_CHECKING

from keyguard.cli import session
from keyguard.core.errors import IntegrityError, NotStored
from keyguard.core.exchange import Credential
from keyguard.core.keys import KeyKind
from keyguard.core.secret import Secret
from keyguard.scanner.findings import Owned
from keyguard.scanner.known import KnownKeys, KnownValue
from keyguard.workflows import credentials

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterator

    from keyguard.cli.output import Output
    from keyguard.core.keys import Key, KeyVersion


def read(args: argparse.Namespace, out: Output) -> KnownKeys:
    """Read all keys of this home; says on stderr what cannot be looked for.

    Raises StoreError where the store is locked or damaged: a scan for known keys that left some out would
    be believed.
    """
    values: list[KnownValue] = []
    missing: list[str] = []
    with session.opened(args, out) as ports:
        for key in ports.inventory.keys():  # noqa: SIM118 - a method of the port
            for version in ports.inventory.versions(key.id):
                try:
                    credential = credentials.load(ports, version)
                except (NotStored, IntegrityError):
                    missing.append(f"{key.name} version {version.number}: not in the store")
                else:
                    values += _values(key, version, credential)
    known = KnownKeys(values)
    for name in (*missing, *known.unsearched):
        out.talk(f"keyguard: not looked for: {name}")
    return known


def _values(key: Key, version: KeyVersion, credential: Credential) -> Iterator[KnownValue]:
    owned = Owned(key.name, key.desk, key.owner, version.number, version.status.value)
    pem = credential.kind in (KeyKind.RSA, KeyKind.ED25519, KeyKind.ES256)
    yield KnownValue(owned, key.venue, "private_key" if pem else "secret", credential.secret)
    if credential.passphrase is not None:
        yield KnownValue(owned, key.venue, "passphrase", credential.passphrase)
    yield KnownValue(owned, key.venue, "key", Secret(credential.key))
