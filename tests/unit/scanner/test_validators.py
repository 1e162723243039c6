from __future__ import annotations

import base64
import hashlib
import json
import random as chance
import zlib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from keyguard.scanner import validators
from keyguard.scanner.engine import Engine
from tests.unit.scanner.leaks import token

WORDS = (Path(validators.__file__).with_name("data") / "bip39-english.txt").read_text().split()


def phrase(entropy: bytes) -> str:
    """BIP-39's own construction: entropy, its checksum, eleven bits a word."""
    size = len(entropy) // 4
    bits = "".join(f"{byte:08b}" for byte in entropy)
    bits += f"{hashlib.sha256(entropy).digest()[0]:08b}"[:size]
    return " ".join(WORDS[int(bits[at : at + 11], 2)] for at in range(0, len(bits), 11))


@pytest.mark.parametrize("size", [16, 20, 24, 28, 32])
@given(data=st.data())
def test_a_mnemonic_is_found_in_its_text(size: int, data: st.DataObject) -> None:
    words = phrase(data.draw(st.randoms(use_true_random=False)).randbytes(size))
    text = f"keep this safe zzz {words} zzz"
    part = validators.bip39(text)
    assert part is None or text[part] == words


def test_the_specifications_first_vectors_hold() -> None:
    """Words for 16 bytes 0x7f, from the BIP's vectors; it repeats words and is therefore no secret."""
    assert phrase(b"\x7f" * 16).startswith("legal winner thank year wave")
    assert validators.bip39(phrase(b"\x7f" * 16)) is None


def test_words_in_another_order_are_no_mnemonic() -> None:
    words = phrase(chance.Random(1).randbytes(32)).split()
    assert validators.bip39(" ".join(words)) == slice(0, len(" ".join(words)))
    assert validators.bip39(" ".join(words[1:] + words[:1])) is None


def test_development_chains_are_known() -> None:
    assert validators.bip39("test " * 11 + "junk") is None
    assert validators.secp256k1("ac0974bec39a17e36ba4a6b4d238ff94" + "5" * 32) is None


def test_github_publishes_this_token_as_an_example_of_the_checksum() -> None:
    body, checksum = "zQWBuTSOoRi4A9spHcVY5ncnsDkxkJ", "0mLq17"
    assert validators.crc32("ghp_" + body + checksum)
    assert not validators.crc32("ghp_" + body[::-1] + checksum)


@given(st.text(alphabet="abcXYZ019", min_size=30, max_size=30), st.integers(0, 5))
def test_a_checksum_notices_any_changed_character(body: str, place: int) -> None:
    number, digits = zlib.crc32(body.encode()), ""
    while number:
        number, digit = divmod(number, 62)
        digits = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"[digit] + digits
    whole = "npm_" + body + digits.rjust(6, "0")
    assert validators.crc32(whole)
    assert not validators.crc32(whole[: 4 + place] + "~" + whole[5 + place :])


def part(value: object) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).decode().rstrip("=")


def signed(header: object, payload: object) -> str:
    return f"{part(header)}.{part(payload)}.{token(1, 43)}"


HS = {"alg": "HS256"}


@pytest.mark.parametrize(
    ("header", "payload", "found"),
    [
        (HS, {"sub": "desk", "exp": 4_000_000_000}, True),
        (HS, {"access_key": "a", "nonce": "b"}, True),
        ({"alg": "none"}, {"sub": "desk"}, False),
        ({"typ": "JWT"}, {"sub": "desk"}, False),
        (HS, {"sub": "1234567890", "name": "John Doe", "iat": 1516239022}, False),
        (HS, {"sub": "desk", "exp": 1_500_000_000}, False),
        (HS, {"hello": "world"}, False),
        (HS, {"access_key": "FAKE" + "x" * 36, "nonce": "b"}, False),
        (HS, ["sub"], False),
        ("x", {"sub": "desk"}, False),
    ],
)
def test_what_a_token_says_of_itself_decides(header: object, payload: object, found: bool) -> None:
    assert bool(validators.jwt(signed(header, payload))) is found


@pytest.mark.parametrize("made", ["desk:Tr4de9xQ", "ci:" + "k3Yp0" * 4])
def test_user_and_password_in_base64(made: str) -> None:
    assert validators.basic_auth(base64.b64encode(made.encode()).decode())
    assert not validators.basic_auth(base64.b64encode(b"user:password").decode())
    assert not validators.basic_auth(base64.b64encode(b"\x00\x01:" + made.encode()).decode())


PLAIN_PASSWORDS = (
    "postgres password changeme secret admin123 guest root p@ssw0rd my-secret ${X} aaaa %(pw)s".split()
)


@pytest.mark.parametrize("word", PLAIN_PASSWORDS)
def test_everybodys_passwords_are_none(word: str) -> None:
    assert not validators.password(word) or word == "changeme"  # a placeholder of common.toml


NO_SECRETS = [
    "getSecretFromVaultForThisAccount1",
    "v2PrivatePostSubUserApiKeyModification",
    "/api/v1/getMakerOnlyApiKeys",
    "organizations/abc-123/apiKeys/def-456",
    "123e4567-e89b-42d3-a456-426614174000",
    "0x79d7511382b5dFd1185F6AF268923D3F9FC31B53",
    base64.b64encode(b"just some readable text, 2 lines").decode(),
]


@pytest.mark.parametrize("value", NO_SECRETS)
def test_what_is_not_random_is_no_generic_secret(value: str) -> None:
    assert not validators.random(value)


def test_random_values_are_generic_secrets() -> None:
    found = sum(1 for seed in range(1000) if validators.random(token(seed, 32)))
    assert found >= 950


@given(st.text(max_size=300))
def test_no_text_upsets_a_validator(text: str) -> None:
    for name, check in validators.VALIDATORS.items():
        if name == "secp256k1":
            continue  # its rules capture hexadecimal digits only
        found = check(text)
        assert found is None or 0 <= found.start <= found.stop <= len(text)


def test_the_part_that_counts_is_what_is_reported() -> None:
    words = phrase(chance.Random(7).randbytes(16))
    (finding,) = Engine().scan(f"the mnemonic: please note {words} thanks\n".encode(), "notes.txt")
    assert finding.parts[0].value.reveal() == words
    assert finding.parts[0].place.column == len("the mnemonic: please note ") + 1
