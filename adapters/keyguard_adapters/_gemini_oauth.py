"""Gemini's sign-in of apps: scopes, endpoints, and what of a sign-in can be asked.

Docs: https://developer.gemini.com/authentication/oauth and https://docs.gemini.com (scopes by endpoint, code
and refresh requests, revocation), read 2026-11-21.
"""

from __future__ import annotations

from datetime import timedelta

from keyguard.core.calls import Credential, Effect, Request, Step
from keyguard.core.errors import UsageError
from keyguard.core.exchange import KeyReport, ScopeNames
from keyguard.core.keys import Origin, Scope
from keyguard.core.oauth import OAuth

SCOPES = ScopeNames(
    {
        "account:read": Scope.READ,
        "addresses:create": Scope.OTHER,
        "addresses:read": Scope.READ,
        "balances:read": Scope.READ,
        "banks:create": Scope.OTHER,
        "banks:read": Scope.READ,
        "clearing:create": Scope.TRADE_SPOT,
        "clearing:read": Scope.READ,
        "crypto:send": Scope.WITHDRAW,
        "history:read": Scope.READ,
        "orders:create": Scope.TRADE_SPOT | Scope.TRADE_DERIVATIVES,
        "orders:read": Scope.READ,
    }
)

_READS = {
    "account:read": "/v1/account",
    "balances:read": "/v1/balances",
    "orders:read": "/v1/orders",
}
"""Calls that only read, by the scope they need; the documented table has none that needs no scope."""


def whoami(who: Credential) -> Step[KeyReport]:
    """Ask for something the sign-in may read. Its scopes and its end are told once, with the token.

    Raises UsageError for one that may read nothing: nobody can see whether it still works.
    """
    grants = who.tokens.grants if who.tokens else ()
    path = next((path for scope, path in _READS.items() if scope in grants), None)
    if path is None:
        raise UsageError(
            "this sign-in may read nothing, so the venue cannot be asked about it",
            code="oauth.blind",
            hint="sign in with one of: " + ", ".join(_READS),
        )
    reply = yield Request("POST", path)
    if not isinstance(reply.json, dict | list):
        raise ValueError("neither an account nor a list")
    return KeyReport(
        public_id=who.key,
        ref=who.key,
        scopes=SCOPES.read(grants),
        scopes_origin=Origin.REPORTED,
        grants=grants,
        expires_at=who.tokens.expires_at if who.tokens else None,
        expiry_origin=Origin.REPORTED if who.tokens and who.tokens.expires_at else Origin.UNKNOWN,
        notes=("an app's sign-in: scopes as told with the token",),
    )


def revoke() -> Step[None]:
    """End the sign-in whose access token makes this call."""
    yield Request("POST", "/v1/oauth/revokeByToken", effect=Effect.KEY_DELETED)


OAUTH = OAuth(
    authorise="https://exchange.gemini.com/auth",
    base="https://exchange.gemini.com",
    token_path="/auth/token",  # noqa: S106 - a path
    scopes=SCOPES,
    separator=",",
    access_life=timedelta(hours=24),
    single_use=True,
    source="https://developer.gemini.com/authentication/oauth",
    checked="2026-11-21",
    whoami=whoami,
    revoke=revoke,
    reads=frozenset(_READS),
)
