"""Identifiers of records and inventory (KGA/1 §7): they name a key or person without telling it.

Salts are 32 random bytes per firm and venue. Names differ per venue, so two venues cannot join their copies.
"""

from __future__ import annotations

import hashlib
import hmac


def key_fingerprint(salt: bytes, venue: str, public_id: str) -> str:
    """Return the 64 hex digits a venue can recompute from its own key table, once told the salt."""
    return _keyed(salt, "key-fingerprint", venue, public_id)


def person_name(salt: bytes, venue: str, internal_id: str) -> str:
    """Return `p_` and 20 hex digits; in the firm stream the venue is the literal `firm`."""
    return "p_" + _keyed(salt, "person", venue, internal_id)[:20]


def host_name(salt: bytes, venue: str, internal_id: str) -> str:
    """Return `h_` and 20 hex digits."""
    return "h_" + _keyed(salt, "host", venue, internal_id)[:20]


def party_name(salt: bytes, venue: str, internal_id: str) -> str:
    """Return `o_` and 20 hex digits."""
    return "o_" + _keyed(salt, "party", venue, internal_id)[:20]


def record_id(salt: bytes, venue: str, prefix: str, internal_id: str) -> str:
    """Return `prefix_` and 16 hex digits: an id of a grant or an approval that tells nothing elsewhere."""
    return f"{prefix}_" + _keyed(salt, "record-id", venue, internal_id)[:16]


def hint(public_id: str) -> str | None:
    """Return the last 4 characters of an access key id of at least 16, None for a shorter one."""
    return public_id[-4:] if len(public_id) >= 16 else None


def _keyed(salt: bytes, label: str, venue: str, name: str) -> str:
    text = f"keyguard/{label}/v1\n{venue}\n{name}"
    return hmac.new(salt, text.encode(), hashlib.sha256).hexdigest()
