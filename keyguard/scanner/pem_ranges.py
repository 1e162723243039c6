"""What of a PEM private key is private."""

from __future__ import annotations

import base64
import binascii
import re

_BODY = re.compile(r"-----BEGIN [^-\n]{1,60}-----\s*(.*?)\s*-----END ", re.DOTALL)
_HEADER = 128
"""Characters at the beginning of a body nobody can read that are taken for its format."""
_SHORTEST = 16


def private_texts(pem: str) -> list[str]:
    """The pieces of the armoured text that only the private key has, line breaks as they stand.

    Of an encrypted or unknown key everything but its beginning.
    """
    match = _BODY.search(pem.replace("\\n", "\n"))
    if not match:
        return []
    body = match[1]
    compact = re.sub(r"\s", "", body)
    try:
        der = base64.b64decode(compact, validate=True)
    except (ValueError, binascii.Error):
        return [body[_HEADER:]]
    ranges = _private_ranges(pem.replace("\\n", "\n"), der)
    if not ranges:
        return [text for text in [body[_HEADER:]] if len(text) >= _SHORTEST]
    position = [at for at, char in enumerate(body) if not char.isspace()]
    texts = []
    for start, end in ranges:
        low, high = -(-8 * start // 6), 8 * end // 6
        texts.append(body[position[low] : position[high - 1] + 1])
    return texts


def _private_ranges(pem: str, der: bytes) -> list[tuple[int, int]]:
    """Where the private numbers stand in the DER; [] if the key cannot be read."""
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa

    try:
        key = serialization.load_pem_private_key(pem.encode(), None)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        return []
    if isinstance(key, rsa.RSAPrivateKey):
        whole = key.private_numbers()
        numbers = [whole.d, whole.p, whole.q, whole.dmp1, whole.dmq1, whole.iqmp]
        texts = [number.to_bytes((number.bit_length() + 7) // 8, "big") for number in numbers]
    elif isinstance(key, ec.EllipticCurvePrivateKey):
        texts = [key.private_numbers().private_value.to_bytes((key.key_size + 7) // 8, "big")]
    elif isinstance(key, ed25519.Ed25519PrivateKey):
        texts = [key.private_bytes_raw()]
    else:
        return []
    return [(at, at + len(text)) for text in texts if (at := der.find(text)) >= 0]
