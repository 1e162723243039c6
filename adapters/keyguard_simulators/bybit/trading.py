"""As much of Bybit's market and trading API as a small bot needs. Nothing is ever matched."""

from __future__ import annotations

import uuid
from typing import Any

from keyguard_simulators.bybit.keys import Caller
from keyguard_simulators.bybit.refusal import bad_parameter, permission_denied
from keyguard_simulators.wire import Call

PRICES = {"BTCUSDT": "91250.50", "ETHUSDT": "3120.25"}
_TO_TRADE = {
    "spot": {"Spot.SpotTrade"},
    "linear": {"ContractTrade.Order", "Derivatives.DerivativesTrade"},
    "inverse": {"ContractTrade.Order", "Derivatives.DerivativesTrade"},
    "option": {"Options.OptionsTrade"},
}


def server_time(call: Call) -> dict[str, Any]:
    """The venue's clock."""
    return {"timeSecond": str(call.now_ms // 1000), "timeNano": str(call.now_ms * 1_000_000)}


def tickers(call: Call) -> dict[str, Any]:
    """Last prices."""
    wanted = call.params.get("symbol")
    if wanted and wanted not in PRICES:
        raise bad_parameter("symbol invalid")
    return {
        "category": _category(call.params),
        "list": [
            {
                "symbol": symbol,
                "lastPrice": price,
                "bid1Price": price,
                "bid1Size": "1",
                "ask1Price": price,
                "ask1Size": "1",
                "prevPrice24h": price,
                "price24hPcnt": "0",
                "highPrice24h": price,
                "lowPrice24h": price,
                "turnover24h": "0",
                "volume24h": "0",
            }
            for symbol, price in PRICES.items()
            if wanted in (None, symbol)
        ],
    }


def instruments(call: Call) -> dict[str, Any]:
    """What can be traded: two pairs, spot and linear."""
    category = _category(call.params)
    symbols = PRICES if category in ("spot", "linear") else {}
    return {
        "category": category,
        "list": [_instrument(symbol, category) for symbol in symbols],
        "nextPageCursor": "",
    }


def _instrument(symbol: str, category: str) -> dict[str, Any]:
    facts: dict[str, Any] = {
        "symbol": symbol,
        "baseCoin": symbol.removesuffix("USDT"),
        "quoteCoin": "USDT",
        "status": "Trading",
        "marginTrading": "none",
        "priceFilter": {"tickSize": "0.01", "minPrice": "0.01", "maxPrice": "1999999.98"},
        "lotSizeFilter": {
            "basePrecision": "0.000001",
            "quotePrecision": "0.00000001",
            "minOrderQty": "0.000001",
            "maxOrderQty": "100",
            "minOrderAmt": "1",
            "maxOrderAmt": "8000000",
            "qtyStep": "0.001",
        },
    }
    if category == "linear":
        facts |= {
            "contractType": "LinearPerpetual",
            "settleCoin": "USDT",
            "launchTime": "1584230400000",
            "deliveryTime": "0",
            "leverageFilter": {"minLeverage": "1", "maxLeverage": "100", "leverageStep": "0.01"},
        }
    return facts


def wallet_balance(caller: Caller) -> dict[str, Any]:
    """Balances of the unified account; any key may read them."""
    coins = [
        {
            "coin": coin,
            "equity": amount,
            "walletBalance": amount,
            "locked": "0",
            "borrowAmount": "0",
            "availableToWithdraw": amount,
            "usdValue": amount,
            "unrealisedPnl": "0",
            "cumRealisedPnl": "0",
        }
        for coin, amount in caller.account.balances.items()
    ]
    wanted = caller.params.get("coin")
    return {
        "list": [
            {
                "accountType": caller.params.get("accountType", "UNIFIED"),
                "totalEquity": "0",
                "totalWalletBalance": "0",
                "totalAvailableBalance": "0",
                "coin": [one for one in coins if wanted in (None, one["coin"])],
            }
        ]
    }


def account_info(caller: Caller) -> dict[str, Any]:
    """The kind of account: unified, 2.0 pro."""
    return {
        "unifiedMarginStatus": 6,
        "marginMode": "REGULAR_MARGIN",
        "dcpStatus": "OFF",
        "timeWindow": 0,
        "smpGroup": 0,
        "isMasterTrader": False,
        "spotHedgingStatus": "OFF",
        "updatedTime": str(caller.now_ms),
    }


def coin_info(caller: Caller) -> dict[str, Any]:
    """Which coins exist, without the chains they move on: nothing can be withdrawn here."""
    coins = sorted(caller.account.balances)
    return {"rows": [{"name": coin, "coin": coin, "remainAmount": "0", "chains": []} for coin in coins]}


def positions(caller: Caller) -> dict[str, Any]:
    """Open positions: none, for whoever may see them."""
    if not caller.key.grants & {
        "ContractTrade.Position",
        "ContractTrade.Order",
        "Derivatives.DerivativesTrade",
    }:
        raise permission_denied()
    return {"category": _category(caller.params), "list": [], "nextPageCursor": ""}


def create_order(caller: Caller) -> dict[str, Any]:
    """Accept an order and leave it open."""
    category = _category(caller.params)
    if caller.key.read_only or not caller.key.grants & _TO_TRADE[category]:
        raise permission_denied()
    for name in ("symbol", "side", "orderType", "qty"):
        if not caller.params.get(name):
            raise bad_parameter(f"{name}: required")
    if str(caller.params["symbol"]) not in PRICES:
        raise bad_parameter("symbol invalid")
    order_id = str(uuid.uuid4())
    link = str(caller.params.get("orderLinkId", ""))
    caller.state.orders[order_id] = {
        "orderId": order_id,
        "orderLinkId": link,
        "symbol": caller.params["symbol"],
        "side": caller.params["side"],
        "orderType": caller.params["orderType"],
        "price": str(caller.params.get("price", "")),
        "qty": str(caller.params["qty"]),
        "cumExecQty": "0",
        "leavesQty": str(caller.params["qty"]),
        "orderStatus": "New",
        "timeInForce": "GTC",
        "createdTime": str(caller.now_ms),
        "updatedTime": str(caller.now_ms),
        "account": caller.account.id,
        "category": category,
    }
    return {"orderId": order_id, "orderLinkId": link}


def open_orders(caller: Caller) -> dict[str, Any]:
    """The account's open orders of a category."""
    category = _category(caller.params)
    if not any(caller.key.grants & rights for rights in _TO_TRADE.values()):
        raise permission_denied()
    mine = [
        {name: value for name, value in order.items() if name not in ("account", "category")}
        for order in list(caller.state.orders.values())
        if (order["account"], order["category"]) == (caller.account.id, category)
    ]
    return {"category": category, "list": mine, "nextPageCursor": ""}


def _category(params: dict[str, Any]) -> str:
    category = str(params.get("category"))
    if category not in _TO_TRADE:
        raise bad_parameter("category: spot, linear, inverse or option")
    return category
