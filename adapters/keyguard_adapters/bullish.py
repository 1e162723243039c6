"""Bullish, trading API: keys that a person makes on the site; a key is asked by logging in with it.

Docs: https://api.exchange.bullish.com/docs/api/rest/ (api-docs of 2025-09-03, api-examples of 2025-09-22;
read 2026-11-21); signing as in ccxt 4.5.90.

Surprises:
- Only the log-in names the key: it gives a token for 24 hours, bound to the caller's address, and all other
  calls carry that. So a deleted key may go on working by its tokens: the next day counts as exposed.
- A GET signs the plain text, a POST the hex SHA-256 of it; the query is never signed.
- Nonces grow within the day's microseconds; whether a log-in's counts with those of orders is not told.
- A key has no permissions of its own: its type decides. Only ECDSA keys withdraw (`_bullish_ecdsa.py`).
- One code, 8327, answers an unknown key, a deleted one, a wrong signature and a foreign address.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any

from keyguard.core.calls import Credential, Effect, Fault, Reply, Request, Stamp, Step, Wire
from keyguard.core.errors import Refused
from keyguard.core.exchange import Adapter, Guide, KeyReport, KeySpec, ScopeNames
from keyguard.core.keys import KeyKind, Origin, Scope
from keyguard.core.oauth import Answer
from keyguard.core.secret import Secret
from keyguard.core.sessions import Sessions
from keyguard_adapters import _bullish_ecdsa as ecdsa
from keyguard_adapters._answers import rows, text
from keyguard_adapters._encoding import compact, encoded, pairs, target
from keyguard_adapters._faults import by_code, member
from keyguard_adapters._oauth import with_token
from keyguard_adapters._page import Page, facts
from keyguard_adapters._sign import demand_kind, hmac_sha256, unsigned

FACTS = facts("bullish")

_TRADES = (
    Scope.READ | Scope.TRADE_SPOT | Scope.TRADE_MARGIN | Scope.TRADE_DERIVATIVES | Scope.TRANSFER_INTERNAL
)
SCOPES = ScopeNames({"hmac": _TRADES, "ecdsa": _TRADES | Scope.WITHDRAW})
PAGE = Page(FACTS, SCOPES, hint="an HMAC key trades everything and transfers; an ECDSA key withdraws besides")

FAULTS = {
    "2029": Fault.NONCE,
    "2035": Fault.NONCE,
    "3034": Fault.RATE,
    "3035": Fault.RATE,
    "6105": Fault.SCOPE,
    "8327": Fault.AMBIGUOUS,
    "8334": Fault.AMBIGUOUS,
    "96000": Fault.RATE,
    "96001": Fault.RATE,
}

TOKEN = "bearer"  # noqa: S105 - a parameter's name
"""The parameter of a request by which a session's token is given: it leaves as a header, never in the URL."""

_V1 = "/trading-api/v1/"
_LOGIN = f"{_V1}users/hmac/login"
_LIFE = timedelta(hours=24)  # of a token
_DONE = ("0", "1001")  # codes of answers that are no refusals


def sign(request: Request, who: Credential, stamp: Stamp) -> Wire:
    """Sign time + nonce + method + path (+ body) with HMAC-SHA256 in hex; a POST's text is hashed first.

    The log-in names the key, every other call its session's token.
    """
    if not request.signed:
        return unsigned(request)
    demand_kind(who, FACTS)
    if who.kind is KeyKind.OAUTH:
        return with_token(request, who)  # it reads; a command needs a signature by the key
    query, body = dict(request.query), compact(request.body)
    token, nonce = query.pop(TOKEN, None), _nonce(stamp)
    if who.kind is KeyKind.ES256:
        if token is None or request.body is not None:
            return ecdsa.log_in(request, who, stamp)
        where = target(request.path, encoded(pairs(query)))
        return Wire(request.method, where, {"Authorization": f"Bearer {_shown(token)}"})
    signed = f"{stamp.ms}{nonce}{request.method}{request.path}{body}"
    if request.body is not None:
        signed = hashlib.sha256(signed.encode()).hexdigest()
    headers = {
        "BX-TIMESTAMP": str(stamp.ms),
        "BX-NONCE": nonce,
        "BX-SIGNATURE": hmac_sha256(who.secret, signed).hex(),
    }
    if request.body is not None:
        headers["Content-Type"] = "application/json"
    if token is None:
        headers["BX-PUBLIC-KEY"] = who.key
    else:
        headers["Authorization"] = f"Bearer {_shown(token)}"
    return Wire(request.method, target(request.path, encoded(pairs(query))), headers, body.encode())


