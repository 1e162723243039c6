"""What a primary home gives to a home that is to be its agent: firm and salts, in a file under a passphrase.

One JSON object, made as the file of a signing key is (`signer_file.py`): the passphrase wraps a random key
(Argon2id), which encrypts the rest.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from keyguard.core.errors import StoreError
from keyguard.core.secret import Secret
from keyguard.stores.private_file import create_private, read_private
from keyguard.stores.vault_format import Box, Header, binary, text
from keyguard.stores.vault_keys import (
    DEFAULT_COST,
    KEY_BYTES,
    NONCE_BYTES,
    Cost,
    Keys,
    Token,
    passphrase_wrap,
    unwrap,
)

_FORMAT = "keyguard agent invitation 1"
_ITEM = "invitation"
_LARGEST = 1 << 20


@dataclass(frozen=True, slots=True)
class Invitation:
    """`primary`: the origin of the log that will enrol the agent's; `firm` as `[firm]` has it; `salts`: items
    of the secret store."""

    primary: str
    firm: Mapping[str, str]
    salts: Mapping[str, Secret] = field(repr=False)


def write(
    path: Path, invitation: Invitation, passphrase: Secret, token: Token, *, cost: Cost = DEFAULT_COST
) -> None:
    """Put it into a new file (0600). StoreError where the file is there already."""
    keys = Keys(token(16).hex(), token(KEY_BYTES))
    content = {
        "primary": invitation.primary,
        "firm": dict(invitation.firm),
        "salts": {name: salt.reveal() for name, salt in invitation.salts.items()},
    }
    box = keys.encrypt(_ITEM, json.dumps(content).encode(), token(NONCE_BYTES))
    document = {
        "format": _FORMAT,
        "file": keys.file,
        "wrap": passphrase_wrap(keys, passphrase, cost, token),
        "nonce": text(box.nonce),
        "sealed": text(box.sealed),
    }
    create_private(path, (json.dumps(document, indent=1) + "\n").encode())


def read(path: Path, passphrase: Secret) -> Invitation:
    """Open it; StoreError `store.wrong_passphrase`, `invitation.damaged`, or as `read_private`."""
    try:
        document = json.loads(read_private(path, _LARGEST))
        if document["format"] != _FORMAT:
            raise _damaged(path)
        header = Header(document["file"], 0, (document["wrap"],))
        box = Box(binary(document["nonce"]), binary(document["sealed"]))
        content = json.loads(unwrap(header, passphrase).decrypt(_ITEM, box))
        salts = {str(name): Secret(salt) for name, salt in content["salts"].items()}
        return Invitation(str(content["primary"]), dict(content["firm"]), salts)
    except (LookupError, TypeError, ValueError, AttributeError, RecursionError):
        raise _damaged(path) from None


def _damaged(path: Path) -> StoreError:
    return StoreError(
        f"{path} holds no invitation of an agent", code="invitation.damaged", hint="keyguard agent invite"
    )
