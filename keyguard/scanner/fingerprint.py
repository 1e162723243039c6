"""What names a leaked credential without giving it away."""

from __future__ import annotations

from keyguard.scanner.placeholder import armoured, entropy

_SURE = 50
"""Bits. By the letters that occur in it, a random value of 13 or more has them."""


def fingerprint(venue: str, field: str, value: str) -> str:
    """32 hex digits from the most telling value of a finding, hence the same in any line, file or commit.

    What venues and services issue carries 90 bits of randomness and more, so it cannot be found from its
    hash by trying; a password that a person chose can, see `guessable`. A PEM counts without its line
    breaks and escapes.
    """
    import hashlib  # noqa: PLC0415 - loads OpenSSL, which a scan that finds nothing has no use for

    normal = armoured(value) if field == "private_key" else value
    text = "\0".join(("keyguard finding 1", venue, field, normal))
    return hashlib.sha256(text.encode()).hexdigest()[:32]


def guessable(value: str) -> bool:
    """Whether a value may be found from its fingerprint by trying what people choose."""
    return entropy(value) * len(value) < _SURE
