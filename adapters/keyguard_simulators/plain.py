"""What each simulated venue's key page is given for a plain key that trades, or one that manages keys."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Plain:
    """`KeyForm.permissions` of such keys. `manager` None: no key manages others there by API. `first`: of the
    key an account begins with, where it does."""

    trader: Any
    manager: Any = None
    first: Any = None


PLAIN: Mapping[str, Plain] = {
    "backpack": Plain(["read", "write"]),
    "binance": Plain(
        ["enableReading", "enableSpotAndMarginTrading"], ["enableReading", "enableSpotAndMarginTrading"]
    ),
    "bingx": Plain(["1", "2"]),
    "bitfinex": Plain(["account:read", "orders:read", "orders:write", "wallets:read"]),
    "bitflyer": Plain(["/v1/me/getbalance", "/v1/me/getchildorders", "/v1/me/sendchildorder"]),
    "bitget": Plain(["uta_trade"], ["uta_mgt"]),
    "bithumb": Plain(["자산조회", "주문조회", "주문하기"]),
    "bitso": Plain(["view_balances", "view_orders", "place_orders"]),
    "bitstamp": Plain(["account_balance", "open_orders", "limit_order", "cancel_order"]),
    "bitvavo": Plain(["view", "trade"]),
    "bullish": Plain(["hmac"]),
    "bybit": Plain({"Spot": ["SpotTrade"]}, {"Wallet": ["AccountTransfer", "SubMemberTransfer"]}),
    "coinbase": Plain(["view", "trade"]),
    "coinbaseexchange": Plain(["view", "trade"]),
    "coinone": Plain(["잔고 조회", "주문 조회", "주문 권한"]),
    "cryptocom": Plain(["trading"]),
    "deribit": Plain("account:read trade:read_write", "account:read_write trade:read_write wallet:read"),
    "gate": Plain(["spot:read_write", "wallet:read"], ["sub_accounts:read_write", "account:read"]),
    "gemini": Plain(["Trader"]),
    "gopax": Plain(["조회", "주문"]),
    "hashkey": Plain(["read", "trade"]),
    "htx": Plain(["readOnly", "trade"], ["readOnly", "trade"]),
    "hyperliquid": Plain(["agent"], first=["master"]),
    "korbit": Plain(["readBalances", "readOrders", "writeOrders"]),
    "kraken": Plain(["query-funds", "query-open-trades", "modify-trades", "close-trades"]),
    "kucoin": Plain(["General", "Spot"], ["General"]),
    "mexc": Plain(["SPOT_ACCOUNT_READ", "SPOT_DEAL_READ", "SPOT_DEAL_WRITE"], ["SPOT_ACCOUNT_READ"]),
    "okx": Plain(["read_only", "trade"], ["read_only", "trade"]),
    "upbit": Plain(["view_account", "view_orders", "make_orders"]),
    "whitebit": Plain(["info", "trade"], ["info", "manage"]),
}
