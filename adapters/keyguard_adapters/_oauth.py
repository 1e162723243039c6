"""Sign-ins of apps, as told in `oauth/<id>.toml`: endpoints, scopes, what may be asked with a token.

`[scopes]` maps the venue's names to ours. Each `[[reads]]` is a call that only reads, with the `scope` it
needs and, where its answer names the account, the way there (`account`). `[revoke]`: the call that ends a
sign-in; `own_host`: it goes where tokens are given, and names token and app. Without it a person ends it, on
`apps_page`. `tells_scope = false`: tokens come without their scope, so it is the one asked for (RFC 6749
§5.1).
"""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from importlib import resources
from typing import Any

from keyguard.core.calls import Credential, Effect, Fault, Reply, Request, Step, Wire
from keyguard.core.errors import UsageError
from keyguard.core.exchange import KeyReport, ScopeNames
from keyguard.core.keys import Origin, parse_scopes
from keyguard.core.oauth import Client, OAuth, by_itself
from keyguard_adapters._answers import text
from keyguard_adapters._encoding import compact, encoded, pairs, target
from keyguard_adapters._faults import member
from keyguard_adapters._sign import bearer

_WORDS = {
    "invalid_grant": Fault.KEY_UNKNOWN,  # RFC 6749 §5.2: a code or refresh token that is spent or ended
    "invalid_token": Fault.AMBIGUOUS,  # RFC 6750 §3.1: expired, revoked, malformed
    "insufficient_scope": Fault.SCOPE,
}


@dataclass(frozen=True, slots=True)
class _Read:
    scope: str
    path: str
    method: str = "GET"
    account: tuple[str, ...] = ()


def told(venue: str) -> OAuth:
    """How this venue signs apps in."""
    file = resources.files(__package__) / "oauth" / f"{venue}.toml"
    return parsed(file.read_text(encoding="utf-8"))


def parsed(content: str) -> OAuth:
    """Read a venue's file; raises LookupError, TypeError or ValueError where it lacks what it needs."""
    table = tomllib.loads(content)
    scopes = ScopeNames({name: parse_scopes(ours) for name, ours in table["scopes"].items()})
    reads = [_Read(**{**row, "account": tuple(row.get("account", ()))}) for row in table["reads"]]
    refresh = table.get("refresh_life_days")
    return OAuth(
        authorise=table["authorise"],
        base=table["base"],
        token_path=table["token_path"],
        scopes=scopes,
        separator=table["separator"],
        access_life=timedelta(seconds=table["access_life_s"]),
        single_use=table["single_use"],
        source=table["source"],
        checked=table["checked"],
        whoami=_whoami(scopes, reads, tells=table.get("tells_scope", True)),
        revoke=_revoke(table["base"], table["revoke"]) if "revoke" in table else None,
        reads=frozenset(read.scope for read in reads),
        client=Client(table["client"]),
        form=table["form"],
        keeps=table.get("keeps", ""),
        loopback=table["loopback"],
        refresh_life=None if refresh is None else timedelta(days=refresh),
        apps_page=table.get("apps_page", ""),
        unverified=tuple(table["unverified"]),
    )


def with_token(request: Request, who: Credential) -> Wire:
    """The bytes of a call that carries an access token (RFC 6750 §2.1) and nothing else of the credential."""
    headers, where = bearer(who), target(request.path, encoded(pairs(request.query)))
    if request.body is None:
        return Wire(request.method, where, headers)
    if request.form:
        headers["Content-Type"] = "application/x-www-form-urlencoded"
        return Wire(request.method, where, headers, encoded(pairs(request.body)).encode())
    headers["Content-Type"] = "application/json"
    return Wire(request.method, where, headers, compact(request.body).encode())


def token_fault(reply: Reply) -> tuple[Fault, str] | None:
    """Why a token or its request was refused, in the words of the standards; None in other words."""
    word = member(reply, "error")
    return (_WORDS[word], word) if word in _WORDS else None


def _whoami(
    scopes: ScopeNames, reads: list[_Read], *, tells: bool
) -> Callable[[Credential], Step[KeyReport]]:
    def whoami(who: Credential) -> Step[KeyReport]:
        """Ask for something the sign-in may read. Its scopes and its end are told once, with the token.

        Raises UsageError for one that may read nothing: nobody can see whether it still works.
        """
        grants = who.tokens.grants if who.tokens else ()
        read = next((read for read in reads if read.scope in grants), None)
        if read is None:
            raise UsageError(
                "this sign-in may read nothing, so the venue cannot be asked about it",
                code="oauth.blind",
                hint="sign in with one of: " + ", ".join(read.scope for read in reads),
            )
        reply = yield Request(read.method, read.path)
        if not isinstance(reply.json, dict | list):
            raise ValueError("neither an account nor a list")
        ends = who.tokens.expires_at if who.tokens else None
        return KeyReport(
            public_id=who.key,
            ref=who.key,
            account=_at(reply.json, read.account),
            scopes=scopes.read(grants),
            scopes_origin=Origin.REPORTED if tells else Origin.INFERRED,
            grants=grants,
            expires_at=ends,
            expiry_origin=Origin.REPORTED if ends else Origin.UNKNOWN,
            notes=(f"an app's sign-in: scopes as {'told with the token' if tells else 'asked for'}",),
        )

    return whoami


def _at(found: Any, path: tuple[str, ...]) -> str:
    for name in path:
        found = found[name]
    return text(found) if path else ""


def _revoke(base: str, call: Mapping[str, Any]) -> Callable[[Credential], Step[None]]:
    def revoke(who: Credential) -> Step[None]:
        """End the sign-in whose access token makes this call."""
        if not call["own_host"]:
            yield Request(call["method"], call["path"], effect=Effect.KEY_DELETED)
            return
        named = {"token": who.secret, **by_itself(who)}
        yield Request(
            call["method"], call["path"], body=named, effect=Effect.KEY_DELETED, base=base, form=True
        )

    return revoke
