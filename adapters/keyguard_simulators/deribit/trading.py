"""As much of Deribit's market and trading API as a small bot needs. Nothing is ever matched."""

from __future__ import annotations

import uuid
from typing import Any

from keyguard_simulators import orders
from keyguard_simulators.deribit.keys import Caller
from keyguard_simulators.deribit.rpc import Rpc, RpcError, invalid

PRICES = {"BTC-PERPETUAL": 91250.5, "ETH-PERPETUAL": 3120.25}
_COINS = {"BTC": "Bitcoin", "ETH": "Ethereum"}
_NEVER_MS = 32_503_708_800_000


def version(_rpc: Rpc) -> dict[str, Any]:
    """The answer by which clients see that the API is up."""
    return {"version": "1.2.26"}


def currencies(_rpc: Rpc) -> list[dict[str, Any]]:
    """Coins that exist."""
    return [
        {
            "currency": coin,
            "currency_long": name,
            "coin_type": name.upper(),
            "fee_precision": 4,
            "min_confirmations": 1,
            "min_withdrawal_fee": 0.0001,
            "withdrawal_fee": 0.0001,
            "withdrawal_priorities": [],
            "network_fee": 0.0001,
            "network_currency": coin,
        }
        for coin, name in _COINS.items()
    ]


def instruments(rpc: Rpc) -> list[dict[str, Any]]:
    """What can be traded: two perpetuals."""
    wanted = rpc.params.get("currency", "any")
    return [
        {
            "instrument_name": name,
            "kind": "future",
            "future_type": "reversed",
            "instrument_type": "reversed",
            "settlement_period": "perpetual",
            "base_currency": coin,
            "quote_currency": "USD",
            "counter_currency": "USD",
            "settlement_currency": coin,
            "is_active": True,
            "contract_size": 10,
            "min_trade_amount": 10,
            "tick_size": 0.5,
            "maker_commission": 0.0,
            "taker_commission": 0.0005,
            "max_leverage": 50,
            "creation_timestamp": 1_534_242_287_000,
            "expiration_timestamp": _NEVER_MS,
        }
        for name in PRICES
        for coin in (name.partition("-")[0],)
        if wanted in ("any", coin)
    ]


def ticker(rpc: Rpc) -> dict[str, Any]:
    """Last price."""
    name = _instrument(rpc)
    price = PRICES[name]
    return {
        "instrument_name": name,
        "state": "open",
        "last_price": price,
        "mark_price": price,
        "index_price": price,
        "best_bid_price": price,
        "best_bid_amount": 10,
        "best_ask_price": price,
        "best_ask_amount": 10,
        "open_interest": 0,
        "stats": {"volume": 0, "low": price, "high": price, "price_change": 0},
    }


def account_summary(caller: Caller) -> dict[str, Any]:
    """Balance in one currency; with `extended`, whose account it is."""
    summary = _summary(caller, caller.rpc.text("currency"))
    return summary | _identity(caller) if caller.rpc.flag("extended") else summary


def account_summaries(caller: Caller) -> dict[str, Any]:
    """Balances in every currency."""
    return _identity(caller) | {"summaries": [_summary(caller, coin) for coin in caller.account.balances]}


def positions(_caller: Caller) -> list[dict[str, Any]]:
    """Open positions: none."""
    return []


def buy(caller: Caller) -> dict[str, Any]:
    """Accept an order to buy and leave it open."""
    return _order(caller, "buy")


def sell(caller: Caller) -> dict[str, Any]:
    """Accept an order to sell and leave it open."""
    return _order(caller, "sell")


def open_orders(caller: Caller) -> list[dict[str, Any]]:
    """The account's open orders."""
    return [one["order"] for one in list(caller.state.orders.values()) if one["account"] == caller.account.id]


def cancel_all(caller: Caller) -> int:
    """Cancel all of them; how many they were."""
    return len(orders.cancel_all(caller.state, caller.account.id))


def _order(caller: Caller, direction: str) -> dict[str, Any]:
    name = _instrument(caller.rpc)
    order = {
        "order_id": str(uuid.uuid4()),
        "instrument_name": name,
        "direction": direction,
        "order_type": caller.rpc.params.get("type", "limit"),
        "order_state": "open",
        "price": caller.rpc.real("price") if "price" in caller.rpc.params else PRICES[name],
        "amount": caller.rpc.real("amount"),
        "filled_amount": 0.0,
        "average_price": 0.0,
        "time_in_force": "good_til_cancelled",
        "post_only": False,
        "label": str(caller.rpc.params.get("label", "")),
        "creation_timestamp": caller.now_ms,
        "last_update_timestamp": caller.now_ms,
    }
    caller.state.orders[str(order["order_id"])] = {"account": caller.account.id, "order": order}
    return {"order": order, "trades": []}


def _instrument(rpc: Rpc) -> str:
    name = rpc.text("instrument_name")
    if name not in PRICES:
        raise RpcError(13020, "not_found", reason="instrument_name")
    return name


def _summary(caller: Caller, coin: str) -> dict[str, Any]:
    if coin not in _COINS:
        raise invalid("currency", "unknown currency")
    amount = float(caller.account.balances.get(coin, "0"))
    return {
        "currency": coin,
        "balance": amount,
        "equity": amount,
        "available_funds": amount,
        "available_withdrawal_funds": amount,
        "margin_balance": amount,
        "initial_margin": 0.0,
        "maintenance_margin": 0.0,
        "delta_total": 0.0,
        "total_pl": 0.0,
        "limits": {"non_matching_engine": {"rate": 20, "burst": 100}},
    }


def _identity(caller: Caller) -> dict[str, Any]:
    account = caller.account
    return {
        "id": int(account.id),
        "type": "subaccount" if account.parent else "main",
        "username": account.name,
        "system_name": account.name,
        "email": f"{account.name}@example.test",
        "login_enabled": not account.parent,
        "security_keys_enabled": account.second_factor,
        "creation_timestamp": 1_700_000_000_000,
    }
