"""Chooses the secret store of a new home and says why."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from keyguard.stores.os_keyring import probe


@dataclass(frozen=True, slots=True)
class Choice:
    """`store` is the word of `keyguard init --store`; `reason` a sentence without a full stop."""

    store: str
    reason: str


def choose_store(why_not: Callable[[], str] = probe) -> Choice:
    """The OS keyring where it is usable now, else the encrypted file."""
    if reason := why_not():
        return Choice("file", reason)
    return Choice("os-keyring", "this session's OS keyring is unlocked and answers")
