"""The simulators' signature code on requests that other people's clients signed, at the moment they did.

Each request is replayed as it was sent: once with its signature spoilt, once as it is.
"""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from keyguard_simulators.accounts import Account, Key
from keyguard_simulators.serve import Running
from tests.simulators.clients import Got, Sent, send

VECTORS = json.loads(Path(__file__).with_name("vectors.json").read_text(encoding="utf-8"))
# What the requests are about, so that each of them can be served.
ACCOUNTS = {
    "bybit": ["100000001", "100400345", "53888000"],
    "upbit": [
        "11111111-0000-4000-8000-000000000000",
        "9ca023a5-851b-4fec-9f0a-48cd83c2eaae",
        "0b5a3c4e-1111-4222-8333-777788889999",
    ],
    "deribit": ["100001"],
}
GRANTS = {
    "bybit": {"Wallet.SubMemberTransfer"},
    "upbit": {"view_account", "view_orders", "make_orders", "manage_pockets"},
    "deribit": {"account:read_write", "trade:read_write"},
}
REFUSED = {"bybit": 10004, "upbit": "jwt_verification", "deribit": 13009}


def key(vector: dict[str, Any], number: int, account: str, public_id: str = "") -> Key:
    public = "\n".join(vector.get("public_key", ()))
    label = "PUBLIC KEY"
    return Key(
        public_id=public_id or vector["key"],
        number=number,
        account=account,
        grants=frozenset(GRANTS[vector["venue"]]),
        ips=(),
        label="",
        created_ms=0,
        live_ms=0,
        secret=vector.get("secret", ""),
        public_key=f"-----BEGIN {label}-----\n{public}\n-----END {label}-----\n" if public else "",
    )


def prepare(served: Running, vector: dict[str, Any]) -> None:
    state = served.venues[vector["venue"]].state
    master, *subs = ACCOUNTS[vector["venue"]]
    state.book.accounts[master] = Account(master, "firm", "", {"BTC": "1"})
    for sub in subs:
        state.book.accounts[sub] = Account(sub, "desk", master)
    state.book.add_key(key(vector, 1, master))
    target = key(vector, 11, subs[0] if vector["venue"] == "bybit" else master, "FAKE1jjy7IApWziL2Q")
    state.book.add_key(target)
    state.nonces.clear()
    state.clock.frozen_ms = vector["clock_ms"]


def request(served: Running, vector: dict[str, Any]) -> Sent:
    headers = dict(vector["headers"])
    if "authorization" in vector:
        headers["Authorization"] = ".".join(vector["authorization"])
    url = served.urls[vector["venue"]] + vector["target"]
    return Sent(vector["method"], url, headers, vector["body"].encode())


def spoilt(sent: Sent) -> Sent:
    """The same request, one character in the middle of its signature changed."""
    name = "X-BAPI-SIGN" if "X-BAPI-SIGN" in sent.headers else "Authorization"
    value = sent.headers[name]
    at = value.index("sig=") + 20 if "sig=" in value else len(value) - 20
    other = "0" if value[at] != "0" else "1"
    return replace(sent, headers={**sent.headers, name: value[:at] + other + value[at + 1 :]})


def refusal(venue: str, got: Got) -> Any:
    if venue == "bybit":
        return got.json["retCode"]
    error = got.json.get("error") if isinstance(got.json, dict) else None
    return error and error["name" if venue == "upbit" else "code"]


@pytest.mark.parametrize("vector", VECTORS, ids=lambda vector: f"{vector['venue']}: {vector['name']}")
def test_signed_by_others(served: Running, vector: dict[str, Any]) -> None:
    prepare(served, vector)
    sent = request(served, vector)
    assert refusal(vector["venue"], send(spoilt(sent))) == REFUSED[vector["venue"]]
    got = send(sent)
    assert not refusal(vector["venue"], got)
    assert got.status in (200, 201)
