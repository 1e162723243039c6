"""Hyperliquid, asked by ccxt, and by our own adapter."""

from __future__ import annotations

import itertools
from dataclasses import replace
from typing import Any

import ccxt
import pytest
from coincurve import PrivateKey

from keyguard.core.errors import Refused, UsageError
from keyguard.core.exchange import Fault, KeyReport, Request
from keyguard.core.keys import KeyKind, Origin, Scope
from keyguard_simulators.accounts import DAY_MS, Key
from keyguard_simulators.hyperliquid import address_of
from keyguard_simulators.serve import Running
from keyguard_simulators.venue import KeyForm, Unacceptable
from tests.simulators.clients import call
from tests.simulators.own_adapter import Own, own

NOOP = {"type": "noop"}
ORDER = {
    "type": "order",
    "orders": [{"a": 1, "b": True, "p": "1100", "s": "0.2", "r": False, "t": {"limit": {"tif": "Gtc"}}}],
    "grouping": "na",
}
APPROVAL = [
    {"name": "hyperliquidChain", "type": "string"},
    {"name": "agentAddress", "type": "address"},
    {"name": "agentName", "type": "string"},
    {"name": "nonce", "type": "uint64"},
]
_COUNT = itertools.count()


def fresh_address() -> str:
    return address_of(PrivateKey().public_key)


class Desk:
    """A master wallet and an agent of it that the page made."""

    def __init__(self, served: Running) -> None:
        self.venue, self.base = served.venues["hyperliquid"], served.urls["hyperliquid"]
        self.account = self.venue.open_account("firm", "")
        self.master = self.issue("master")
        self.agent = self.issue("agent", "mm1")

    def issue(self, permission: str, label: str = "") -> Key:
        return self.venue.issue(KeyForm(self.account.id, [permission], label=label))

    def ccxt(self, key: Key) -> Any:
        client = ccxt.hyperliquid({"walletAddress": self.master.public_id, "privateKey": key.secret})
        client.urls["api"] = dict.fromkeys(client.urls["api"], self.base)
        client.rateLimit = 2
        return client

    def info(self, kind: str, address: str) -> Any:
        return self.ccxt(self.agent).public_post_info({"type": kind, "user": address})

    def nonce(self) -> int:
        return self.venue.state.clock.now_ms() + next(_COUNT)

    def post(self, key: Key, signed: dict[str, Any], nonce: int | None = None, **sent: Any) -> Any:
        """An action as ccxt signs it; `sent` is put into the body in the place of what was signed."""
        client, nonce = self.ccxt(key), nonce or self.nonce()
        signature = client.sign_l1_action(signed, nonce)
        body = {"action": signed, "nonce": nonce, "signature": signature, **sent}
        return client.private_post_exchange(body)

    def approve(self, key: Key, address: str, name: str = "", **sent: Any) -> Any:
        client, nonce = self.ccxt(key), self.nonce()
        message = {
            "hyperliquidChain": "Mainnet",
            "agentAddress": address,
            "agentName": name,
            "nonce": nonce,
        }
        signature = client.sign_user_signed_action({"HyperliquidTransaction:ApproveAgent": APPROVAL}, message)
        action = {"type": "approveAgent", "signatureChainId": "0x66eee", **message}
        if not name:
            del action["agentName"]
        return client.private_post_exchange(
            {"action": action, "nonce": nonce, "signature": signature, **sent}
        )


@pytest.fixture
def desk(served: Running) -> Desk:
    return Desk(served)


def test_ccxt_trades_with_an_agent_and_with_the_master(desk: Desk) -> None:
    for key in (desk.agent, desk.master):
        told = desk.post(key, ORDER)
        assert told["response"]["data"]["statuses"][0]["resting"]["oid"]
        assert desk.post(key, NOOP)["status"] == "ok"


