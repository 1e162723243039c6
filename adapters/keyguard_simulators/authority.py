"""A venue's OAuth: apps, codes and refresh tokens, by RFC 6749 and RFC 7636.

A redirect is refused unless it is registered, on loopback with any port (RFC 8252 §7.3). Codes are spent by
their first use, right or wrong; refresh tokens are spent by theirs. A spent one ends the whole sign-in.
"""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode, urlsplit

from keyguard_simulators.accounts import Key
from keyguard_simulators.shapes import alnum
from keyguard_simulators.state import State
from keyguard_simulators.table import Refusal, same
from keyguard_simulators.wire import Answer, Call

ACCESS_LIFE_S = 86_399
CODE_LIFE_MS = 60_000
_CHALLENGE = re.compile(r"[A-Za-z0-9_-]{43}")
_VERIFIER = re.compile(r"[A-Za-z0-9._~-]{43,128}")


@dataclass(frozen=True, slots=True)
class App:
    """A registered app; `account` is the one whose holder consents when a page is opened. `secret`: "" of a
    public client."""

    client_id: str
    redirects: tuple[str, ...]
    scopes: frozenset[str]
    account: str
    secret: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class Code:
    """A code that was given with a redirect."""

    app: App
    redirect: str
    scopes: tuple[str, ...]
    challenge: str
    ends_ms: int


@dataclass(slots=True)
class Authority:
    """What an authorisation server knows. Access tokens are keys in the book, their token as the secret.

    `separator` between scopes; `keeps`: the scope without which it gives no refresh token; `tells_scope`:
    with the tokens; `form`: requests for tokens are forms (RFC 6749 §4.1.3), else JSON; `basic`: apps name
    themselves by the Basic scheme, and nowhere else; `plain_http`: redirects to this machine are taken.
    """

    separator: str = ","
    access_life_s: int = ACCESS_LIFE_S
    keeps: str = ""
    tells_scope: bool = True
    form: bool = True
    basic: bool = False
    plain_http: bool = True
    apps: dict[str, App] = field(default_factory=dict)
    codes: dict[str, Code | None] = field(default_factory=dict, repr=False)
    refresh: dict[str, tuple[App, str]] = field(default_factory=dict, repr=False)
    spent: dict[str, str] = field(default_factory=dict, repr=False)

    def register(self, app: App) -> None:
        """Take an app, as the settings page does."""
        self.apps[app.client_id] = app

    def consent(self, call: Call) -> Answer:
        """The page a person opens and agrees to: back to the app with a code."""
        asked = call.params
        app = self.apps.get(asked.get("client_id", ""))
        redirect = asked.get("redirect_uri", "")
        plain = urlsplit(redirect).scheme == "http"
        if app is None or not _registered(app, redirect) or (plain and not self.plain_http):
            # Nobody is sent to an address that is not registered.
            return Answer({"error": "invalid_request"}, 400, code="invalid_request")
        scopes = tuple(asked.get("scope", "").split(self.separator))
        if asked.get("response_type") != "code":
            return _back(redirect, asked, {"error": "unsupported_response_type"})
        if not set(scopes) <= app.scopes:
            return _back(redirect, asked, {"error": "invalid_scope"})
        challenge = asked.get("code_challenge", "")
        if asked.get("code_challenge_method") != "S256" or not _CHALLENGE.fullmatch(challenge):
            return _back(redirect, asked, {"error": "invalid_request"})
        code = alnum(32)
        self.codes[code] = Code(app, redirect, scopes, challenge, call.now_ms + CODE_LIFE_MS)
        return _back(redirect, asked, {"code": code})

    def token(self, state: State, call: Call, sent: Mapping[str, Any]) -> Any:
        """Exchange a code or a refresh token; raises Refusal in the words of RFC 6749 §5.2."""
        if self.form != call.headers.get("content-type", "").startswith("application/x-www-form-urlencoded"):
            raise Refusal("invalid_request", "another form of body is wanted")
        asked = {name: value for name, value in sent.items() if isinstance(value, str)}
        app = self._client(call, asked)
        match asked.get("grant_type"):
            case "authorization_code":
                return self._redeem(state, call, app, asked)
            case "refresh_token":
                return self._again(state, call, app, asked.get("refresh_token", ""))
            case _:
                raise Refusal("unsupported_grant_type", "neither a code nor a refresh token")

    def _client(self, call: Call, asked: Mapping[str, str]) -> App:
        """The app that asks; its secret is wanted where it has one, and refused where it has none."""
        name, secret = asked.get("client_id", ""), asked.get("client_secret", "")
        if self.basic:
            if name or secret:
                raise Refusal("invalid_client", "a client names itself once", 401)
            scheme, _, rest = call.headers.get("authorization", "").partition(" ")
            name, _, secret = _decoded(rest).partition(":") if scheme == "Basic" else ("", "", "")
        app = self.apps.get(name)
        if app is None or not same(app.secret, secret):
            raise Refusal("invalid_client", "no such client", 401)
        return app

    def revoke(self, state: State, call: Call, sent: Mapping[str, Any]) -> None:
        """End the sign-in of this token, if it is one of the app's: RFC 7009 answers both alike."""
        app = self._client(call, {name: str(value) for name, value in sent.items()})
        for key in list(state.book.keys.values()):
            if (
                "oauth" in key.features
                and key.label == app.client_id
                and same(key.secret, str(sent.get("token")))
            ):
                self.end(state, key, call.now_ms)

    def end(self, state: State, key: Key, now_ms: int) -> None:
        """End a sign-in: its access token and what would bring another."""
        state.delete(key, now_ms)
        for token, (_app, public_id) in list(self.refresh.items()):
            if public_id == key.public_id:
                del self.refresh[token]

    def _redeem(self, state: State, call: Call, app: App, asked: Mapping[str, str]) -> Any:
        given = self.codes.get(asked.get("code", ""))
        if given is not None:
            self.codes[asked["code"]] = None
        verifier = asked.get("code_verifier", "")
        if (
            given is None
            or given.app != app
            or given.ends_ms < call.now_ms
            or given.redirect != asked.get("redirect_uri")
            or not _VERIFIER.fullmatch(verifier)
            or not same(_s256(verifier), given.challenge)
        ):
            raise Refusal("invalid_grant", "the code is not good")
        key = Key(
            public_id=f"oauth-{alnum(16)}",
            number=state.book.next_number,
            account=app.account,
            grants=frozenset(given.scopes),
            ips=(),
            label=app.client_id,
            created_ms=call.now_ms,
            live_ms=0,
            features=("oauth",),
        )
        state.book.add_key(key)
        return self._tokens(app, key, call.now_ms)

    def _again(self, state: State, call: Call, app: App, token: str) -> Any:
        if token in self.spent:
            self.end(state, state.book.keys[self.spent[token]], call.now_ms)
        owner, public_id = self.refresh.pop(token, (None, ""))
        if owner != app:
            raise Refusal("invalid_grant", "the refresh token is not good")
        self.spent[token] = public_id
        return self._tokens(app, state.book.keys[public_id], call.now_ms)

    def _tokens(self, app: App, key: Key, now_ms: int) -> Any:
        key.secret, key.expires_ms = alnum(36), now_ms + self.access_life_s * 1000
        told: dict[str, Any] = {
            "access_token": key.secret,
            "token_type": "Bearer",
            "expires_in": self.access_life_s,
        }
        if self.tells_scope:
            told["scope"] = self.separator.join(sorted(key.grants))
        if not self.keeps or self.keeps in key.grants:
            told["refresh_token"] = alnum(36)
            self.refresh[told["refresh_token"]] = (app, key.public_id)
        return told


