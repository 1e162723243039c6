"""One credential as one JSON object on stdin: key, secret, passphrase, private_key. Strict."""

from __future__ import annotations

import json
from typing import Any

from keyguard.core.errors import UsageError
from keyguard.core.exchange import Credential
from keyguard.intake.candidates import FIELDS
from keyguard.intake.credentials import assemble

MAX_BYTES = 64 * 1024


def read(data: bytes) -> Credential:
    """Parse the credential. UsageError `stdin.malformed` for anything else; no input is ever repeated."""
    if len(data) > MAX_BYTES:
        raise _refused(f"more than {MAX_BYTES >> 10} KiB on stdin")
    try:
        parsed = json.loads(data.decode("utf-8-sig"), object_pairs_hook=_once, parse_constant=_no_constant)
    except (ValueError, RecursionError):
        parsed = None
    if not isinstance(parsed, dict):
        raise _refused("stdin holds no JSON object in which each member stands once")
    for number, (name, value) in enumerate(parsed.items(), start=1):
        # An unknown name is not repeated: it may be a secret that slipped.
        if name not in FIELDS:
            raise _refused(f"member {number} of the JSON object on stdin is none of {', '.join(FIELDS)}")
        if not isinstance(value, str):
            raise _refused(f"{name} on stdin is not a text")
    return assemble(parsed, "stdin")


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    made = dict(pairs)
    if len(made) != len(pairs):
        raise ValueError("a member stands twice")
    return made


def _no_constant(_: str) -> None:
    raise ValueError("no JSON")


def _refused(what: str) -> UsageError:
    return UsageError(
        what,
        code="stdin.malformed",
        still="nothing was taken",
        hint='write one object: {"key": "…", "secret": "…"}',
    )