def test_roles_and_agents_are_told_to_anybody(desk: Desk) -> None:
    assert desk.info("userRole", desk.master.public_id) == {"role": "user"}
    assert desk.info("userRole", desk.agent.public_id)["data"] == {"user": desk.master.public_id}
    assert desk.info("userRole", fresh_address()) == {"role": "missing"}
    (listed,) = desk.info("extraAgents", desk.master.public_id)
    assert (listed["name"], listed["address"]) == ("mm1", desk.agent.public_id)
    assert desk.info("extraAgents", desk.agent.public_id) == []
    asked = {"type": "subAccounts", "user": desk.master.public_id}
    assert call(desk.base, "POST", "/info", asked).json is None


def test_approving_the_same_name_ends_the_agent_that_had_it(desk: Desk) -> None:
    address = fresh_address()
    assert desk.approve(desk.master, address, "mm1")["response"] == {"type": "default"}
    assert desk.info("userRole", desk.agent.public_id) == {"role": "missing"}
    assert [one["address"] for one in desk.info("extraAgents", desk.master.public_id)] == [address]


def test_an_agent_without_a_name_replaces_the_one_without_and_is_in_no_list(desk: Desk) -> None:
    first, second = fresh_address(), fresh_address()
    desk.approve(desk.master, first)
    desk.approve(desk.master, second)
    assert desk.info("userRole", first)["role"] == "missing"
    assert desk.info("userRole", second)["role"] == "agent"
    assert len(desk.info("extraAgents", desk.master.public_id)) == 1


def test_an_agent_ends_on_its_date_at_most_180_days_ahead(desk: Desk) -> None:
    now_ms = desk.venue.state.clock.now_ms()
    with pytest.raises(ccxt.ExchangeError, match="too far in the future"):
        desk.approve(desk.master, fresh_address(), f"far valid_until {now_ms + 181 * DAY_MS}")
    address, until_ms = fresh_address(), now_ms + 179 * DAY_MS
    desk.approve(desk.master, address, f"near valid_until {until_ms}")
    assert {one["validUntil"] for one in desk.info("extraAgents", desk.master.public_id)} == {None, until_ms}
    desk.venue.state.clock.offset_ms = 180 * DAY_MS
    assert desk.info("userRole", address) == {"role": "missing"}


@pytest.mark.parametrize("name", ["a name far too long", "mm2 valid_until soon"])
def test_names_that_do_not_fit_are_refused(desk: Desk, name: str) -> None:
    with pytest.raises(ccxt.ExchangeError, match="Invalid agent name"):
        desk.approve(desk.master, fresh_address(), name)


def test_three_named_agents_and_no_address_twice(desk: Desk) -> None:
    address = fresh_address()
    desk.approve(desk.master, address, "two")
    desk.approve(desk.master, fresh_address(), "three")
    with pytest.raises(ccxt.ExchangeError, match="Too many"):
        desk.approve(desk.master, fresh_address(), "four")
    desk.approve(desk.master, fresh_address(), "two")
    with pytest.raises(ccxt.ExchangeError, match="already used"):
        desk.approve(desk.master, address, "three")


def test_an_agent_approves_no_agents(desk: Desk) -> None:
    with pytest.raises(ccxt.ExchangeError, match="master wallet"):
        desk.approve(desk.agent, fresh_address(), "mine")


def test_a_wrong_signature_names_another_address(desk: Desk) -> None:
    for forged in ({**ORDER, "grouping": "x"}, {**ORDER, "orders": []}):
        with pytest.raises(ccxt.ExchangeError, match="does not exist") as caught:
            desk.post(desk.agent, ORDER, action=forged)
        assert desk.agent.public_id not in str(caught.value)
    with pytest.raises(ccxt.ExchangeError, match="does not exist"):
        desk.post(desk.agent, NOOP, vaultAddress=desk.master.public_id)