def _shown(token: Any) -> str:
    return token.reveal() if isinstance(token, Secret) else str(token)


def _nonce(stamp: Stamp) -> str:
    """Our counter counts milliseconds, the venue's microseconds; more digits are another client's own."""
    return stamp.nonce if len(stamp.nonce) > len(str(stamp.ms)) else f"{stamp.nonce}000"


def fault(reply: Reply) -> tuple[Fault, str] | None:
    code = member(reply, "errorCode")
    if reply.status == 401 and code not in FAULTS:
        return Fault.AMBIGUOUS, code or "401"  # of a token: which code is not documented
    return by_code(reply, "" if code in _DONE else code, FAULTS)


def clock() -> Step[int]:
    reply = yield Request("GET", f"{_V1}time", signed=False)
    return int(reply.json["timestamp"])


def whoami(public_id: str) -> Step[KeyReport]:
    """Log in, ask for the trading accounts, log out; the session is closed whatever they answer."""
    kind, login = _login(public_id)
    reply = yield login
    session = {TOKEN: Secret(text(reply.json["token"]))}
    try:
        reply = yield Request("GET", f"{_V1}accounts/trading-accounts", query=session)
    except Refused:
        yield from _log_out(session)
        raise
    yield from _log_out(session)
    return KeyReport(
        public_id=public_id,
        ref=public_id,
        account=_primary(rows(reply.json)),
        scopes=SCOPES.names[kind],
        scopes_origin=Origin.INFERRED,
        grants=(kind,),
        notes=("that it may all this follows from its type; from which addresses, only the site tells",),
    )


def _login(public_id: str) -> tuple[str, Request]:
    """The kind of the key, by its public id, and the log-in of that kind."""
    if ecdsa.user_of(public_id):
        return "ecdsa", Request("POST", ecdsa.LOGIN)
    return "hmac", Request("GET", _LOGIN)


def _log_out(session: Mapping[str, Any]) -> Step[None]:
    try:
        yield Request("GET", f"{_V1}users/logout", query=session)
    except Refused:
        return  # the token is forgotten here, and ends by itself within a day


def _primary(accounts: list[Any]) -> str:
    """The primary trading account, of which a user has one; "" where the answer shows none or several."""
    primary = [text(one["tradingAccountId"]) for one in accounts if one["isPrimaryAccount"] in (True, "true")]
    return primary[0] if len(primary) == 1 else ""


def _open(public_id: str, _grants: tuple[str, ...]) -> Step[Answer]:
    kind, login = _login(public_id)
    reply = yield replace(login, effect=Effect.KEY_CREATED)
    return Answer(Secret(text(reply.json["token"])), None, _LIFE, (kind,))


def _of_session(who: Credential) -> Step[KeyReport]:
    reply = yield Request("GET", f"{_V1}accounts/trading-accounts")
    ends = who.tokens.expires_at if who.tokens else None
    return KeyReport(
        public_id=who.key,
        ref=who.key,
        account=_primary(rows(reply.json)),
        scopes=Scope.READ,
        scopes_origin=Origin.INFERRED,
        grants=who.tokens.grants if who.tokens else (),
        expires_at=ends,
        expiry_origin=Origin.INFERRED if ends else Origin.UNKNOWN,
        notes=("a session: it reads; commands need a signature by the key besides",),
    )


def _close(_who: Credential) -> Step[None]:
    yield Request("GET", f"{_V1}users/logout", effect=Effect.KEY_DELETED)


SESSIONS = Sessions(
    open=_open,
    whoami=_of_session,
    revoke=_close,
    scopes=ScopeNames(dict.fromkeys(SCOPES.names, Scope.READ)),
    narrows=False,
    access_life=_LIFE,
    reads=frozenset(),
    source=FACTS.docs,
    checked="2026-11-21",
)


def guide_create(spec: KeySpec) -> Guide:
    """One type names all: a key that withdraws is an ECDSA key, of which metadata and private key come."""
    PAGE.create(spec)
    kind = "ecdsa" if "ecdsa" in (spec.grants or SCOPES.write(spec.scopes)) else "hmac"
    guide = PAGE.create(replace(spec, grants=(kind,), scopes=SCOPES.names[kind]))
    return replace(guide, parts=("key", "private_key")) if kind == "ecdsa" else guide


ADAPTER = Adapter(
    **PAGE.parts(create=guide_create),
    sign=sign,
    fault=fault,
    whoami=whoami,
    example=Credential("FAKE" + "-HMAC-7909d489-bullish", Secret("FAKE" + "-2f5bfb13-ab60-46ac-bullish")),
    clock=clock,
    sessions=SESSIONS,
)
