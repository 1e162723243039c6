"""A credential as one item of the secret store."""

from __future__ import annotations

import json

from keyguard.core.errors import IntegrityError, UsageError
from keyguard.core.exchange import Credential
from keyguard.core.keys import KeyKind, KeyVersion
from keyguard.core.secret import Secret
from keyguard.ports.all import Ports

_PEM_KINDS = (KeyKind.RSA, KeyKind.ED25519, KeyKind.ES256)


def pack(credential: Credential) -> Secret:
    """Return the credential with all its parts as one secret text (JSON)."""
    parts = {"key": credential.key, "kind": credential.kind.value, "secret": credential.secret.reveal()}
    if credential.passphrase is not None:
        parts["passphrase"] = credential.passphrase.reveal()
    return Secret(json.dumps(parts, sort_keys=True))


def unpack(packed: Secret) -> Credential:
    """Undo `pack`; IntegrityError where the text is not one of ours."""
    try:
        parts = json.loads(packed.reveal())
        passphrase = parts.get("passphrase")
        return Credential(
            key=parts["key"],
            secret=Secret(parts["secret"]),
            passphrase=None if passphrase is None else Secret(passphrase),
            kind=KeyKind(parts["kind"]),
        )
    except (ValueError, LookupError, TypeError, AttributeError):
        raise IntegrityError(
            "an item of the secret store is not a credential of keyguard", code="store.item"
        ) from None


def load(ports: Ports, version: KeyVersion) -> Credential:
    """Read a version's credential; NotStored if the store has none, IntegrityError if it is another's."""
    credential = unpack(ports.secrets.get(version.item))
    if credential.key != version.public_id:
        raise IntegrityError(
            "the secret store holds another key's credential under this version", code="store.item"
        )
    return credential


def store(ports: Ports, version: KeyVersion, credential: Credential) -> None:
    """Put a credential and read it back; IntegrityError where the store returns something else."""
    packed = pack(credential)
    ports.secrets.put(version.item, packed)
    if ports.secrets.get(version.item) != packed:
        raise IntegrityError(
            "the secret store did not return what was put into it",
            code="store.read_back",
            still="the key at the venue is unchanged",
            hint="run `keyguard doctor`",
        )


def check_shape(credential: Credential, example: Credential) -> None:
    """Refuse what cannot be a credential of this venue, by its parts only; UsageError names the part."""
    _one_word("access key", credential.key)
    secret, pem = credential.secret.reveal(), credential.kind in _PEM_KINDS
    if pem and not secret.lstrip().startswith("-----BEGIN") and example.kind is not credential.kind:
        raise _malformed("private key", "is not in PEM form")
    if not (pem and secret.lstrip().startswith("-----BEGIN")):
        _one_word("secret", secret)
    if credential.secret == Secret(credential.key):
        raise _malformed("secret", "is the access key")
    if example.passphrase is not None and credential.passphrase is None:
        raise _malformed("passphrase", "is missing; this venue needs one")
    if credential.passphrase is not None and not credential.passphrase.reveal():
        raise _malformed("passphrase", "is empty")


def _one_word(part: str, value: str) -> None:
    if not value:
        raise _malformed(part, "is empty")
    if not value.isascii() or not value.isprintable() or " " in value:
        raise _malformed(part, "holds spaces, control or non-ASCII characters")


def _malformed(part: str, what: str) -> UsageError:
    return UsageError(f"the {part} {what}", code="credential.malformed", still="nothing was stored")
