"""The recovery share as people write it: 160 random bits as nine groups of five letters and digits.

    KGR1 7G2MX-K0Q4D-… (nine groups)

Eight groups carry the bits, four characters each; the ninth carries 20 bits of SHA-256 over all of them.
The fifth character of a group is its check: any one character that is wrong in a group, and any two
neighbours that are exchanged, show there, and so do exchanged groups, because a group's number enters its
check. What is typed wrong is therefore named by its group, not merely refused.

Letters are Crockford's base 32: no I, L, O or U; who types I or L means 1, who types O means 0.
"""

from __future__ import annotations

import hashlib
import hmac
import re

from keyguard.core.errors import UsageError
from keyguard.core.secret import Secret

SHARE_BYTES = 20
MARK = "KGR1"
_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_MEANT = str.maketrans({"I": "1", "L": "1", "O": "0"})
_GROUPS = 8
_DATA = 4
_SPACE = re.compile(r"[\s-]+")
_KEY_INFO = b"keyguard recovery share 1"


def write(share: bytes) -> Secret:
    """The share as text; `share` has 20 bytes."""
    if len(share) != SHARE_BYTES:
        raise ValueError("a recovery share has 20 bytes")
    symbols = _symbols(share) + _control(share)
    parts = [symbols[at : at + _DATA] for at in range(0, len(symbols), _DATA)]
    groups = ["".join(_ALPHABET[s] for s in (*part, _check(n, part))) for n, part in enumerate(parts)]
    return Secret(f"{MARK} {'-'.join(groups)}")


def looks_like_one(text: Secret) -> bool:
    """Whether this means to be a share, right or wrong."""
    return _SPACE.sub("", text.reveal()).upper().startswith(MARK)


def read(text: Secret) -> bytes:
    """The 20 bytes of a share typed in any case, with or without its spaces and dashes.

    UsageError `share.mistyped` naming the first group that is wrong; never what was typed.
    """
    typed = _SPACE.sub("", text.reveal()).upper()
    if not typed.startswith(MARK):
        raise _mistyped(f"a recovery share begins with {MARK}")
    typed = typed.removeprefix(MARK).translate(_MEANT)
    size = _DATA + 1
    parts = [typed[at : at + size] for at in range(0, len(typed), size)]
    symbols: list[int] = []
    for number, part in enumerate(parts[: _GROUPS + 1]):
        found = [_ALPHABET.find(char) for char in part]
        if len(part) < size or min(found) < 0 or _check(number, found[:_DATA]) != found[_DATA]:
            raise _mistyped(f"group {number + 1} of the recovery share is not as it was printed")
        symbols += found[:_DATA]
    if len(parts) != _GROUPS + 1:
        raise _mistyped(f"a recovery share has {_GROUPS + 1} groups, {len(parts)} were typed")
    share = _bytes(symbols[: _GROUPS * _DATA])
    if symbols[_GROUPS * _DATA :] != _control(share):
        raise _mistyped("the groups of the recovery share are right, but do not belong together")
    return share


def key_of(share: bytes) -> Secret:
    """The key a share stands for, as the text of a key file (64 hex digits); HMAC-SHA256, one way."""
    return Secret(hmac.digest(share, _KEY_INFO, hashlib.sha256).hex())


def id_of(key: Secret) -> str:
    """What a share is called on paper and in lists: 8 hex digits that follow from its key, one way."""
    return hmac.digest(key.reveal().encode(), b"keyguard recovery id 1", hashlib.sha256).hex()[:8]


def _symbols(data: bytes) -> list[int]:
    number = int.from_bytes(data)
    count = len(data) * 8 // 5
    return [number >> 5 * (count - 1 - at) & 31 for at in range(count)]


def _bytes(symbols: list[int]) -> bytes:
    number = 0
    for symbol in symbols:
        number = number << 5 | symbol
    return number.to_bytes(SHARE_BYTES)


def _control(share: bytes) -> list[int]:
    digest = hashlib.sha256(MARK.encode() + share).digest()
    return _symbols(digest[:5])[:_DATA]


def _check(group: int, symbols: list[int]) -> int:
    """Weights 2, 4, 8, 16 of GF(32), all different: a change of one symbol and an exchange of two show."""
    check = group
    for symbol in reversed(symbols):
        check = _doubled(check ^ symbol)
    return check


def _doubled(value: int) -> int:
    """Times 2 in GF(32) modulo x^5 + x^2 + 1."""
    value <<= 1
    return value ^ 0b100101 if value & 32 else value


def _mistyped(what: str) -> UsageError:
    return UsageError(
        what,
        code="share.mistyped",
        still="nothing was changed",
        hint=f"type it as printed: {MARK} and {_GROUPS + 1} groups of {_DATA + 1}",
    )
