"""OAuth 2.0 as an app on a person's machine speaks it: code, PKCE (RFC 7636, S256 only), refresh. Pure.

The venues' own words are data (`OAuth`); the member names are those of RFC 6749.
"""

from __future__ import annotations

import base64
import enum
import hashlib
import hmac
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode, urlsplit

from keyguard.core.errors import UsageError
from keyguard.core.exchange import (
    Adapter,
    Credential,
    Effect,
    KeyReport,
    Reply,
    Request,
    ScopeNames,
    Step,
)
from keyguard.core.keys import KeyKind
from keyguard.core.secret import Secret
from keyguard.core.tokens import Tokens

if TYPE_CHECKING:
    from keyguard.core.sessions import Sessions

PUBLIC_PREFIX = "oauth-"
"""Begins the public id of a sign-in, which is drawn here: one app may be signed in to many accounts."""

REFRESH_BEFORE = timedelta(hours=2)
"""How long before its end an access token is replaced, at most; of a short life, a third."""

LATE = timedelta(hours=1)
"""An access token that ends so soon should have been replaced: somebody has to see to it. At most; of a
short life, a sixth."""

_MAX_LIFE_S = 10 * 365 * 86_400
_ENTROPY = 32


def due(life: timedelta) -> timedelta:
    """How long before its end a token of this life is replaced."""
    return min(REFRESH_BEFORE, life / 3)


def late(life: timedelta) -> timedelta:
    """What is left of a token of this life that should have been replaced."""
    return min(LATE, life / 6)


class Client(enum.Enum):
    """How an app names itself where tokens are given (RFC 6749 §2.3)."""

    PUBLIC = "public"  # by its id in the body: it has no secret
    BASIC = "basic"  # by its id as the user of HTTP's Basic scheme, with an empty password: no secret either
    SECRET = "secret"  # noqa: S105 - names a way; by id and secret in the body


@dataclass(frozen=True, slots=True)
class OAuth:
    """How a venue signs apps in. `source` and `checked`: where this stands and the day it was read.

    `authorise`: the page a person opens. `base`: the https origin of `token_path`. `separator`: between the
    scopes in a request. `access_life`: of an access token as documented; `refresh_life`: of a refresh token
    (None: no end is documented). `single_use`: a refresh token is spent by its use, and the answer brings the
    next. `whoami`: (the credential) what is known of a sign-in. `revoke`: (the credential) ends it, called
    with its access token; None: a person ends it on `apps_page`. `reads`: scopes one of which `whoami` needs.
    `client`: how an app names itself; `form`: token requests are forms, else JSON. `keeps`: the scope without
    which no refresh token is given, "" where none is needed. `loopback`: an http redirect to this machine is
    documented for apps in use, else https has to lead there. `unverified`: what of this nobody could verify.
    """

    authorise: str
    base: str
    token_path: str
    scopes: ScopeNames
    separator: str
    access_life: timedelta
    single_use: bool
    source: str
    checked: str
    whoami: Callable[[Credential], Step[KeyReport]]
    revoke: Callable[[Credential], Step[None]] | None
    reads: frozenset[str]
    client: Client = Client.PUBLIC
    form: bool = False
    keeps: str = ""
    loopback: bool = True
    refresh_life: timedelta | None = None
    apps_page: str = ""
    unverified: tuple[str, ...] = ()

    @property
    def due(self) -> timedelta:
        """How long before its end an access token is replaced."""
        return due(self.access_life)

    @property
    def late(self) -> timedelta:
        """What is left of an access token that should have been replaced."""
        return late(self.access_life)


@dataclass(frozen=True, slots=True)
class Attempt:
    """One sign-in under way. `state` comes back with the redirect; `verifier` never leaves before the code
    came, and then to the venue alone. `client_secret`: of an app that has one."""

    client_id: str
    redirect_uri: str
    grants: tuple[str, ...]
    state: str = field(repr=False)
    verifier: Secret
    client_secret: Secret | None = None


@dataclass(frozen=True, slots=True)
class Answer:
    """What a token endpoint gave. `life` None: not told. `grants` as told, else as asked for."""

    access: Secret
    refresh: Secret | None
    life: timedelta | None
    grants: tuple[str, ...]


def begin(
    client_id: str,
    redirect_uri: str,
    grants: tuple[str, ...],
    chance: Callable[[int], bytes],
    client_secret: Secret | None = None,
) -> Attempt:
    """Draw state and verifier (256 bits each) for a sign-in; `chance` gives fresh random bytes."""
    state, verifier = _base64url(chance(_ENTROPY)), _base64url(chance(_ENTROPY))
    asked = tuple(sorted(set(grants)))
    return Attempt(client_id, redirect_uri, asked, state, Secret(verifier), client_secret)


def demand_relay(uri: str) -> str:
    """Return the address of a page that leads on to this machine; UsageError for what cannot be one.

    The code passes it, and is of no use there: the verifier never leaves this machine but for the venue.
    """
    try:
        parts = urlsplit(uri)
        fine = parts.scheme == "https" and parts.hostname and parts.username is None and parts.port != 0
    except ValueError:
        fine, parts = False, urlsplit("")
    if not fine or parts.query or parts.fragment or not uri.isascii() or not uri.isprintable() or " " in uri:
        raise UsageError(
            "the redirect is not a plain https address",
            code="oauth.redirect",
            still="nothing was sent",
            hint="give it as registered for the app: https://HOST/PATH",
        )
    return uri


