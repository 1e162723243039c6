"""Hyperliquid: agent (API) wallets, approved by the master wallet, ended by being replaced or by their date.

Docs: https://hyperliquid.gitbook.io/hyperliquid-docs (nonces and API wallets, exchange and info endpoints,
signing, limits; snapshots of 2025-11-30 and 2026-03-04, read 2026-11-21); signing as in
hyperliquid-python-sdk 0.24.0.

Surprises:
- A master wallet's key looks like an agent's and is full custody: only the venue's answer tells them apart.
- Whether an agent is approved anybody may ask, by its address alone: no secret is used up or sent for it.
- An agent approved under a name ends the agent that had it: at once, before the new one is proven.
- A wrong signature does not fail: it names another address, of which the venue says that it does not exist.
- The list holds named agents only; the one without a name shows by its role alone.
- An address that was an agent once must never be one again: old signed actions might work anew.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from keyguard.core.calls import Credential, Fault, Reply, Request, Stamp, Step, Wire
from keyguard.core.errors import UsageError
from keyguard.core.exchange import Adapter, Guide, KeyReport, KeySpec, ScopeNames
from keyguard.core.keys import KeyKind, Origin, Scope
from keyguard.core.secret import Secret
from keyguard_adapters._answers import from_ms, rows, text
from keyguard_adapters._encoding import compact, encoded, pairs, target
from keyguard_adapters._evm import address_of, keccak256, octets_of, packed, signature, typed_digest
from keyguard_adapters._faults import by_code, member
from keyguard_adapters._page import Page, facts
from keyguard_adapters._sign import demand_kind, unsigned
from keyguard_adapters._wishes import cannot_grant, demand_account, demand_label

FACTS = facts("hyperliquid")

_TRADES = Scope.READ | Scope.TRADE_SPOT | Scope.TRADE_DERIVATIVES | Scope.TRANSFER_INTERNAL
SCOPES = ScopeNames(
    {"agent": _TRADES, "master": _TRADES | Scope.WITHDRAW | Scope.MANAGE_KEYS | Scope.OTHER},
)
PAGE = Page(
    FACTS,
    SCOPES,
    hint="an agent may do all trading and transfers between the firm's accounts, and cannot be narrowed",
)

FAULTS = (
    ("does not exist", Fault.AMBIGUOUS),
    ("Too many cumulative requests", Fault.RATE),
    ("nonce", Fault.NONCE),
)
"""By the text of an `err`: there are no codes."""

_ADDRESS = ("address", r"0x[0-9a-f]{40}")
_EXCHANGE = "/exchange"
_SOURCE = "a"  # the main network


def sign(request: Request, who: Credential, stamp: Stamp) -> Wire:
    """Sign the action of an /exchange call: trading as a phantom agent's, an approval as the user's own.

    Every call is refused here unless the private key belongs to the address that is given as the key.
    """
    if not request.signed:
        return unsigned(request)
    demand_kind(who, FACTS)
    _demand_pair(who)
    body = request.body
    if request.path == _EXCHANGE and body is not None:
        body = _signed(body, who.secret, stamp)
    headers = {} if body is None else {"Content-Type": "application/json"}
    where = target(request.path, encoded(pairs(request.query)))
    return Wire(request.method, where, headers, compact(body).encode())


def _demand_pair(who: Credential) -> None:
    address = address_of(who.secret)
    if address != who.key:
        raise UsageError(
            f"this private key belongs to the address {address}",
            code="key.shape",
            still="nothing was sent",
            hint="give that address, in lower case, as the key",
        )


def _signed(body: Mapping[str, Any], private_key: Secret, stamp: Stamp) -> dict[str, Any]:
    action, nonce = body["action"], body.get("nonce", stamp.ms)
    vault, until = body.get("vaultAddress"), body.get("expiresAfter")
    if action["type"] == "approveAgent":
        digest = _approval(action)
    elif "signatureChainId" in action:  # the master's other actions withdraw and send
        raise UsageError(f"keyguard does not sign {action['type']!r}", code="sign.refused")
    else:
        digest = _phantom(action, nonce, vault, until)
    signed = signature(private_key, digest)
    named = {"vaultAddress": vault, "expiresAfter": until}
    return {"action": action, "nonce": nonce, "signature": signed, **named}


def _phantom(action: Mapping[str, Any], nonce: int, vault: str | None, until: int | None) -> bytes:
    """The digest of an action by whoever may trade: the order of its members counts."""
    hashed = packed(action) + nonce.to_bytes(8, "big")
    hashed += b"\0" if vault is None else b"\1" + octets_of(vault)
    hashed += b"" if until is None else b"\0" + until.to_bytes(8, "big")
    fields = [("string", "source", _SOURCE), ("bytes32", "connectionId", keccak256(hashed))]
    return typed_digest("Exchange", 1337, "Agent", fields)


def _approval(action: Mapping[str, Any]) -> bytes:
    """The digest of an agent's approval; an agent without a name is signed with an empty one."""
    fields = [
        ("string", "hyperliquidChain", action["hyperliquidChain"]),
        ("address", "agentAddress", action["agentAddress"]),
        ("string", "agentName", action.get("agentName", "")),
        ("uint64", "nonce", action["nonce"]),
    ]
    chain = int(action["signatureChainId"], 16)
    return typed_digest("HyperliquidSignTransaction", chain, "HyperliquidTransaction:ApproveAgent", fields)


