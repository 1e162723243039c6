"""One call that cancels every open order of an account: by our adapters, and by ccxt where it offers that."""

from __future__ import annotations

import pytest

from keyguard.core.errors import OutcomeUnknown, Refused
from keyguard.core.exchange import Fault
from keyguard_adapters import NAMES
from keyguard_simulators import orders
from keyguard_simulators.accounts import Key
from keyguard_simulators.serve import Running
from keyguard_simulators.venue import KeyForm
from tests.adapters.scripts import adapter, told
from tests.simulators.clients import ccxt_client, rerouted
from tests.simulators.signed import drive_ours

VENUES = [name for name in NAMES if adapter(name).cancel_all is not None]
READERS = {
    "kraken": ["query-funds", "query-open-trades"],
    "deribit": "account:read trade:read",
    "whitebit": ["info"],
    "coinbaseexchange": ["view"],
    "gemini": ["Auditor"],
    "bitfinex": ["orders:read", "wallets:read"],
    "bitso": ["view_balances", "view_orders"],
}


def cancelled(served: Running, name: str, key: Key) -> int | None:
    operation = adapter(name).cancel_all
    assert operation is not None
    return drive_ours(served, name, operation(), key)


def issued(served: Running, name: str, permissions: object) -> Key:
    venue = served.venues[name]
    return venue.issue(KeyForm(venue.open_account("firm", "").id, permissions))


@pytest.mark.parametrize("name", VENUES)
def test_all_open_orders_of_the_account_are_gone_and_counted(served: Running, name: str) -> None:
    key, state = issued(served, name, told(name).TRADER), served.venues[name].state
    other = issued(served, name, told(name).TRADER)
    orders.place(state, key.account, 3)
    orders.place(state, other.account, 1)
    assert cancelled(served, name, key) in (3, None)  # WhiteBIT does not tell
    assert orders.open_orders(state, key.account) == []
    assert len(orders.open_orders(state, other.account)) == 1
    idle = issued(served, name, told(name).TRADER)  # a key asked twice within a millisecond reuses its nonce
    assert cancelled(served, name, idle) in (0, None)


@pytest.mark.parametrize("name", VENUES)
def test_a_key_that_only_reads_cancels_nothing(served: Running, name: str) -> None:
    key = issued(served, name, READERS[name])
    orders.place(served.venues[name].state, key.account, 2)
    with pytest.raises((Refused, OutcomeUnknown)) as caught:
        cancelled(served, name, key)
    if name == "bitfinex":  # it refuses with HTTP 500, after which nobody knows
        assert isinstance(caught.value, OutcomeUnknown)
    else:
        assert isinstance(caught.value, Refused)
        assert caught.value.fault is Fault.SCOPE
    assert len(orders.open_orders(served.venues[name].state, key.account)) == 2


def test_ccxt_s_call_is_ours(served: Running) -> None:
    kraken = issued(served, "kraken", told("kraken").TRADER)
    orders.place(served.venues["kraken"].state, kraken.account, 2)
    answer = rerouted("kraken", served.urls["kraken"], kraken).private_post_cancelall()
    assert answer["result"]["count"] in (2, "2")
    deribit = issued(served, "deribit", told("deribit").TRADER)
    orders.place(served.venues["deribit"].state, deribit.account, 2)
    client = ccxt_client("deribit", served.urls["deribit"], deribit)
    assert client.private_get_cancel_all()["result"] in (2, "2")
    assert orders.open_orders(served.venues["deribit"].state, deribit.account) == []
    bitfinex = issued(served, "bitfinex", told("bitfinex").TRADER)
    orders.place(served.venues["bitfinex"].state, bitfinex.account, 2)
    answer = rerouted("bitfinex", served.urls["bitfinex"], bitfinex).private_post_auth_w_order_cancel_multi(
        {"all": 1}
    )
    assert (len(answer[4]), answer[6]) == (2, "SUCCESS")
