"""What a credential of kind `oauth` holds beside its access token."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from keyguard.core.secret import Secret


@dataclass(frozen=True, slots=True)
class Tokens:
    """A sign-in of one account to one app. The access token itself is the credential's `secret`.

    `client_id`: the app. `refresh`: what brings the next access token; None: signing in again does.
    `expires_at`: when the access token ends (UTC), by the venue's word; None: it did not tell. `grants`: what
    the venue said it granted, in its own words, sorted. `client_secret`: of an app that has one.
    `opened_by`: of a session, the inventory's id of the key that opens the next one; "" of a sign-in.
    """

    client_id: str
    refresh: Secret | None
    expires_at: datetime | None
    grants: tuple[str, ...]
    client_secret: Secret | None = None
    opened_by: str = ""
