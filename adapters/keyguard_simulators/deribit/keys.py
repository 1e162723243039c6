"""Deribit's methods about the keys of the calling account."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from keyguard_simulators.accounts import Account, Key, are_addresses
from keyguard_simulators.deribit import scope
from keyguard_simulators.deribit.rpc import Rpc, RpcError, invalid
from keyguard_simulators.shapes import base64url
from keyguard_simulators.state import State

MAX_KEYS = 8
FEATURES = frozenset({"restricted_block_trades", "block_trade_approval"})


@dataclass(frozen=True, slots=True)
class Caller:
    """The admitted key, the scopes it acts with (a token may have fewer than its key), and its request."""

    state: State
    log: list[dict[str, Any]]
    key: Key
    grants: frozenset[str]
    rpc: Rpc
    ip: str
    now_ms: int

    @property
    def account(self) -> Account:
        """The account the calling key belongs to."""
        return self.state.book.accounts[self.key.account]

    def note(self, what: str, about: Key) -> None:
        """Write a line of the account's access log."""
        self.log.append(
            {
                "id": len(self.log) + 1,
                "timestamp": self.now_ms,
                "ip": self.ip,
                "country": "KR",
                "city": "Seoul",
                "log": what,
                "data": about.public_id,
                "account": about.account,
            }
        )


def new_key(state: State, account: str, grants: frozenset[str], name: str, created_ms: int) -> Key:
    """Make and enter a key; its IP list can only be set afterwards."""
    key = Key(
        public_id=base64url(6),
        number=state.book.next_number,
        account=account,
        grants=grants,
        ips=(),
        label=name,
        created_ms=created_ms,
        live_ms=state.live_from(state.clock.now_ms()),
        secret=base64url(32),
    )
    state.book.add_key(key)
    return key


def list_api_keys(caller: Caller) -> list[dict[str, Any]]:
    """Keys of the account; with their secrets, if switched on, as far as the caller's scope reaches."""
    shown = caller.state.switches.list_shows_secrets
    return [
        described(key, with_secret=shown and scope.within(key.grants, caller.grants))
        for key in caller.state.book.listed(caller.key.account)
    ]


def create_api_key(caller: Caller) -> dict[str, Any]:
    """Issue a key of at most the caller's own scope."""
    if "public_key" in caller.rpc.params:
        raise invalid("public_key", "keys with a public key are not simulated")
    grants = scope.parse(caller.rpc.text("max_scope"))
    name = _name(caller.rpc) if "name" in caller.rpc.params else ""
    features = _features(caller.rpc)
    _within_own(caller, grants)
    if len(caller.state.book.listed(caller.key.account)) >= MAX_KEYS:
        raise RpcError(10001, "error", reason="max_api_keys")
    key = new_key(caller.state, caller.key.account, grants, name, caller.now_ms)
    key.features = features or ()
    caller.note("new_api_key", key)
    return described(key, with_secret=True)


def edit_api_key(caller: Caller) -> dict[str, Any]:
    """Change a key: `max_scope` always anew, the rest where given."""
    key = _target(caller)
    grants = scope.parse(caller.rpc.text("max_scope"))
    _within_own(caller, grants)
    name = _name(caller.rpc) if "name" in caller.rpc.params else key.label
    ips = caller.rpc.texts("ip_whitelist")
    if not are_addresses(ips or ()):
        raise invalid("ip_whitelist", "must be an array of addresses")
    enabled = caller.rpc.flag("enabled")
    features = _features(caller.rpc)
    if grants != key.grants:
        caller.note("changed_scope", key)
    if ips is not None and ips != key.ips:
        caller.note("changed_whitelist", key)
    key.grants, key.label = grants, name
    key.ips = key.ips if ips is None else ips
    key.features = key.features if features is None else features
    if enabled is not None and enabled != key.enabled:
        _switch(caller, key, enabled)
    return described(key)


def change_scope(caller: Caller) -> dict[str, Any]:
    """Change a key's scope, nothing else."""
    key = _target(caller)
    grants = scope.parse(caller.rpc.text("max_scope"))
    _within_own(caller, grants)
    key.grants = grants
    caller.note("changed_scope", key)
    return described(key)


def change_name(caller: Caller) -> dict[str, Any]:
    """Rename a key."""
    key = _target(caller)
    key.label = _name(caller.rpc)
    return described(key)


def reset(caller: Caller) -> dict[str, Any]:
    """Give a key a new secret; the old one is dead at once."""
    key = _target(caller)
    key.secret = base64url(32)
    caller.note("reset_api_key", key)
    return described(key, with_secret=True)


def disable(caller: Caller) -> dict[str, Any]:
    """Switch a key off."""
    key = _target(caller)
    _switch(caller, key, enabled=False)
    return described(key)


def enable(caller: Caller) -> dict[str, Any]:
    """Switch a key on again."""
    key = _target(caller)
    _switch(caller, key, enabled=True)
    return described(key)


def remove(caller: Caller) -> str:
    """Delete a key for good."""
    key = _target(caller)
    caller.state.delete(key, caller.now_ms)
    caller.note("removed_api_key", key)
    return "ok"


def access_log(caller: Caller) -> list[dict[str, Any]]:
    """What happened to the account, newest first."""
    mine = [line for line in reversed(caller.log) if line["account"] == caller.key.account]
    offset = caller.rpc.number("offset") if "offset" in caller.rpc.params else 0
    count = caller.rpc.number("count") if "count" in caller.rpc.params else 10
    return [
        {name: value for name, value in line.items() if name != "account"}
        for line in mine[offset : offset + count]
    ]


def described(key: Key, with_secret: bool = False) -> dict[str, Any]:
    """A key object; the secret only in the answers that are documented to carry it."""
    facts: dict[str, Any] = {
        "id": key.number,
        "client_id": key.public_id,
        "name": key.label,
        "max_scope": scope.write(key.grants),
        "enabled": key.enabled,
        "default": False,
        "enabled_features": list(key.features),
        "ip_whitelist": list(key.ips),
        "timestamp": key.created_ms,
    }
    return facts | {"client_secret": key.secret} if with_secret else facts


def _target(caller: Caller) -> Key:
    number = caller.rpc.number("id")
    for key in list(caller.state.book.keys.values()):
        if key.account != caller.key.account or key.deleted:
            continue
        if key.number == number:
            _within_own(caller, key.grants)
            return key
    raise RpcError(13020, "not_found", reason="id")


def _within_own(caller: Caller, grants: frozenset[str]) -> None:
    if not scope.within(grants, caller.grants):
        raise RpcError(13403, "scope_exceeded")


def _switch(caller: Caller, key: Key, enabled: bool) -> None:
    key.enabled = enabled
    caller.note("enabled_api_key" if enabled else "disabled_api_key", key)


def _name(rpc: Rpc) -> str:
    name = rpc.text("name")
    if not re.fullmatch(r"[A-Za-z0-9_]{1,16}", name):
        raise invalid("name", "letters, digits and underscores, at most 16")
    return name


def _features(rpc: Rpc) -> tuple[str, ...] | None:
    features = rpc.texts("enabled_features")
    if features is not None and set(features) - FEATURES:
        raise invalid("enabled_features", "unknown feature")
    return features
