"""A credential as one item of the secret store."""

from __future__ import annotations

import contextlib
import json
from dataclasses import replace
from datetime import datetime
from typing import Any

from keyguard.core.errors import IntegrityError, NotStored, StoreError, UsageError
from keyguard.core.exchange import Credential
from keyguard.core.keys import KeyKind, KeyVersion
from keyguard.core.secret import Secret
from keyguard.core.tokens import Tokens
from keyguard.ports.all import Ports

_PEM = "-----BEGIN"
_TRIES = 3
_PEM_KINDS = (KeyKind.RSA, KeyKind.ED25519, KeyKind.ES256)


def pack(credential: Credential) -> Secret:
    """Return the credential with all its parts as one secret text (JSON)."""
    parts: dict[str, Any] = {
        "key": credential.key,
        "kind": credential.kind.value,
        "secret": credential.secret.reveal(),
    }
    if credential.passphrase is not None:
        parts["passphrase"] = credential.passphrase.reveal()
    if credential.tokens is not None:
        parts["oauth"] = _pack_tokens(credential.tokens)
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
            tokens=_unpack_tokens(parts["oauth"]) if "oauth" in parts else None,
        )
    except (ValueError, LookupError, TypeError, AttributeError):
        raise IntegrityError(
            "an item of the secret store is not a credential of keyguard", code="store.item"
        ) from None


def _pack_tokens(tokens: Tokens) -> dict[str, Any]:
    secret = tokens.client_secret
    return {
        **({} if secret is None else {"client_secret": secret.reveal()}),
        **({"opened_by": tokens.opened_by} if tokens.opened_by else {}),
        "client_id": tokens.client_id,
        "refresh": None if tokens.refresh is None else tokens.refresh.reveal(),
        "expires_at": None if tokens.expires_at is None else tokens.expires_at.isoformat(),
        "grants": list(tokens.grants),
    }


def _unpack_tokens(parts: dict[str, Any]) -> Tokens:
    refresh, ends, secret = parts["refresh"], parts["expires_at"], parts.get("client_secret")
    return Tokens(
        client_id=parts["client_id"],
        refresh=None if refresh is None else Secret(refresh),
        expires_at=None if ends is None else datetime.fromisoformat(ends),
        grants=tuple(parts["grants"]),
        client_secret=None if secret is None else Secret(secret),
        opened_by=parts.get("opened_by", ""),
    )


def load(ports: Ports, version: KeyVersion) -> Credential:
    """Read a version's credential; NotStored if the store has none, IntegrityError if it is another's."""
    credential = unpack(ports.secrets.get(version.item))
    if credential.tokens is not None:
        credential = _newest(ports, version) or credential
    if credential.key != version.public_id:
        raise IntegrityError(
            "the secret store holds another key's credential under this version", code="store.item"
        )
    return credential


def store(ports: Ports, version: KeyVersion, credential: Credential) -> None:
    """Put a credential and read it back; IntegrityError where the store returns something else."""
    _put(ports, version.item, credential)


def store_next(ports: Ports, version: KeyVersion, credential: Credential) -> None:
    """Put the next tokens of a sign-in beside the last ones, which are given up once these are read back.

    The store never overwrites, so each has a number of its own. The caller holds the lock of the key.
    """
    before = _numbers(ports, version)
    _put(ports, f"{_tokens(version)}{max(before, default=0) + 1}", credential)
    for number in before:
        ports.secrets.delete(f"{_tokens(version)}{number}")


def forget(ports: Ports, version: KeyVersion) -> None:
    """Delete all the store holds of a version."""
    for number in _numbers(ports, version):
        ports.secrets.delete(f"{_tokens(version)}{number}")
    ports.secrets.delete(version.item)


def _newest(ports: Ports, version: KeyVersion) -> Credential | None:
    """The tokens refreshed last; None while the first ones are. Others may be given up while we look."""
    for _ in range(_TRIES):
        numbers = _numbers(ports, version)
        if not numbers:
            return None
        with contextlib.suppress(NotStored):
            return unpack(ports.secrets.get(f"{_tokens(version)}{max(numbers)}"))
    raise StoreError("the tokens change while they are read", code="store.busy", hint="try again")


def _tokens(version: KeyVersion) -> str:
    return f"tokens/{version.id}/"


def _numbers(ports: Ports, version: KeyVersion) -> list[int]:
    prefix = _tokens(version)
    found = (name.removeprefix(prefix) for name in ports.secrets.names() if name.startswith(prefix))
    return [int(number) for number in found if number.isdecimal()]


def _put(ports: Ports, item: str, credential: Credential) -> None:
    packed = pack(credential)
    ports.secrets.put(item, packed)
    if ports.secrets.get(item) != packed:
        raise IntegrityError(
            "the secret store did not return what was put into it",
            code="store.read_back",
            still="the key at the venue is unchanged",
            hint="run `keyguard doctor`",
        )


def parts(example: Credential) -> tuple[str, ...]:
    """What a person is asked for, of a venue whose credentials look like this."""
    return ("key", "secret") if example.passphrase is None else ("key", "secret", "passphrase")


def check_shape(credential: Credential, example: Credential) -> None:
    """Refuse what cannot be a credential of this venue, by its parts only; UsageError names the part."""
    _one_word("access key", credential.key)
    if credential.kind in _PEM_KINDS and not _is_bare(example):
        if not _in_pem(credential):
            raise _malformed("private key", "is not in PEM form")
    elif not _in_pem(credential):
        _one_word("secret", credential.secret.reveal())
    if credential.secret == Secret(credential.key):
        raise _malformed("secret", "is the access key")
    if example.passphrase is not None and credential.passphrase is None:
        raise _malformed("passphrase", "is missing; this venue needs one")
    if credential.passphrase is not None and not credential.passphrase.reveal():
        raise _malformed("passphrase", "is empty")


def of_kind(credential: Credential, example: Credential) -> Credential:
    """Name the kind of a bare secret: at a venue whose keys are key pairs it is a private key in the venue's
    own form, as the example shows."""
    if credential.kind is KeyKind.HMAC and _is_bare(example):
        return replace(credential, kind=example.kind)
    return credential


def _is_bare(example: Credential) -> bool:
    """Whether the venue gives private keys as one word instead of as PEM."""
    return example.kind is not KeyKind.HMAC and not _in_pem(example)


def _in_pem(credential: Credential) -> bool:
    return credential.secret.reveal().lstrip().startswith("-----BEGIN")


def _one_word(part: str, value: str) -> None:
    if not value:
        raise _malformed(part, "is empty")
    if not value.isascii() or not value.isprintable() or " " in value:
        raise _malformed(part, "holds spaces, control or non-ASCII characters")


def _malformed(part: str, what: str) -> UsageError:
    return UsageError(f"the {part} {what}", code="credential.malformed", still="nothing was stored")
