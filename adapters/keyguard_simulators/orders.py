"""Open orders of venues whose other calls do not trade: placed by a test or a rehearsal, cancelled by API."""

from __future__ import annotations

import uuid

from keyguard_simulators.state import State


def place(state: State, account: str, count: int = 1) -> list[str]:
    """Leave so many orders open in an account, as whoever trades there does; their ids."""
    ids = [str(uuid.uuid4()) for _ in range(count)]
    state.orders.update({one: {"account": account, "order": {"order_id": one}} for one in ids})
    return ids


def open_orders(state: State, account: str) -> list[str]:
    """The ids of the account's open orders."""
    return [one for one, order in list(state.orders.items()) if order["account"] == account]


def cancel_all(state: State, account: str) -> list[str]:
    """Cancel every open order of the account, whoever placed it; the ids of those cancelled."""
    return [one for one in open_orders(state, account) if state.orders.pop(one, None) is not None]