def fault(reply: Reply) -> tuple[Fault, str] | None:
    """A role that is missing is the answer to an agent that is not approved, or no longer."""
    if member(reply, "role") == "missing":
        return Fault.KEY_UNKNOWN, "missing"
    if member(reply, "status") == "err":
        said = member(reply, "response")
        return next((found for words, found in FAULTS if words in said), Fault.OTHER), "err"
    return by_code(reply, "", {})


def whoami(public_id: str) -> Step[KeyReport]:
    """Ask for the address's role, and of an agent for its name and date: nothing is signed or used up."""
    reply = yield _info("userRole", public_id)
    role = text(reply.json["role"])
    if role == "user":
        return _report(public_id, public_id, "master", notes=("a master wallet's key: full custody",))
    if role != "agent":
        raise ValueError("a role that no private key has")
    master = text(reply.json["data"]["user"]).lower()
    for agent in (yield from list_keys(master)):
        if agent.public_id == public_id:
            return agent
    return _report(
        public_id, master, "agent", notes=("the account's agent without a name, which no list shows",)
    )


def list_keys(account: str) -> Step[tuple[KeyReport, ...]]:
    """List the named agents of a master account or sub-account, by its address."""
    reply = yield _info("extraAgents", demand_account(FACTS, account, *_ADDRESS))
    return tuple(
        _report(
            text(row["address"]).lower(), account, "agent", label=text(row["name"]), until=row["validUntil"]
        )
        for row in rows(reply.json)
    )


def _info(kind: str, address: str) -> Request:
    return Request("POST", "/info", body={"type": kind, "user": address})


def _report(
    address: str,
    account: str,
    grant: str,
    *,
    label: str = "",
    until: int | None = None,
    notes: tuple[str, ...] = (),
) -> KeyReport:
    """What follows from a role: the documents tell what it may, not the venue's answer."""
    return KeyReport(
        public_id=address,
        ref=address,
        label=label,
        account=account,
        scopes=SCOPES.names[grant],
        scopes_unknown=Scope.WITHDRAW if grant == "agent" else Scope.NONE,
        scopes_origin=Origin.INFERRED,
        grants=(grant,),
        ips=(),
        ips_origin=Origin.INFERRED,
        expires_at=None if until is None else from_ms(until),
        expiry_origin=Origin.REPORTED if label else Origin.UNKNOWN,
        notes=notes,
    )


def guide_create(spec: KeySpec) -> Guide:
    """Raises UsageError for what an agent cannot be, and for a name the venue does not take."""
    if "master" in spec.grants:
        raise cannot_grant(FACTS.name, spec.scopes, hint=PAGE.hint)
    demand_label(FACTS, spec.label)
    return PAGE.create(spec)


ADAPTER = Adapter(
    **PAGE.parts(create=guide_create),
    sign=sign,
    fault=fault,
    whoami=whoami,
    example=Credential(
        "0xfa4e" + "f122dc66dfd95975892187d31be9a570f4b9",
        Secret("0xfa4e" + "1f694235c9f321f98df26da2d1ada8" + "b92d6d1724553a42d6a11851fe1fa5"),
        kind=KeyKind.OTHER,
    ),
    list_keys=list_keys,
)
