"""As much of Upbit's market and trading API as a small bot needs. Nothing is ever matched or paid out."""

from __future__ import annotations

import uuid
from typing import Any

from keyguard_simulators.upbit.keys import Caller, instant
from keyguard_simulators.upbit.refusal import Refusal, bad_parameter
from keyguard_simulators.wire import Call

PRICES = {"KRW-BTC": 135_000_000.0, "KRW-ETH": 4_600_000.0, "KRW-USDT": 1_480.0}
_NAMES = {"BTC": ("비트코인", "Bitcoin"), "ETH": ("이더리움", "Ethereum"), "USDT": ("테더", "Tether")}


def markets(_call: Call) -> list[dict[str, Any]]:
    """What can be traded."""
    return [
        {"market": market, "korean_name": korean, "english_name": english}
        for market in PRICES
        for korean, english in (_NAMES[market.partition("-")[2]],)
    ]


def tickers(call: Call) -> list[dict[str, Any]]:
    """Last prices."""
    wanted = call.params.get("markets", "").split(",")
    if not set(wanted) <= set(PRICES):
        raise Refusal("404", "Code not found", 404)
    return [
        {
            "market": market,
            "trade_timestamp": call.now_ms,
            "opening_price": PRICES[market],
            "high_price": PRICES[market],
            "low_price": PRICES[market],
            "trade_price": PRICES[market],
            "prev_closing_price": PRICES[market],
            "change": "EVEN",
            "signed_change_price": 0.0,
            "signed_change_rate": 0.0,
            "acc_trade_price_24h": 0.0,
            "acc_trade_volume_24h": 0.0,
            "timestamp": call.now_ms,
        }
        for market in wanted
    ]


def accounts(caller: Caller) -> list[dict[str, Any]]:
    """Balances of the pocket."""
    return [
        {
            "currency": coin,
            "balance": amount,
            "locked": "0",
            "avg_buy_price": "0",
            "avg_buy_price_modified": False,
            "unit_currency": "KRW",
        }
        for coin, amount in caller.pocket.balances.items()
    ]


def check_order(caller: Caller) -> dict[str, Any]:
    """Check an order without placing it."""
    return _order(caller)


def create_order(caller: Caller) -> dict[str, Any]:
    """Accept an order and leave it open."""
    order = _order(caller)
    caller.state.orders[order["uuid"]] = {"account": caller.pocket.id, "order": order}
    return order


def open_orders(caller: Caller) -> list[dict[str, Any]]:
    """The pocket's open orders."""
    return [one["order"] for one in list(caller.state.orders.values()) if one["account"] == caller.pocket.id]


def nothing(_caller: Caller) -> list[dict[str, Any]]:
    """The history of payments or filled orders of an account that has none."""
    return []


def withdraw(_caller: Caller) -> dict[str, Any]:
    """Refuse: keys that may withdraw are locked until their holder unlocks them in the mobile app."""
    raise Refusal("open_api_withdraw_locked", "출금 안심차단이 설정되어 있습니다.", 403)


def _order(caller: Caller) -> dict[str, Any]:
    params = caller.params
    if str(params.get("market")) not in PRICES:
        raise Refusal("notfoundmarket", "존재하지 않는 마켓입니다.", 404)
    if params.get("side") not in ("bid", "ask"):
        raise bad_parameter("side: bid, ask")
    kind = params.get("ord_type")
    needed = {"limit": ("price", "volume"), "price": ("price",), "market": ("volume",)}.get(str(kind))
    if needed is None or any(not params.get(name) for name in needed):
        raise bad_parameter("ord_type, price, volume")
    volume = str(params.get("volume", "0"))
    return {
        "uuid": str(uuid.uuid4()),
        "market": params["market"],
        "side": params["side"],
        "ord_type": kind,
        "price": params.get("price"),
        "state": "wait",
        "created_at": instant(caller.call.now_ms),
        "volume": volume,
        "remaining_volume": volume,
        "executed_volume": "0",
        "reserved_fee": "0",
        "remaining_fee": "0",
        "paid_fee": "0",
        "locked": "0",
        "trades_count": 0,
    }
