"""Bybit's calls about keys: what a key is told of itself, and what it may do to others.

Editing resets what is left out, as the documents word it: without `readOnly` the key becomes
read-write, without `ips` it is bound to no address. Left-out `permissions` stay; a map that is sent
replaces the old one whole.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from keyguard_simulators.accounts import DAY_MS, Account, Key, are_addresses
from keyguard_simulators.bybit.permissions import (
    FOR_NEW_SUB_KEYS,
    MASTER_MANAGES,
    SUB_MANAGES,
    read_map,
    write_map,
)
from keyguard_simulators.bybit.refusal import Refusal, bad_parameter, permission_denied
from keyguard_simulators.shapes import alnum
from keyguard_simulators.state import State
from keyguard_simulators.wire import whole

UNBOUND_LIFE_MS = 90 * DAY_MS
EXPIRING_SOON_MS = 7 * DAY_MS
MAX_IPS = 20
UNBOUND = ["*"]


@dataclass(frozen=True, slots=True)
class Caller:
    """The admitted key, what it sent, and the venue's time."""

    state: State
    key: Key
    params: dict[str, Any]
    now_ms: int

    @property
    def account(self) -> Account:
        """The account the calling key belongs to."""
        return self.state.book.accounts[self.key.account]

    @property
    def is_master(self) -> bool:
        """Whether that is a master account."""
        return not self.account.parent


def new_key(
    state: State, account: str, grants: frozenset[str], ips: tuple[str, ...], label: str, created_ms: int
) -> Key:
    """Make and enter an HMAC key created at `created_ms`."""
    key = Key(
        public_id=alnum(18),
        number=state.book.next_number,
        account=account,
        grants=grants,
        ips=ips,
        label=label,
        created_ms=created_ms,
        live_ms=state.live_from(state.clock.now_ms()),
        secret=alnum(36),
        expires_ms=None if ips else created_ms + UNBOUND_LIFE_MS,
    )
    state.book.add_key(key)
    return key


def bind(key: Key, ips: tuple[str, ...], now_ms: int) -> None:
    """Change the IP list; a key bound to none lives 90 days from the day it came loose."""
    if bool(key.ips) != bool(ips):
        key.expires_ms = None if ips else now_ms + UNBOUND_LIFE_MS
    key.ips = ips


def query_api(caller: Caller) -> dict[str, Any]:
    """Tell the calling key about itself."""
    account = caller.account
    return {
        **_described(caller.key, caller.now_ms),
        "readOnly": int(caller.key.read_only),
        "unified": 0,
        "uta": 1,
        "userID": int(account.id),
        "inviterID": 0,
        "vipLevel": "No VIP",
        "mktMakerLevel": "0",
        "affiliateID": 0,
        "isMaster": caller.is_master,
        "parentUid": account.parent or "0",
        "kycLevel": "LEVEL_1",
        "kycRegion": "KOR",
    }


def list_sub_keys(caller: Caller) -> dict[str, Any]:
    """One page of a sub-account's keys, oldest first; the cursor needs URL encoding, as real ones do."""
    sub = _own_sub(caller, str(caller.params.get("subMemberId", "")))
    limit = whole(str(caller.params.get("limit") or 20))
    if limit is None or not 1 <= limit <= 20:
        raise bad_parameter("limit: 1 to 20")
    after = _number_in(str(caller.params.get("cursor") or ""))
    keys = [key for key in caller.state.book.listed(sub.id) if key.number > after]
    page = keys[:limit]
    more = len(keys) > len(page)
    return {
        "result": [_listed(key, caller.now_ms) for key in page],
        "nextPageCursor": f"{page[-1].created_ms}:{page[-1].number},{limit}" if more else "",
    }


def create_sub_key(caller: Caller) -> dict[str, Any]:
    """Issue a key to a sub-account of the calling master. Its secret is told here and never again."""
    _managing_master(caller)
    if "readOnly" not in caller.params:
        raise bad_parameter("readOnly: required")
    sub = _own_sub(caller, str(caller.params.get("subuid", "")))
    sent = caller.params.get("permissions")
    grants = read_map(sent, is_master=False)
    if not grants or not isinstance(sent, dict) or {c for c, r in sent.items() if r} - FOR_NEW_SUB_KEYS:
        raise bad_parameter("permissions: at least one, of those a sub key can be created with")
    ips = _ips(caller.params.get("ips"))
    key = new_key(caller.state, sub.id, grants, ips, str(caller.params.get("note", "")), caller.now_ms)
    key.read_only = _flag(caller.params)
    return {
        "id": str(key.number),
        "note": key.label,
        "apiKey": key.public_id,
        "readOnly": int(key.read_only),
        "secret": key.secret,
        "permissions": write_map(key.grants),
    }


def update_master_key(caller: Caller) -> dict[str, Any]:
    """Change the calling master key itself; its IP list can no longer be changed by API."""
    _managing_master(caller)
    if "ips" in caller.params:
        raise _ips_on_web_only()
    _apply(caller.key, caller.params, is_master=True)
    return _updated(caller.key)


