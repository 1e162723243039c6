"""Bitget's words for permissions, in both modes of its accounts, and its error codes."""

from __future__ import annotations

from keyguard.core.calls import Fault
from keyguard.core.exchange import ScopeNames
from keyguard.core.keys import Scope

_TRADE = Scope.TRADE_SPOT | Scope.TRADE_MARGIN | Scope.TRADE_DERIVATIVES
CLASSIC = {
    "read": Scope.READ,
    "spot_trade": Scope.TRADE_SPOT,
    "margin_trade": Scope.TRADE_MARGIN,
    "contract_trade": Scope.TRADE_DERIVATIVES,
    "transfer": Scope.TRANSFER_INTERNAL,
}
"""What a classic sub-account's key can be given."""
UNIFIED = {
    "uta_mgt": Scope.READ | Scope.TRANSFER_INTERNAL | Scope.MANAGE_KEYS,
    "uta_trade": Scope.READ | _TRADE,
}
"""What a unified sub-account's key can be given; `name:read` where the key is of type read_only."""
_COPY = ("copy_futures_position", "copy_futures_order")
SCOPES = ScopeNames(
    {
        **CLASSIC,
        "trade": _TRADE,  # older word
        "withdraw": Scope.WITHDRAW,
        "sub_accounts": Scope.MANAGE_KEYS,
        **dict.fromkeys(("copy", "p2p", "loan", "tax", *_COPY), Scope.OTHER),
        **UNIFIED,
        **{f"{name}:read": Scope.READ for name in (*UNIFIED, "withdraw", *_COPY)},
    }
)
CODES = {
    **dict.fromkeys("coor cpor stor smor ttor wtor taxr chor p2pr pllr readonly".split(), "read"),
    **dict.fromkeys(("coow", "cpow"), "contract_trade"),
    **{"stow": "spot_trade", "smow": "margin_trade", "wtow": "transfer", "wwow": "withdraw"},
    **{"chow": "sub_accounts", "ttow": "copy", "p2p": "p2p", "pllw": "loan", "taxw": "tax"},
    **{name: name for name in (*CLASSIC, "trade", "withdraw")},
}
"""What a classic key is told of itself, and what the same is called when keys are made and listed."""
FAULTS = {
    **dict.fromkeys(("40001", "40002", "40003", "40009", "40011", "40036", "40070"), Fault.SIGNATURE),
    **dict.fromkeys(("40006", "40037", "40041"), Fault.KEY_UNKNOWN),
    "40012": Fault.AMBIGUOUS,
    **dict.fromkeys(("40005", "40008"), Fault.CLOCK),
    **dict.fromkeys(("40018", "40038", "49003"), Fault.IP),
    **dict.fromkeys(("22010", "25620", "40014", "40025", "40040", "40061"), Fault.SCOPE),
    "40063": Fault.LIMIT,
    "40065": Fault.NOT_FOUND,
    "429": Fault.RATE,
    **dict.fromkeys(("40015", "40725", "40808", "45001"), Fault.BUSY),  # while a release goes out
}
