"""Deribit's permissions: a level for each area, and features, which restrict."""

from __future__ import annotations

from typing import Any

from keyguard.core.exchange import KeySpec, ScopeNames
from keyguard.core.keys import Scope

AREAS = ("account", "trade", "wallet", "block_trade", "block_rfq", "custody")
LEVELS = ("none", "read", "read_write")
FEATURES = ("restricted_block_trades", "block_trade_approval")
TOKEN_PROPERTIES = frozenset({"mainaccount", "connection", "session", "expires", "ip"})
"""Words in a token's scope that say something of the token, not of permissions."""

_BLOCK = Scope.READ | Scope.TRADE_DERIVATIVES | Scope.OTHER
"""OTHER, so that who asks for trading is given the order book, and never block trades with it or instead."""
SCOPES = ScopeNames(
    {
        **{f"{area}:none": Scope.NONE for area in AREAS},
        **{f"{area}:read": Scope.READ for area in AREAS},
        "account:read_write": Scope.READ | Scope.MANAGE_KEYS,
        "trade:read_write": Scope.READ | Scope.TRADE_DERIVATIVES | Scope.TRADE_SPOT,
        "wallet:read_write": Scope.READ | Scope.WITHDRAW | Scope.TRANSFER_INTERNAL,
        "block_trade:read_write": _BLOCK,
        "block_rfq:read_write": _BLOCK,
        "custody:read": Scope.OTHER,
        "custody:read_write": Scope.OTHER,
        **{f"feature:{feature}": Scope.NONE for feature in FEATURES},
    }
)
EVERY_SCOPE = " ".join(f"{area}:read_write" for area in AREAS)


def levels(spec: KeySpec) -> tuple[str, ...]:
    """Of an area named twice (`ScopeNames.write` does) the higher level, as it contains the lower.

    Custody is for few accounts: named only where held; left out means none.
    """
    words = [f"{area}:{level}" for area in AREAS for level in LEVELS]
    held = {word.partition(":")[0]: word for word in words if word in spec.grants}
    return tuple(held.get(area, f"{area}:none") for area in AREAS if area != "custody" or area in held)


def held(scope: str, features: Any) -> tuple[str, ...]:
    """Permissions in a scope text, sorted; raises ValueError for an area or feature not known here."""
    grants = [f"feature:{feature}" for feature in features]
    for word in scope.split():
        area, _, level = word.partition(":")
        if area in TOKEN_PROPERTIES:
            continue
        if area not in AREAS or level not in LEVELS:
            raise ValueError("unknown permission in a scope")
        if level != "none":
            grants.append(word)
    SCOPES.read(tuple(grants))
    return tuple(sorted(grants))
