"""What names a leaked credential without giving it away."""

from __future__ import annotations

from keyguard.scanner.placeholder import armoured


def fingerprint(venue: str, field: str, value: str) -> str:
    """32 hex digits from the most telling value of a finding, hence the same in any line, file or commit.

    Every such value carries at least 90 bits of randomness (private keys, secrets, access key ids), so
    it cannot be found from its hash by trying. A PEM counts without its line breaks and escapes.
    """
    import hashlib  # noqa: PLC0415 - loads OpenSSL, which a scan that finds nothing has no use for

    normal = armoured(value) if field == "private_key" else value
    text = "\0".join(("keyguard finding 1", venue, field, normal))
    return hashlib.sha256(text.encode()).hexdigest()[:32]
