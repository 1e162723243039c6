"""Signatures of wallets: keccak-256, secp256k1 with recovery, EIP-712; and MessagePack, which is hashed.

The cryptography is coincurve's and pycryptodome's, an extra that only those install who need it. What is here
is the encoding of EIP-712 (https://eips.ethereum.org/EIPS/eip-712) for the types a venue uses, and of
MessagePack (https://github.com/msgpack/msgpack/blob/master/spec.md) for what JSON can hold but fractions:
amounts travel as text, since two encoders need not agree on a fraction's bytes.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from keyguard.core.errors import UsageError
from keyguard.core.secret import Secret

_PRIVATE_KEY = re.compile(r"(?:0x)?([0-9a-fA-F]{64})")
_ADDRESS = re.compile(r"0x[0-9a-fA-F]{40}")
_DOMAIN = "EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)"
_NO_CONTRACT = "0x" + "0" * 40


def keccak256(data: bytes) -> bytes:
    """Keccak-256, which is not SHA3-256; raises UsageError where the library is missing."""
    try:
        from Crypto.Hash import keccak
    except ImportError:
        raise _missing() from None
    return keccak.new(digest_bits=256, data=data).digest()


def address_of(private_key: Secret) -> str:
    """The address of a private key (64 hex digits), in lower case; raises UsageError if it is none."""
    point: bytes = _loaded(private_key).public_key.format(compressed=False)
    return "0x" + keccak256(point[1:])[-20:].hex()


def signature(private_key: Secret, digest: bytes) -> dict[str, Any]:
    """r and s as hex, v as 27 or 28, of a deterministic signature (RFC 6979, low s); raises UsageError."""
    signed: bytes = _loaded(private_key).sign_recoverable(digest, hasher=None)
    r, s = (hex(int.from_bytes(half, "big")) for half in (signed[:32], signed[32:64]))
    return {"r": r, "s": s, "v": 27 + signed[64]}


def _loaded(private_key: Secret) -> Any:
    try:
        from coincurve import PrivateKey
    except ImportError:
        raise _missing() from None
    shape = _PRIVATE_KEY.fullmatch(private_key.reveal())
    if shape is not None:
        try:
            return PrivateKey(bytes.fromhex(shape[1]))
        except ValueError:  # zero, or beyond the curve's order
            pass
    raise UsageError("the secret is not a wallet's private key (64 hexadecimal digits)", code="key.shape")


def _missing() -> UsageError:
    return UsageError(
        "signing with a wallet needs coincurve and pycryptodome",
        code="venue.library",
        still="nothing was sent",
        hint="install keyguard with the extra `wallets`",
    )


def typed_digest(name: str, chain_id: int, kind: str, fields: Sequence[tuple[str, str, Any]]) -> bytes:
    """The EIP-712 digest of one structure without nested ones: `fields` are (type, name, value).

    The domain is of version 1 and names no contract. Raises ValueError for a value that does not fit.
    """
    about = [("string", name), ("string", "1"), ("uint256", chain_id), ("address", _NO_CONTRACT)]
    described = f"{kind}({','.join(f'{type_} {field}' for type_, field, _ in fields)})"
    values = [(type_, value) for type_, _, value in fields]
    return keccak256(b"\x19\x01" + _struct(_DOMAIN, about) + _struct(described, values))


def _struct(described: str, values: Sequence[tuple[str, Any]]) -> bytes:
    words = [_word(type_, value) for type_, value in values]
    return keccak256(b"".join([keccak256(described.encode()), *words]))


def _word(type_: str, value: Any) -> bytes:
    match type_:
        case "string":
            return keccak256(str(value).encode())
        case "bytes32" if isinstance(value, bytes) and len(value) == 32:
            return value
        case "address":
            return octets_of(value).rjust(32, b"\0")
        case "uint64" if isinstance(value, int) and 0 <= value < 2**64:
            return value.to_bytes(32, "big")
        case "uint256" if isinstance(value, int) and 0 <= value < 2**256:
            return value.to_bytes(32, "big")
    raise ValueError(f"not a {type_}")


def octets_of(address: Any) -> bytes:
    """The 20 bytes of an address; raises ValueError for anything else."""
    if not isinstance(address, str) or not _ADDRESS.fullmatch(address):
        raise ValueError("not an address")
    return bytes.fromhex(address[2:])


def packed(value: Any) -> bytes:
    """MessagePack of nothing, booleans, integers, texts, lists and mappings with their order kept.

    Raises ValueError for a number with a fraction and whatever else there is.
    """
    if value is None or isinstance(value, bool):
        return {None: b"\xc0", False: b"\xc2", True: b"\xc3"}[value]
    if isinstance(value, int):
        return _packed_int(value)
    if isinstance(value, str):
        text = value.encode()
        return _head(len(text), (0xA0, 32), (0xD9, 0xDA, 0xDB)) + text
    if isinstance(value, list | tuple):
        return _head(len(value), (0x90, 16), (None, 0xDC, 0xDD)) + b"".join(map(packed, value))
    if isinstance(value, Mapping):
        parts = (packed(part) for pair in value.items() for part in pair)
        return _head(len(value), (0x80, 16), (None, 0xDE, 0xDF)) + b"".join(parts)
    raise ValueError("only what JSON holds, without fractions, can be packed")


def _head(size: int, short: tuple[int, int], long: tuple[int | None, int, int]) -> bytes:
    """The bytes before a text, list or mapping: its size in the least room its kind allows."""
    base, below = short
    if size < below:
        return bytes([base | size])
    for width, code in zip((1, 2, 4), long, strict=True):
        if code is not None and size < 256**width:
            return bytes([code]) + size.to_bytes(width, "big")
    raise ValueError("too long to be packed")


def _packed_int(value: int) -> bytes:
    if -32 <= value < 128:
        return value.to_bytes(1, "big", signed=value < 0)
    codes = (0xCC, 0xCD, 0xCE, 0xCF) if value >= 0 else (0xD0, 0xD1, 0xD2, 0xD3)
    for width, code in zip((1, 2, 4, 8), codes, strict=True):
        try:
            return bytes([code]) + value.to_bytes(width, "big", signed=value < 0)
        except OverflowError:
            continue
    raise ValueError("too large to be packed")
