"""Upbit's calls about keys and pockets. All of them only read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone
from typing import Any
from urllib.parse import parse_qs

from keyguard_simulators.accounts import Account, Key
from keyguard_simulators.state import State
from keyguard_simulators.upbit.refusal import not_found, out_of_scope
from keyguard_simulators.wire import Call

PERMISSIONS = (
    "view_account",
    "view_orders",
    "make_orders",
    "view_withdrawals",
    "withdraw",
    "view_deposits",
    "deposit",
    "transfer",
    "manage_pockets",
)
MAIN_POCKET_ONLY = frozenset({"withdraw", "deposit", "manage_pockets"})
SUB_POCKET_ONLY = frozenset({"transfer"})
_KOREA = timezone(timedelta(hours=9))


@dataclass(frozen=True, slots=True)
class Caller:
    """The admitted key and what it sent, arrays excepted."""

    state: State
    key: Key
    call: Call
    params: Mapping[str, Any]

    @property
    def pocket(self) -> Account:
        """The pocket the calling key belongs to."""
        return self.state.book.accounts[self.key.account]


def list_keys(caller: Caller) -> list[dict[str, Any]]:
    """Every live key of the account, of whatever pocket: id and expiry, nothing else."""
    return [
        {"access_key": key.public_id, "expire_at": instant(key.expires_ms or 0)}
        for pocket in caller.state.book.family(caller.key.account)
        for key in caller.state.book.listed(pocket)
        if not key.expired_at(caller.call.now_ms)
    ]


def list_pocket_keys(caller: Caller) -> list[dict[str, Any]]:
    """Keys of the pockets with permissions and addresses, for a key of the main pocket."""
    _manager(caller)
    query = parse_qs(caller.call.query)
    family = caller.state.book.family(caller.key.account)
    wanted = query.get("uuids[]", family)
    if set(wanted) - set(family):
        raise not_found("pocket_not_found")
    expired_too = query.get("include_expired") == ["true"]
    return [
        {
            "uuid": pocket,
            "keys": [
                _described(key)
                for key in caller.state.book.listed(pocket)
                if expired_too or not key.expired_at(caller.call.now_ms)
            ],
        }
        for pocket in wanted
    ]


def list_pockets(caller: Caller) -> list[dict[str, Any]]:
    """The main pocket and its sub pockets."""
    _manager(caller)
    pockets = (caller.state.book.accounts[uuid] for uuid in caller.state.book.family(caller.key.account))
    return [
        {"uuid": one.id, "name": one.name, "type": "user_spot_trading" if one.parent else "main"}
        for one in pockets
    ]


def instant(ms: int) -> str:
    """A time as Upbit writes it: Korean, to the second."""
    return datetime.fromtimestamp(ms // 1000, UTC).astimezone(_KOREA).isoformat()


def _manager(caller: Caller) -> None:
    if caller.pocket.parent or "manage_pockets" not in caller.key.grants:
        raise out_of_scope()


def _described(key: Key) -> dict[str, Any]:
    return {
        "access_key": key.public_id,
        "permissions": [name for name in PERMISSIONS if name in key.grants],
        "allowed_ips": list(key.ips),
        "created_at": instant(key.created_ms),
        "expired_at": instant(key.expires_ms or 0),
    }
