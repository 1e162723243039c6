"""Literals that tell where something stands in another form: the prefilter finds them in its one pass, and
where there are none, nothing that reads such forms is even loaded.
"""

from __future__ import annotations

import binascii
from collections.abc import Iterable

ESCAPES = (
    *(b"%3d", b"%22", b"%3a", b"%2b", b"%2f", b"%0a", b"\\u00", b"\\/"),
    *(b"&quot;", b"&#34;", b"&#x22;", b"&#61;", b"&#39;"),
)
_NEAR = (b"base64", b"b64", b"atob(", b"basic ", b"-enc", b'"auth"', b"curl ", b"!!binary")
WHOLE = (b"kind: secret", b'"kind": "secret"', b'"kind":"secret"')
REACH = {**dict.fromkeys(ESCAPES, 100), **dict.fromkeys(_NEAR, 200), **dict.fromkeys(WHOLE, 1_000_000)}
"""What may mean encoded values, and how far from it they may stand, in bytes."""
ENCODED = frozenset(REACH)
ROWS = frozenset((b"insert into", b"ignore into", b"replace into", b"from stdin"))
"""What comes before rows in dumps of databases."""
_CASES = (bytes.lower, bytes.upper, bytes.capitalize)
_SHORTEST_FORM = 6


def forms(words: Iterable[bytes]) -> frozenset[bytes]:
    """What base64 makes of a word in lower, upper or capital letters, at each of the three places in a
    group; in lower case, as the prefilter has it. Words too short to be told from chance are left out."""
    made = set()
    for word in words:
        for cased in {case(word) for case in _CASES}:
            for shift, skipped in ((0, 0), (1, 2), (2, 3)):
                text = binascii.b2a_base64(bytes(shift) + cased, newline=False)
                form = text[skipped : (shift + len(cased)) * 8 // 6]
                if len(form) >= _SHORTEST_FORM:
                    made.add(form.lower())
    return frozenset(made)
