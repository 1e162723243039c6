"""Hyperliquid: roles and agents told to anybody, actions signed by wallets, agents ended by replacement.

The page issues a master wallet (permission `master`, the first key of an account) and agents (`agent`); the
account's address is its master wallet's. Chosen where the documents are silent: a nonce may be two days old
and one ahead, and is used once; orders rest for ever; amounts of an order are not looked at.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import partial
from typing import Any

from coincurve import PrivateKey, PublicKey
from Crypto.Hash import keccak

from keyguard_simulators.accounts import DAY_MS, Key
from keyguard_simulators.shapes import digits
from keyguard_simulators.state import State
from keyguard_simulators.table import Caller, Endpoint, Form, Refusal, Rules, Table, enter
from keyguard_simulators.venue import KeyForm, Unacceptable
from keyguard_simulators.wire import Call

MOST_NAMED, LONGEST_DAYS = 3, 180
_NOBODY = Key("", 0, "", frozenset(), (), "", 0, 0)
_UNTIL = " valid_until "


def _keccak(octets: bytes) -> bytes:
    return keccak.new(digest_bits=256, data=octets).digest()


def address_of(public: PublicKey) -> str:
    """A wallet's address, in lower case."""
    return "0x" + _keccak(public.format(compressed=False)[1:])[12:].hex()


def _pack(value: Any) -> bytes:
    """MessagePack by its specification, for what an action holds."""
    match value:
        case None:
            return b"\xc0"
        case bool():
            return b"\xc3" if value else b"\xc2"
        case int():
            return _number(value)
        case str():
            octets = value.encode()
            return _size(len(octets), 0xA0, 31, {0xD9: 1, 0xDA: 2}) + octets
        case list():
            return _size(len(value), 0x90, 15, {0xDC: 2}) + b"".join(_pack(one) for one in value)
        case dict():
            inside = b"".join(_pack(name) + _pack(one) for name, one in value.items())
            return _size(len(value), 0x80, 15, {0xDE: 2}) + inside
        case _:
            raise _err("Failed to deserialize the JSON body into the target type")