def challenge(verifier: Secret) -> str:
    """The S256 code challenge of RFC 7636 §4.2."""
    return _base64url(hashlib.sha256(verifier.reveal().encode("ascii")).digest())


def page(oauth: OAuth, attempt: Attempt) -> str:
    """The address a person opens; nothing in it is secret."""
    asked = {
        "response_type": "code",
        "client_id": attempt.client_id,
        "redirect_uri": attempt.redirect_uri,
        "scope": oauth.separator.join(attempt.grants),
        "state": attempt.state,
        "code_challenge": challenge(attempt.verifier),
        "code_challenge_method": "S256",
    }
    return f"{oauth.authorise}?{urlencode(asked)}"


def is_ours(attempt: Attempt, state: str) -> bool:
    """Whether a redirect belongs to this attempt; compared in a time that tells nothing."""
    return hmac.compare_digest(attempt.state.encode(), state.encode("utf-8", "replace"))


def redeem(oauth: OAuth, attempt: Attempt, code: Secret) -> Step[Answer]:
    """Exchange the code for tokens."""
    sent = {
        "grant_type": "authorization_code",
        "code": code,
        "redirect_uri": attempt.redirect_uri,
        "code_verifier": attempt.verifier,
    }
    reply = yield _request(oauth, sent, Effect.KEY_CREATED, attempt.client_id, attempt.client_secret)
    return read(oauth, reply, attempt.grants)


def refresh(oauth: OAuth, tokens: Tokens, spent: Secret) -> Step[Answer]:
    """Exchange the refresh token `spent` for the next tokens."""
    sent = {"grant_type": "refresh_token", "refresh_token": spent}
    reply = yield _request(oauth, sent, Effect.SECRET_RESET, tokens.client_id, tokens.client_secret)
    answer = read(oauth, reply, tokens.grants)
    if answer.refresh is None and not oauth.single_use:
        return Answer(answer.access, spent, answer.life, answer.grants)
    return answer


def read(oauth: OAuth, reply: Reply, asked: tuple[str, ...]) -> Answer:
    """Parse a token answer; raises ValueError (or its like) for one that is not as RFC 6749 §5.1 has it.

    A scope that is not told is the one asked for; one that the adapter does not know is an error.
    """
    told = reply.json
    if str(told["token_type"]).lower() != "bearer":
        raise ValueError("not a bearer token")
    again = told.get("refresh_token")
    if again is None and oauth.single_use and (not oauth.keeps or oauth.keeps in asked):
        raise ValueError("no refresh token where each use brings the next")
    grants = _grants(told["scope"]) if told.get("scope") is not None else asked
    oauth.scopes.read(grants)
    return Answer(
        access=_token(told["access_token"]),
        refresh=None if again is None else _token(again),
        life=_life(told["expires_in"]) if told.get("expires_in") is not None else None,
        grants=grants,
    )


def credential(
    public_id: str, client_id: str, answer: Answer, asked_at: datetime, client_secret: Secret | None = None
) -> Credential:
    """The credential of a sign-in; its end is counted from before the request: never too late."""
    ends = None if answer.life is None else asked_at + answer.life
    tokens = Tokens(client_id, answer.refresh, ends, answer.grants, client_secret)
    return Credential(public_id, answer.access, kind=KeyKind.OAUTH, tokens=tokens)


def by_itself(who: Credential) -> Mapping[str, Any]:
    """What names the app in the body of a request about one of its tokens."""
    if who.tokens is None:
        return {}
    return _named(who.tokens.client_id, who.tokens.client_secret)


def whoami(adapter: Adapter, who: Credential) -> Step[KeyReport]:
    """What the venue says of a credential of any kind: of a token in its own way, else by its public id."""
    gives = tokens_of(adapter)
    if who.kind is KeyKind.OAUTH and gives is not None:
        return gives.whoami(who)
    return adapter.whoami(who.key)


def tokens_of(adapter: Adapter) -> OAuth | Sessions | None:
    """How the venue gives the tokens of credentials of kind OAUTH: to apps, or in keys' places."""
    return adapter.oauth or adapter.sessions


def _request(
    oauth: OAuth, sent: dict[str, Any], effect: Effect, client_id: str, client_secret: Secret | None
) -> Request:
    basic = client_id if oauth.client is Client.BASIC else ""
    body = sent if basic else {**sent, **_named(client_id, client_secret)}
    return Request(
        "POST",
        oauth.token_path,
        body=body,
        effect=effect,
        signed=False,
        base=oauth.base,
        form=oauth.form,
        basic=basic,
    )


def _named(client_id: str, client_secret: Secret | None) -> dict[str, Any]:
    secret = {} if client_secret is None else {"client_secret": client_secret}
    return {"client_id": client_id, **secret}


def _token(value: Any) -> Secret:
    if not isinstance(value, str) or not value or not value.isascii() or not value.isprintable():
        raise ValueError("a token is no text")
    if " " in value:
        raise ValueError("a token with a space cannot be sent")
    return Secret(value)


def _life(value: Any) -> timedelta:
    if not isinstance(value, int) or isinstance(value, bool) or not 0 < value <= _MAX_LIFE_S:
        raise ValueError("a life is no number of seconds")
    return timedelta(seconds=value)


def _grants(value: Any) -> tuple[str, ...]:
    if not isinstance(value, str):
        raise TypeError("a scope is no text")
    return tuple(sorted(set(value.replace(",", " ").split())))


def _base64url(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()
