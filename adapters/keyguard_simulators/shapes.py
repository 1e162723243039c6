"""Random credentials of the documented shape.

They must look real to a scanner, so none of them may contain the marker that our tests' own fakes carry,
and each has a digit: a short id of letters alone may look like a name.
"""

from __future__ import annotations

import base64
import secrets
import string
from collections.abc import Callable

_ALNUM = string.ascii_letters + string.digits


def alnum(length: int) -> str:
    """Return `length` letters and digits."""
    return _unmarked(lambda: "".join(secrets.choice(_ALNUM) for _ in range(length)))


def base64url(octets: int) -> str:
    """Return `octets` random bytes in unpadded base64url."""
    return _unmarked(lambda: secrets.token_urlsafe(octets))


def base32(octets: int) -> str:
    """Return `octets` random bytes (a multiple of 5) in base32, as authenticator apps take it."""
    return base64.b32encode(secrets.token_bytes(octets)).decode()


def hexadecimal(length: int) -> str:
    """Return `length` lower-case hexadecimal digits."""
    return _unmarked(lambda: secrets.token_hex((length + 1) // 2)[:length])


def digits(length: int) -> str:
    """Return a decimal number of exactly `length` digits."""
    return str(10 ** (length - 1) + secrets.randbelow(9 * 10 ** (length - 1)))


def _unmarked(draw: Callable[[], str]) -> str:
    while "fake" in (text := draw()).lower() or not any(map(str.isdigit, text)):
        pass
    return text