def test_a_removed_agent_is_named_in_the_refusal(desk: Desk) -> None:
    desk.venue.state.delete(desk.agent, 0)
    with pytest.raises(ccxt.ExchangeError, match=f"{desk.agent.public_id} does not exist"):
        desk.post(desk.agent, NOOP)


def test_a_nonce_is_used_once_and_near_the_venues_time(desk: Desk) -> None:
    nonce = desk.nonce()
    desk.post(desk.agent, NOOP, nonce)
    with pytest.raises(ccxt.ExchangeError, match="duplicate nonce"):
        desk.post(desk.agent, ORDER, nonce)
    for far in (nonce - 3 * DAY_MS, nonce + 2 * DAY_MS):
        with pytest.raises(ccxt.ExchangeError, match="Invalid nonce"):
            desk.post(desk.agent, NOOP, far)


def test_an_action_nobody_knows_is_refused(desk: Desk) -> None:
    with pytest.raises(ccxt.ExchangeError, match="Unknown action"):
        desk.post(desk.agent, {"type": "teleport"})


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/info", {"type": "secrets"}),
        ("/exchange", {}),
        ("/exchange", {"action": {"type": "noop"}, "nonce": "x", "signature": {}}),
        (
            "/exchange",
            {"action": {"type": "noop"}, "nonce": 1, "signature": {"r": "0x1", "s": "0x1", "v": 99}},
        ),
        ("/exchange", {"action": {"type": "x", "n": 0.5}, "nonce": 1, "signature": {}}),
    ],
)
def test_what_is_no_request_is_refused(desk: Desk, path: str, body: dict[str, Any]) -> None:
    assert call(desk.base, "POST", path, body).json["status"] == "err"


def test_the_page_makes_agents_of_an_account_that_has_a_master_wallet(desk: Desk) -> None:
    empty = desk.venue.open_account("empty", "")
    with pytest.raises(Unacceptable, match="master wallet"):
        desk.venue.issue(KeyForm(empty.id, ["agent"]))


def ours(served: Running, key: Key) -> Own:
    return own(served, "hyperliquid", key, KeyKind.OTHER)


def test_our_adapter_tells_agent_from_master_and_sees_the_agent_end(desk: Desk, served: Running) -> None:
    agent, master = ours(served, desk.agent), ours(served, desk.master)

    def told(by: Own) -> KeyReport:
        return by.run(lambda v: v.whoami(by.who.key))

    assert (told(agent).label, told(agent).account) == ("mm1", desk.master.public_id)
    assert told(agent).scopes_origin is Origin.INFERRED
    assert Scope.MANAGE_KEYS in told(master).scopes
    listed = agent.run(lambda v: v.list_keys(desk.master.public_id))
    assert [one.public_id for one in listed] == [desk.agent.public_id]
    desk.approve(desk.master, fresh_address(), "mm1")
    with pytest.raises(Refused) as caught:
        told(agent)
    assert caught.value.fault is Fault.KEY_UNKNOWN


def test_our_adapters_signatures_are_accepted(desk: Desk, served: Running) -> None:
    agent, master = ours(served, desk.agent), ours(served, desk.master)
    address = fresh_address()
    nonce = desk.nonce()
    approval = {
        "type": "approveAgent",
        "hyperliquidChain": "Mainnet",
        "signatureChainId": "0x66eee",
        "agentAddress": address,
        "agentName": "hedge",
        "nonce": nonce,
    }
    for by, action in ((agent, ORDER), (master, approval)):
        body = {"action": action, "nonce": nonce}
        assert by.send(Request("POST", "/exchange", body=body)).json["status"] == "ok"
    assert desk.info("userRole", address)["role"] == "agent"


def test_our_adapter_sends_nothing_with_another_wallets_key(desk: Desk, served: Running) -> None:
    mixed = ours(served, replace(desk.agent, secret=desk.master.secret))
    with pytest.raises(UsageError, match=desk.master.public_id):
        mixed.run(lambda v: v.whoami(desk.agent.public_id))
