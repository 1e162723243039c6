"""Time-based one-time codes (RFC 6238: SHA-1, 30 seconds, 6 digits)."""

from __future__ import annotations

import base64
import hashlib
import hmac

STEP_MS = 30_000


def code(secret: str, now_ms: int) -> str:
    """Return the code an authenticator app holding `secret` (base32) shows at `now_ms`."""
    counter = (now_ms // STEP_MS).to_bytes(8, "big")
    digest = hmac.new(base64.b32decode(secret), counter, hashlib.sha1).digest()
    start = digest[-1] & 0x0F
    number = int.from_bytes(digest[start : start + 4], "big") & 0x7FFFFFFF
    return f"{number % 1_000_000:06d}"


def matches(secret: str, given: str, now_ms: int) -> bool:
    """Whether `given` is the code of now or of one step before or after."""
    return any(
        hmac.compare_digest(code(secret, now_ms + shift).encode(), given.encode())
        for shift in (-STEP_MS, 0, STEP_MS)
    )
