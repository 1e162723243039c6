from __future__ import annotations

import json

import pytest

from keyguard.core.errors import UsageError
from keyguard.core.keys import KeyKind
from keyguard.intake import stdin_json
from tests.unit.intake.made import KEY, SECRET


def test_reads_one_object() -> None:
    made = stdin_json.read(json.dumps({"key": KEY, "secret": SECRET, "passphrase": "p w"}).encode())
    assert (made.key, made.secret.reveal(), made.kind) == (KEY, SECRET, KeyKind.HMAC)
    assert made.passphrase
    assert made.passphrase.reveal() == "p w"


@pytest.mark.parametrize(
    ("kind", "algorithm"), [(KeyKind.RSA, "rsa"), (KeyKind.ES256, "p256"), (KeyKind.OTHER, "p384")]
)
def test_tells_the_kind_of_a_private_key(kind: KeyKind, algorithm: str) -> None:
    from cryptography.hazmat.primitives.asymmetric import ec, rsa
    from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

    private = {
        "rsa": lambda: rsa.generate_private_key(65537, 2048),
        "p256": lambda: ec.generate_private_key(ec.SECP256R1()),
        "p384": lambda: ec.generate_private_key(ec.SECP384R1()),
    }[algorithm]()
    pem = private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
    data = json.dumps({"key": KEY, "private_key": pem}).encode()
    if kind is KeyKind.OTHER:
        with pytest.raises(UsageError, match="of a kind no venue uses"):
            stdin_json.read(data)
    else:
        made = stdin_json.read(data)
        assert (made.kind, made.secret.reveal()) == (kind, pem)
        in_one_line = json.dumps({"key": KEY, "secret": pem.replace("\n", "\\n")}).encode()
        assert stdin_json.read(in_one_line) == made


def test_a_locked_private_key_is_explained() -> None:
    from cryptography.hazmat.primitives.asymmetric import ed25519
    from cryptography.hazmat.primitives.serialization import BestAvailableEncryption, Encoding, PrivateFormat

    pem = ed25519.Ed25519PrivateKey.generate().private_bytes(
        Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(b"x")
    )
    with pytest.raises(UsageError, match="locked by a password"):
        stdin_json.read(json.dumps({"key": KEY, "private_key": pem.decode()}).encode())


@pytest.mark.parametrize(
    "data",
    [
        b"",
        SECRET.encode(),
        json.dumps([KEY, SECRET]).encode(),
        json.dumps({"key": KEY, "secret": SECRET, SECRET: "x"}).encode(),
        json.dumps({"key": KEY, "secret": [SECRET]}).encode(),
        json.dumps({"key": KEY}).encode(),
        json.dumps({"secret": SECRET}).encode(),
        json.dumps({"key": KEY, "secret": SECRET, "private_key": SECRET}).encode(),
        json.dumps({"key": KEY, "private_key": SECRET}).encode(),
        json.dumps({"key": KEY, "secret": f" {SECRET}"}).encode(),
        json.dumps({"key": KEY, "secret": f"{SECRET}\0"}).encode(),
        json.dumps({"key": KEY, "secret": "\ud800" + SECRET}).encode(),
        json.dumps({"key": KEY + "é", "secret": SECRET}).encode(),
        b'{"key": "a", "key": "b", "secret": "' + SECRET.encode() + b'"}',
        b'{"key": NaN}',
        b"[" * 100_000,
        b'{"key": "' + b"x" * 70_000 + b'"}',
        b'{"key": "\xff' + SECRET.encode() + b'"}',
    ],
)
def test_refuses_anything_else_without_repeating_it(data: bytes) -> None:
    with pytest.raises(UsageError) as caught:
        stdin_json.read(data)
    assert caught.value.exit_status == 2
    assert "FAKE" not in repr(caught.value.__dict__)
