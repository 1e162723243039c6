"""How calls are written: queries, bodies and bytes as text. Plain functions, no venue here."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import quote

from keyguard.core.calls import Request
from keyguard.core.errors import UsageError
from keyguard.core.secret import Secret


def pairs(params: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Return names and values as text in the order given; a list repeats its name."""
    found: list[tuple[str, str]] = []
    for name, value in params.items():
        values = value if isinstance(value, list | tuple) else [value]
        found.extend((name, _text(one)) for one in values)
    return found


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return value.reveal() if isinstance(value, Secret) else str(value)


def encoded(found: Iterable[tuple[str, str]]) -> str:
    """Percent-encode everything but RFC 3986's unreserved characters; a space becomes %20, never +."""
    return "&".join(f"{quote(name, safe='')}={quote(value, safe='')}" for name, value in found)


def target(path: str, query: str) -> str:
    """Join path and encoded query; no question mark without a query."""
    return f"{path}?{query}" if query else path


def compact(body: Mapping[str, Any] | None) -> str:
    """Serialise a body without spaces, in the order given; no body is the empty text."""
    return "" if body is None else json.dumps(body, separators=(",", ":"), default=Secret.reveal)


def decoded(secret: Secret) -> bytes:
    """The bytes that a base64 secret stands for; raises UsageError, without the secret, if it is none."""
    try:
        return base64.b64decode(secret.reveal(), validate=True)
    except ValueError:
        pass
    raise UsageError("the secret is not base64, as this venue's secrets are", code="key.shape")


def base64url(data: bytes) -> str:
    """URL-safe base64 without padding, as JWTs use it."""
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def plain(found: Iterable[tuple[str, str]]) -> str:
    """Names and values as a person reads them, not percent-encoded: some venues sign that."""
    return "&".join(f"{name}={value}" for name, value in found)


def base64_text(data: bytes) -> str:
    """Standard base64, padded, as text."""
    return base64.b64encode(data).decode()


def bracketed(params: Mapping[str, Any]) -> dict[str, Any]:
    """The names of lists as some venues write them: key[]=a&key[]=b."""
    return {f"{name}[]" if isinstance(value, list) else name: value for name, value in params.items()}


def carried(request: Request) -> Mapping[str, Any]:
    """What a call says: its body where it has one, else its query."""
    return request.query if request.body is None else request.body