def is_opaque(call: Call) -> bool:
    """Whether a call carries an access token and not a token that its sender signed."""
    scheme, _, token = call.headers.get("authorization", "").partition(" ")
    return scheme.lower() == "bearer" and "." not in token


def bearer(state: State, call: Call) -> Key | None:
    """The sign-in a call's token belongs to; None where it carries none. Raises Refusal for an ended one."""
    scheme, _, token = call.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer":
        return None
    for key in list(state.book.keys.values()):
        known = "oauth" in key.features and same(key.secret, token)
        if known and key.known_at(call.now_ms) and key.enabled and not key.expired_at(call.now_ms):
            return key
    raise Refusal("invalid_token", "the token is not good", 401)


def _registered(app: App, redirect: str) -> bool:
    asked = urlsplit(redirect)
    for known in map(urlsplit, app.redirects):
        loopback = asked.hostname == known.hostname == "127.0.0.1"
        if redirect == known.geturl():
            return True
        if loopback and (asked.scheme, asked.path, asked.query) == (known.scheme, known.path, known.query):
            return asked.username is None and not asked.fragment
    return False


def _back(redirect: str, asked: Mapping[str, str], told: Mapping[str, str]) -> Answer:
    state = {"state": asked["state"]} if "state" in asked else {}
    return Answer(None, 302, {"Location": f"{redirect}?{urlencode({**told, **state})}"})


def _decoded(text: str) -> str:
    try:
        return base64.b64decode(text, validate=True).decode()
    except ValueError:
        return ""


def _s256(verifier: str) -> str:
    return base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()