def _number(value: int) -> bytes:
    if -32 <= value <= 127:
        return (value & 0xFF).to_bytes(1, "big")
    for step, bits in enumerate((8, 16, 32, 64)):
        if 0 <= value < 1 << bits:
            return bytes([0xCC + step]) + value.to_bytes(bits // 8, "big")
        if -(1 << bits - 1) <= value < 0:
            return bytes([0xD0 + step]) + value.to_bytes(bits // 8, "big", signed=True)
    raise _err("number too large")


def _size(count: int, fixed: int, most: int, wider: Mapping[int, int]) -> bytes:
    if count <= most:
        return bytes([fixed + count])
    for code, octets in wider.items():
        if count < 1 << 8 * octets:
            return bytes([code]) + count.to_bytes(octets, "big")
    raise _err("too long")


def _structured(domain: tuple[str, int], kind: str, words: list[bytes]) -> bytes:
    about = b"EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)"
    name, chain = domain
    head = [_keccak(about), _keccak(name.encode()), _keccak(b"1"), chain.to_bytes(32, "big"), bytes(32)]
    body = [_keccak(kind.encode()), *words]
    return _keccak(b"\x19\x01" + _keccak(b"".join(head)) + _keccak(b"".join(body)))


def _trading_digest(sent: dict[str, Any]) -> bytes:
    vault, until = sent.get("vaultAddress"), sent.get("expiresAfter")
    octets = _pack(sent["action"]) + sent["nonce"].to_bytes(8, "big")
    octets += b"\x01" + bytes.fromhex(vault[2:]) if vault else b"\x00"
    if until is not None:
        octets += b"\x00" + until.to_bytes(8, "big")
    words = [_keccak(b"a"), _keccak(octets)]
    return _structured(("Exchange", 1337), "Agent(string source,bytes32 connectionId)", words)


def _approval_digest(action: dict[str, Any]) -> bytes:
    words = [
        _keccak(action["hyperliquidChain"].encode()),
        bytes.fromhex(action["agentAddress"][2:]).rjust(32, b"\x00"),
        _keccak(action.get("agentName", "").encode()),
        action["nonce"].to_bytes(32, "big"),
    ]
    kind = (
        "HyperliquidTransaction:ApproveAgent"
        "(string hyperliquidChain,address agentAddress,string agentName,uint64 nonce)"
    )
    chain = int(action["signatureChainId"], 16)
    return _structured(("HyperliquidSignTransaction", chain), kind, words)


def _admit(state: State, call: Call) -> Key:
    if call.path != "/exchange":
        return _NOBODY
    sent = _sent(call)
    try:
        approving = sent["action"]["type"] == "approveAgent"
        digest = _approval_digest(sent["action"]) if approving else _trading_digest(sent)
        signer = _recovered(sent["signature"], digest)
        nonce = int(sent["nonce"])
    except (LookupError, ValueError, TypeError, AttributeError, OverflowError):
        raise Refusal(422, "Failed to deserialize the JSON body into the target type", 422) from None
    key = _known(state, signer, call.now_ms)
    if key is None:
        raise _err(f"User or API Wallet {signer} does not exist.")
    if approving and ("master" not in key.grants or sent["action"]["nonce"] != nonce):
        raise _err("Must be signed by the master wallet")
    if not -2 * DAY_MS <= nonce - call.now_ms <= DAY_MS:
        raise _err(f"Invalid nonce: {nonce}")
    if not state.spend_nonce(key.public_id, str(nonce)):
        raise _err(f"Invalid nonce: duplicate nonce {nonce}")
    return key


def _recovered(signature: dict[str, Any], digest: bytes) -> str:
    r, s = (int(signature[name], 16).to_bytes(32, "big") for name in ("r", "s"))
    return address_of(
        PublicKey.from_signature_and_message(r + s + bytes([signature["v"] - 27]), digest, None)
    )


def _known(state: State, address: str, now_ms: int) -> Key | None:
    key = state.book.usable(address, now_ms)
    return None if key is None or key.expired_at(now_ms) else key


def _sent(call: Call) -> dict[str, Any]:
    try:
        sent = json.loads(call.body)
    except ValueError:
        sent = None
    if not isinstance(sent, dict):
        raise Refusal(422, "Failed to parse the request body as JSON", 422)
    return sent


def _err(text: str) -> Refusal:
    """A refusal of an action goes out with status 200."""
    return Refusal("err", text, 200)


def _info(caller: Caller) -> Any:
    address = str(caller.params.get("user", "")).lower()
    match caller.params.get("type"):
        case "userRole":
            return _role(caller.state, address, caller.call.now_ms)
        case "extraAgents":
            return [_described(key) for key in _agents(caller, address) if key.label]
        case "subAccounts":
            return None
        case _:
            raise Refusal(422, "Failed to deserialize the JSON body into the target type", 422)


def _role(state: State, address: str, now_ms: int) -> dict[str, Any]:
    key = _known(state, address, now_ms)
    if key is None:
        return {"role": "missing"}
    if "master" in key.grants:
        return {"role": "user"}
    return {"role": "agent", "data": {"user": _master(state, key.account)}}


def _master(state: State, account: str) -> str:
    return next(key.public_id for key in state.book.listed(account) if "master" in key.grants)


def _agents(caller: Caller, master: str) -> list[Key]:
    owner, now_ms = caller.state.book.keys.get(master), caller.call.now_ms
    if owner is None or "master" not in owner.grants:
        return []
    listed = caller.state.book.listed(owner.account)
    return [key for key in listed if "agent" in key.grants and not key.expired_at(now_ms)]


def _described(key: Key) -> dict[str, Any]:
    return {"name": key.label, "address": key.public_id, "validUntil": key.expires_ms}


def _exchange(caller: Caller) -> dict[str, Any]:
    action = caller.params.get("action")
    if not isinstance(action, dict):
        raise Refusal(422, "Failed to deserialize the JSON body into the target type", 422)
    match action.get("type"):
        case "approveAgent":
            _approve(caller, action)
        case "order":
            resting = [{"resting": {"oid": int(digits(9))}} for _ in action.get("orders") or ()]
            return {"type": "order", "data": {"statuses": resting}}
        case "noop":
            pass
        case other:
            raise _err(f"Unknown action {other}")
    return {"type": "default"}


def _approve(caller: Caller, action: dict[str, Any]) -> None:
    name, until_ms = _named(str(action.get("agentName") or ""), caller.call.now_ms)
    address, now_ms = str(action.get("agentAddress")).lower(), caller.call.now_ms
    if address in caller.state.book.keys:
        raise _err("Extra agent already used.")
    agents = _agents(caller, caller.key.public_id)
    replaced = [key for key in agents if key.label == name]
    if name and not replaced and sum(bool(key.label) for key in agents) >= MOST_NAMED:
        raise _err("Too many extra agents.")
    for key in replaced:
        caller.state.delete(key, now_ms)
    form = KeyForm(caller.key.account, ["agent"], label=name, public_key=address)
    enter(caller.state, form, frozenset({"agent"}), RULES).expires_ms = until_ms


def _named(text: str, now_ms: int) -> tuple[str, int | None]:
    name, _, until = text.partition(_UNTIL)
    if len(name) > 16 or (until and not until.isdecimal()):
        raise _err("Invalid agent name.")
    if until and int(until) > now_ms + LONGEST_DAYS * DAY_MS:
        raise _err("Extra agent valid until is too far in the future.")
    return name, int(until) if until else None


def _make(state: State, form: KeyForm) -> dict[str, Any]:
    """A wallet made by the page; or, of a holder's own, its address alone."""
    if form.public_key:
        return {"public_id": form.public_key, "public_key": ""}
    if form.permissions == ["agent"] and not any(
        "master" in k.grants for k in state.book.listed(form.account)
    ):
        raise Unacceptable("an account begins with its master wallet")
    private = PrivateKey()
    return {"public_id": address_of(private.public_key), "secret": "0x" + private.secret.hex()}


RULES = Rules(
    name="hyperliquid",
    form=Form(["master", "agent"], max_ips=0),
    claimed=lambda _call: "",
    admit=_admit,
    answered=lambda call, result: (
        {"status": "ok", "response": result} if call.path == "/exchange" else result
    ),
    refused=lambda refusal: {"status": "err", "response": refusal.message},
    denied=lambda _endpoint: _err("Not allowed"),
    limited=lambda _blocked: Refusal(429, "Too many requests", 429),
    private={("POST", "/info"): Endpoint(_info), ("POST", "/exchange"): Endpoint(_exchange)},
    make=_make,
)
VENUE = partial(Table, RULES)
