"""Tokens a venue gives in a key's place, for a while: for a program that need not hold the key. Pure."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from keyguard.core.exchange import Credential, KeyReport, ScopeNames, Step
from keyguard.core.keys import KeyKind
from keyguard.core.oauth import Answer, due, late
from keyguard.core.tokens import Tokens

PUBLIC_PREFIX = "session-"
"""Begins the public id of a session, which is drawn here: a key may have opened several."""


@dataclass(frozen=True, slots=True)
class Sessions:
    """How a venue opens sessions. `source` and `checked`: where this stands and the day it was read.

    `open`: (public id of the key, permissions or () for all) run with the key, gives the token. `whoami`:
    (the session's credential) what is known of it. `revoke`: ends it; None: nothing but its end does.
    `narrows`: a session may have fewer permissions than its key. `access_life`: how long one lasts. `reads`:
    permissions one of which `whoami` needs; empty: none.
    """

    open: Callable[[str, tuple[str, ...]], Step[Answer]]
    whoami: Callable[[Credential], Step[KeyReport]]
    revoke: Callable[[Credential], Step[None]] | None
    scopes: ScopeNames
    narrows: bool
    access_life: timedelta
    reads: frozenset[str]
    source: str
    checked: str

    @property
    def due(self) -> timedelta:
        """How long before its end the next one is opened."""
        return due(self.access_life)

    @property
    def late(self) -> timedelta:
        """What is left of a session that should have been replaced."""
        return late(self.access_life)


def credential(public_id: str, key_id: str, answer: Answer, asked_at: datetime) -> Credential:
    """The credential of a session that the key of this inventory id opened; its end is never too late."""
    ends = None if answer.life is None else asked_at + answer.life
    tokens = Tokens("", None, ends, answer.grants, opened_by=key_id)
    return Credential(public_id, answer.access, kind=KeyKind.OAUTH, tokens=tokens)
