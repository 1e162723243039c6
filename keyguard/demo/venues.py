"""The simulated venues of the story, and what a person does on their web pages."""

from __future__ import annotations

import contextlib
import json
import subprocess
import sys
import urllib.request
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

TRADER_IP = "127.0.0.1"
VENUES = ("bybit", "deribit", "upbit")


@dataclass(frozen=True)
class Website:
    """A venue's website, as JSON: what a person would click there."""

    base: str

    def do(self, method: str, path: str, **form: Any) -> Any:
        """Send one form; returns what the page shows."""
        request = urllib.request.Request(  # noqa: S310 - loopback http, our own simulator
            f"{self.base}/_web/{path}",
            data=json.dumps(form).encode() if form else None,
            method=method,
            headers={"Content-Type": "application/json"},
        )
        with urllib.request.urlopen(request, timeout=10) as reply:  # noqa: S310 - as above
            return json.load(reply)


@dataclass(frozen=True)
class Pair:
    """An access key and its secret, as the page shows them once."""

    key: str
    secret: str

    def as_json(self) -> str:
        """For a command's standard input."""
        return json.dumps({"key": self.key, "secret": self.secret})


@dataclass(frozen=True)
class Venues:
    """The three venues with the keys of the story. The managers are keys that manage other keys."""

    urls: Mapping[str, str]
    bybit: Pair
    bybit_manager: Pair
    deribit: Pair
    deribit_manager: Pair
    upbit: Pair
    upbit_account: str

    @property
    def upbit_page(self) -> Website:
        """Where a person issues and deletes Upbit keys."""
        return Website(self.urls["upbit"])


@contextlib.contextmanager
def simulated() -> Iterator[Venues]:
    """Start the simulators as one process on loopback, open accounts and issue the keys."""
    process = subprocess.Popen(
        [sys.executable, "-m", "keyguard_simulators", *(f"--venue={name}" for name in VENUES)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdin is not None and process.stdout is not None
    try:
        yield _furnished(json.loads(process.stdout.readline()))
    finally:
        process.stdin.close()
        process.wait(timeout=10)
        process.stdout.close()


def _furnished(urls: dict[str, str]) -> Venues:
    bybit, deribit, upbit = (Website(urls[name]) for name in VENUES)
    master = bybit.do("POST", "accounts", name="desk")["account"]
    trader = bybit.do("POST", "accounts", name="bot", parent=master)["account"]
    futures = deribit.do("POST", "accounts", name="desk")["account"]
    spot = upbit.do("POST", "accounts", name="desk")["account"]
    return Venues(
        urls=urls,
        bybit=issue(
            bybit,
            account=trader,
            label="bot",
            permissions={"ContractTrade": ["Order", "Position"], "Wallet": ["AccountTransfer"]},
            age_days=60,
        ),
        bybit_manager=issue(
            bybit,
            account=master,
            label="manager",
            permissions={"Wallet": ["AccountTransfer", "SubMemberTransfer"]},
            ips=[TRADER_IP],
        ),
        deribit=issue(
            deribit,
            account=futures,
            label="mm_bot",
            permissions="account:read trade:read_write wallet:read",
        ),
        deribit_manager=issue(
            deribit,
            account=futures,
            label="manager",
            permissions="account:read_write trade:read_write wallet:read block_trade:read block_rfq:read",
            ips=[TRADER_IP],
        ),
        upbit=issue(
            upbit,
            account=spot,
            permissions=["view_account", "view_orders", "make_orders"],
            ips=[TRADER_IP],
            age_days=340,
        ),
        upbit_account=spot,
    )


def issue(page: Website, **form: Any) -> Pair:
    """Have the page make a key."""
    shown = page.do("POST", "keys", **form)
    return Pair(shown["key"], shown["secret"])
