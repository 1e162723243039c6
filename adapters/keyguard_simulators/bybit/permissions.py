"""Bybit's permission map, kept as a flat set of "Category.Right"."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from keyguard_simulators.bybit.refusal import bad_parameter

RIGHTS: Mapping[str, tuple[str, ...]] = {
    "ContractTrade": ("Order", "Position"),
    "Spot": ("SpotTrade",),
    "Wallet": ("AccountTransfer", "SubMemberTransfer", "SubMemberTransferList", "Withdraw"),
    "Options": ("OptionsTrade",),
    "Derivatives": ("DerivativesTrade",),
    "CopyTrading": ("CopyTrading",),
    "BlockTrade": ("BlockTrade",),
    "Exchange": ("ExchangeHistory",),
    "NFT": ("NFTQueryProductList",),
    "Affiliate": ("Affiliate",),
    "Earn": ("Earn",),
    "FiatP2P": ("FiatP2POrder", "Advertising"),
    "FiatBitPay": ("FaitPayOrder",),
    "FiatConvertBroker": ("FiatConvertBrokerOrder",),
    "BitCard": ("BitCard",),
    "ByXPost": ("ByXPost",),
}
MASTER_ONLY = frozenset({"Wallet.SubMemberTransfer", "Wallet.Withdraw", "Affiliate.Affiliate"})
SUB_ONLY = frozenset({"Wallet.SubMemberTransferList"})
FOR_NEW_SUB_KEYS = frozenset(
    {"ContractTrade", "Spot", "Options", "Derivatives", "Wallet", "Exchange", "Earn"}
)
MASTER_MANAGES = frozenset({"Wallet.AccountTransfer", "Wallet.SubMemberTransfer", "Wallet.Withdraw"})
SUB_MANAGES = frozenset({"Wallet.AccountTransfer", "Wallet.SubMemberTransferList"})


def read_map(sent: Any, is_master: bool) -> frozenset[str]:
    """Flatten a permission map; raises Refusal for a name that does not exist for such an account."""
    if not isinstance(sent, dict):
        raise bad_parameter("permissions: not a map")
    grants = set()
    for category, rights in sent.items():
        if category not in RIGHTS or not isinstance(rights, list):
            raise bad_parameter(f"permissions: unknown category {category}")
        for right in rights:
            if right not in RIGHTS[category]:
                raise bad_parameter(f"permissions: unknown right {category}.{right}")
            grants.add(f"{category}.{right}")
    if grants & (SUB_ONLY if is_master else MASTER_ONLY):
        raise bad_parameter("permissions: a right this kind of account cannot have")
    return frozenset(grants)


def write_map(grants: frozenset[str]) -> dict[str, list[str]]:
    """Every category with the rights held, an empty list for none, as Bybit answers."""
    return {
        category: [right for right in rights if f"{category}.{right}" in grants]
        for category, rights in RIGHTS.items()
    }
