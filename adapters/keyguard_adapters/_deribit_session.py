"""Deribit's sessions: access tokens of an hour, with the key's permissions or fewer.

Docs: https://docs.deribit.com/api-reference/authentication (public-auth, private-logout; read 2026-11-21).

Surprises:
- A token lasts for a year unless it is asked for less; nothing but its end takes it back, for
  `private/logout` is for WebSockets. So an hour is asked for, and no refresh token is kept: the key opens the
  next session.
- A main account's refresh token reaches all sub-accounts: another reason to keep none.
"""

from __future__ import annotations

from datetime import timedelta

from keyguard.core.calls import Credential, Effect, Request, Step
from keyguard.core.errors import UsageError
from keyguard.core.exchange import KeyReport
from keyguard.core.keys import Origin
from keyguard.core.oauth import Answer
from keyguard.core.secret import Secret
from keyguard.core.sessions import Sessions
from keyguard_adapters._answers import text
from keyguard_adapters._deribit_scope import EVERY_SCOPE, SCOPES, held

LIFE = timedelta(hours=1)
_API = "/api/v2/"
_READS = {
    "account": ("private/get_account_summary", {"currency": "BTC", "extended": True}),
    "trade": ("private/get_open_orders", {}),
}


def open_session(_public_id: str, grants: tuple[str, ...]) -> Step[Answer]:
    """A token; ValueError where it may more than was asked for."""
    asked = " ".join(sorted(grants)) or EVERY_SCOPE
    query = {
        "grant_type": "client_signature",
        "scope": f"{asked} expires:{int(LIFE.total_seconds())}",
    }
    reply = yield Request("GET", f"{_API}public/auth", query=query, effect=Effect.KEY_CREATED)
    result = reply.json["result"]
    given = held(result["scope"], result.get("enabled_features", ()))
    allowed = {*grants, *(f"{grant.partition(':')[0]}:read" for grant in grants)}
    if grants and any(grant not in allowed for grant in given if not grant.startswith("feature:")):
        raise ValueError("the token may more than was asked for")
    life = result["expires_in"]
    if not isinstance(life, int) or isinstance(life, bool) or not 0 < life <= LIFE.total_seconds():
        raise ValueError("the token lasts longer than was asked for")
    return Answer(Secret(text(result["access_token"])), None, timedelta(seconds=life), given)


def whoami(who: Credential) -> Step[KeyReport]:
    """Ask for something the token may read; its permissions and its end were told with it."""
    grants = who.tokens.grants if who.tokens else ()
    areas = {grant.partition(":")[0] for grant in grants}
    area = next((area for area in _READS if area in areas), None)
    if area is None:
        raise UsageError("this session may read nothing that keyguard asks for", code="oauth.blind")
    method, query = _READS[area]
    reply = yield Request("GET", f"{_API}{method}", query=query)
    result = reply.json["result"]
    ends = who.tokens.expires_at if who.tokens else None
    return KeyReport(
        public_id=who.key,
        ref=who.key,
        account=str(result["id"]) if area == "account" else "",
        scopes=SCOPES.read(grants),
        scopes_origin=Origin.REPORTED,
        grants=grants,
        expires_at=ends,
        expiry_origin=Origin.REPORTED if ends else Origin.UNKNOWN,
        notes=("a session: permissions as told with its token",),
    )


SESSIONS = Sessions(
    open=open_session,
    whoami=whoami,
    revoke=None,
    scopes=SCOPES,
    narrows=True,
    access_life=LIFE,
    reads=frozenset(f"{area}:{level}" for area in _READS for level in ("read", "read_write")),
    source="https://docs.deribit.com/api-reference/authentication/public-auth",
    checked="2026-11-21",
)
