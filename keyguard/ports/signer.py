"""A person's own key, opened: what signs an approval."""

from __future__ import annotations

from typing import Protocol


class Signer(Protocol):
    """Signs; never shows its key."""

    @property
    def public(self) -> str:
        """The public key, Ed25519, in hex."""
        ...

    def sign(self, message: bytes) -> str:
        """The signature in hex."""
        ...
