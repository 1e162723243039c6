"""What `key reveal` calls the parts of a credential: as `key add --stdin` takes them."""

from __future__ import annotations

import json

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from keyguard.cli.commands.key_reveal import parts_of
from keyguard.core.exchange import Credential
from keyguard.core.keys import KeyKind
from keyguard.core.secret import Secret
from keyguard.intake import stdin_json


def pem() -> str:
    key = Ed25519PrivateKey.generate()
    pkcs8, plain = serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    return key.private_bytes(serialization.Encoding.PEM, pkcs8, plain).decode()


@pytest.mark.parametrize(
    ("credential", "names"),
    [
        (Credential("FAKEid", Secret("FAKEsecret")), ["key", "secret"]),
        (
            Credential("FAKEid", Secret("FAKEsecret"), Secret("FAKE words")),
            ["key", "secret", "passphrase"],
        ),
        (Credential("FAKEid", Secret(pem()), None, KeyKind.ED25519), ["key", "private_key"]),
    ],
    ids=["secret", "passphrase", "pem"],
)
def test_it_comes_in_again_as_it_went_out(credential: Credential, names: list[str]) -> None:
    parts = parts_of(credential)
    assert list(parts) == names
    assert stdin_json.read(json.dumps(parts).encode()) == credential
