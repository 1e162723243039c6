"""Where a person's browser is sent back to after signing in at a venue."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from keyguard.core.oauth import Attempt
from keyguard.core.secret import Secret


@dataclass(frozen=True, slots=True)
class Landing:
    """What a redirect that belongs to the attempt brought: a code, or the venue's word for a refusal."""

    code: Secret | None
    error: str = ""


class Redirects(Protocol):
    """Listens on this machine for one sign-in."""

    @property
    def uri(self) -> str:
        """The redirect URI, registered at the venue for the app."""
        ...

    def wait(self, attempt: Attempt) -> Landing:
        """Wait for the redirect of this attempt, passing over all others; UsageError when none comes."""
        ...