def update_sub_key(caller: Caller) -> dict[str, Any]:
    """Change a sub key: the calling one, or, for a master, the one named."""
    key = _sub_key_meant(caller)
    ips = _ips(caller.params.get("ips"))
    if caller.state.switches.ip_edits_on_web_only and ips != key.ips:
        raise _ips_on_web_only()
    _apply(key, caller.params, is_master=False)
    bind(key, ips, caller.now_ms)
    return _updated(key)


def delete_master_key(caller: Caller) -> dict[str, Any]:
    """Delete the calling key, whatever the parameters say."""
    _managing_master(caller)
    caller.state.delete(caller.key, caller.now_ms)
    return {}


def delete_sub_key(caller: Caller) -> dict[str, Any]:
    """Delete a sub key: the calling one, or, for a master, the one named."""
    caller.state.delete(_sub_key_meant(caller), caller.now_ms)
    return {}


def _apply(key: Key, params: dict[str, Any], is_master: bool) -> None:
    if "permissions" in params:
        key.grants = read_map(params["permissions"], is_master)
    key.read_only = _flag(params)


def _managing_master(caller: Caller) -> None:
    if not caller.is_master or caller.key.read_only or not caller.key.grants & MASTER_MANAGES:
        raise permission_denied()


def _own_sub(caller: Caller, uid: str) -> Account:
    if not caller.is_master:
        raise permission_denied()
    sub = caller.state.book.accounts.get(uid)
    if sub is None or sub.parent != caller.account.id:
        raise bad_parameter("no such sub-account")
    return sub


def _sub_key_meant(caller: Caller) -> Key:
    """The key an edit or a deletion is about, if the caller may."""
    named = str(caller.params.get("apikey", ""))
    if caller.is_master:
        _managing_master(caller)
        key = caller.state.book.keys.get(named)
        if key is None or key.deleted or caller.state.book.accounts[key.account].parent != caller.account.id:
            raise bad_parameter("apikey: no such key of a sub-account")
        return key
    if caller.key.read_only or not caller.key.grants & SUB_MANAGES:
        raise permission_denied()
    if named:
        raise bad_parameter("apikey: only a master account names one")
    return caller.key


def _flag(params: dict[str, Any]) -> bool:
    value = params.get("readOnly", 0)
    if value not in (0, 1):
        raise bad_parameter("readOnly: 0 or 1")
    return bool(value)


def _ips(sent: Any) -> tuple[str, ...]:
    if sent in (None, "", "*"):
        return ()
    if not isinstance(sent, str):
        raise bad_parameter("ips: a text of comma-separated addresses")
    ips = tuple(sent.split(","))
    if len(ips) > MAX_IPS or not are_addresses(ips):
        raise bad_parameter(f"ips: at most {MAX_IPS} addresses")
    return ips


def _ips_on_web_only() -> Refusal:
    return Refusal(141019, "The IP whitelist can only be modified on the website.")


def _number_in(cursor: str) -> int:
    """The number of the last key of the page before; raises Refusal for a cursor not given out here."""
    if not cursor:
        return 0
    number = whole(cursor.partition(":")[2].partition(",")[0])
    if number is None:
        raise bad_parameter("cursor: not one of ours")
    return number


def _described(key: Key, now_ms: int) -> dict[str, Any]:
    return {
        "id": str(key.number),
        "note": key.label,
        "apiKey": key.public_id,
        "secret": "",
        "permissions": write_map(key.grants),
        "ips": list(key.ips) or UNBOUND,
        "type": 1,
        "deadlineDay": -2 if key.expires_ms is None else (key.expires_ms - now_ms) // DAY_MS,
        "expiredAt": _instant(key.expires_ms or 0),
        "createdAt": _instant(key.created_ms),
        "rsaPublicKey": key.public_key,
    }


def _listed(key: Key, now_ms: int) -> dict[str, Any]:
    described = _described(key, now_ms)
    del described["rsaPublicKey"]
    return {
        **described,
        "secret": "******",
        "status": _status(key, now_ms),
        "readOnly": key.read_only,  # a boolean here, a number in query-api
        "flag": "rsa" if key.public_key else "hmac",
    }


def _status(key: Key, now_ms: int) -> int:
    """1 permanent, 2 expired, 3 valid, 4 expiring within a week."""
    if key.expires_ms is None:
        return 1
    if key.expired_at(now_ms):
        return 2
    return 4 if key.expires_ms - now_ms < EXPIRING_SOON_MS else 3


def _updated(key: Key) -> dict[str, Any]:
    return {
        "id": str(key.number),
        "note": key.label,
        "apiKey": key.public_id,
        "readOnly": int(key.read_only),
        "secret": "",
        "permissions": write_map(key.grants),
        "ips": list(key.ips) or UNBOUND,
    }


def _instant(ms: int) -> str:
    return datetime.fromtimestamp(ms // 1000, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
