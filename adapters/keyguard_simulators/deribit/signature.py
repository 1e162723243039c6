"""Who sent a call to Deribit: signed header, token, or the two grants of public/auth.

A key that is unknown, removed, disabled, or used with a wrong secret, an old timestamp, a spent nonce
or from a foreign address gets one and the same refusal: the documents name no codes to tell them apart.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
from dataclasses import dataclass, field

from keyguard_simulators.accounts import Key
from keyguard_simulators.deribit.rpc import Rpc, RpcError, invalid
from keyguard_simulators.deribit.scope import narrowed
from keyguard_simulators.shapes import alnum, base64url
from keyguard_simulators.state import State
from keyguard_simulators.wire import Call, whole

WINDOW_MS = 60_000
TOKEN_LIFE_S = 31_536_000
_HEADER_FIELDS = {"id", "ts", "sig", "nonce"}


@dataclass(frozen=True, slots=True)
class Token:
    """An access token: whose, for what, until when."""

    public_id: str
    secret_seen: str = field(repr=False)  # the key's secret when the token was issued: a reset ends the token
    grants: frozenset[str]
    expires_ms: int


@dataclass
class Gate:
    """Checks credentials and keeps the tokens it gave out."""

    state: State
    tokens: dict[str, Token] = field(default_factory=dict, repr=False)

    def admit(self, call: Call) -> tuple[Key, frozenset[str]]:
        """Return the calling key and the scopes it acts with; raises RpcError."""
        scheme, _, rest = call.headers.get("authorization", "").partition(" ")
        match scheme.lower():
            case "deri-hmac-sha256":
                key = self._by_header(call, rest)
            case "bearer":
                return self._by_token(call, rest)
            case "basic":
                key = self._by_password(call, rest)
            case _:
                raise RpcError(10000, "authorization_required")
        if key is None:
            raise _unauthorized("invalid_credentials")
        return key, key.grants

    def grant(self, call: Call, rpc: Rpc) -> tuple[Key, str, Token]:
        """Serve public/auth: return the key, the new token's text and what it is good for."""
        public_id = rpc.text("client_id")
        match rpc.text("grant_type"):
            case "client_credentials":
                key = self._by_secret(call, public_id, rpc.text("client_secret"))
            case "client_signature":
                key = self._by_signature(call, public_id, rpc)
            case _:
                raise invalid("grant_type", "not simulated")
        if key is None:
            raise RpcError(13004, "invalid_credentials")
        requested = str(rpc.params.get("scope", ""))
        asked_life = re.search(r"\bexpires:(\d{1,18})\b", requested)
        life_s = min(int(asked_life[1]), TOKEN_LIFE_S) if asked_life else TOKEN_LIFE_S
        token = Token(public_id, key.secret, narrowed(requested, key.grants), call.now_ms + life_s * 1000)
        text = f"{call.now_ms}.{alnum(8)}.{base64url(60)}"
        self.tokens[text] = token
        return key, text, token

    def _by_header(self, call: Call, rest: str) -> Key | None:
        fields = dict(part.strip().partition("=")[::2] for part in rest.split(","))
        if set(fields) != _HEADER_FIELDS:
            return None
        request = f"{call.method}\n{call.target}\n".encode() + call.body + b"\n"
        text = f"{fields['ts']}\n{fields['nonce']}\n".encode() + request
        return self._signed(call, fields["id"], fields["ts"], fields["nonce"], fields["sig"], text)

    def _by_signature(self, call: Call, public_id: str, rpc: Rpc) -> Key | None:
        stamp, nonce = str(rpc.params.get("timestamp", "")), str(rpc.params.get("nonce", ""))
        text = f"{stamp}\n{nonce}\n{rpc.params.get('data', '')}".encode()
        return self._signed(call, public_id, stamp, nonce, rpc.text("signature"), text)

    def _by_password(self, call: Call, rest: str) -> Key | None:
        try:
            public_id, _, secret = base64.b64decode(rest, validate=True).decode().partition(":")
        except ValueError:
            return None
        return self._by_secret(call, public_id, secret)

    def _by_secret(self, call: Call, public_id: str, secret: str) -> Key | None:
        key = self._usable(call, public_id)
        if key is None or not hmac.compare_digest(key.secret.encode(), secret.encode()):
            return None
        return key

    def _signed(
        self, call: Call, public_id: str, stamp: str, nonce: str, signature: str, text: bytes
    ) -> Key | None:
        key, sent_ms = self._usable(call, public_id), whole(stamp)
        if key is None or sent_ms is None or abs(call.now_ms - sent_ms) > WINDOW_MS:
            return None
        wanted = hmac.new(key.secret.encode(), text, hashlib.sha256).hexdigest()
        if not hmac.compare_digest(wanted.encode(), signature.encode()):
            return None
        return key if self.state.spend_nonce(public_id, nonce) else None

    def _by_token(self, call: Call, text: str) -> tuple[Key, frozenset[str]]:
        token = self.tokens.get(text)
        if token is None or token.expires_ms <= call.now_ms:
            raise _unauthorized("invalid_token")
        if self.state.switches.tokens_outlive_keys:
            return self.state.book.keys[token.public_id], token.grants
        key = self._usable(call, token.public_id)
        if key is None or key.secret != token.secret_seen:
            raise _unauthorized("invalid_token")
        return key, token.grants

    def _usable(self, call: Call, public_id: str) -> Key | None:
        key = self.state.book.usable(public_id, call.now_ms)
        return key if key is not None and key.enabled and key.allows(call.ip) else None


def _unauthorized(reason: str) -> RpcError:
    return RpcError(13009, "unauthorized", 401, reason=reason)
