"""Credentials of real shape, made at run time so that no scanner finds them in these files."""

from __future__ import annotations

import base64
import random
import string

ALNUM = string.ascii_letters + string.digits
BASE64URL = ALNUM + "_-"


def token(seed: int, length: int, alphabet: str = ALNUM) -> str:
    """Random-looking, always the same for a seed."""
    return "".join(random.Random(seed).choices(alphabet, k=length))


def bybit(seed: int = 1) -> tuple[str, str]:
    """Key and secret."""
    return token(seed, 18), token(seed + 1000, 36)


def upbit(seed: int = 2) -> tuple[str, str]:
    """Access key and secret key."""
    return token(seed, 40), token(seed + 1000, 40)


def deribit(seed: int = 3) -> tuple[str, str]:
    """Client id and client secret."""
    return token(seed, 8, BASE64URL), token(seed + 1000, 43, BASE64URL)


def env(venue: str, key: str, secret: str) -> str:
    """Two lines of a .env file."""
    names = {"upbit": ("ACCESS_KEY", "SECRET_KEY"), "deribit": ("CLIENT_ID", "CLIENT_SECRET")}
    first, second = names.get(venue, ("API_KEY", "API_SECRET"))
    return f"{venue.upper()}_{first}={key}\n{venue.upper()}_{second}={secret}\n"


def pem(seed: int = 4, label: str = "PRIVATE KEY", start: str = "MIIEvgIBADANBgkqhkiG9w0BAQ") -> str:
    """A PEM block with random contents."""
    body = start + base64.b64encode(random.Random(seed).randbytes(300)).decode()
    lines = [body[i : i + 64] for i in range(0, len(body), 64)]
    return "\n".join(["-----BEGIN " + label + "-----", *lines, "-----END " + label + "-----"])
