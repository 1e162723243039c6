"""Runs an example as it stands, its exchange's client pointed at a simulator.

python -m tests.examples.rerouted EXAMPLE URL
"""

from __future__ import annotations

import importlib
import runpy
import sys
from pathlib import Path
from typing import Any


def _ccxt(client: Any, url: str) -> None:
    client.urls["api"] = dict.fromkeys(client.urls["api"], url)


def _pybit(session: Any, url: str) -> None:
    session.endpoint = url


def _binance(client: Any, url: str) -> None:
    client.API_URL = f"{url}/api"


CLIENTS = {
    "binance.client": ("Client", _binance),
    "ccxt.async_support": ("bybit", _ccxt),
    "ccxt": ("bybit", _ccxt),
    "pybit.unified_trading": ("HTTP", _pybit),
}


def reroute(text: str, url: str) -> None:
    """Have the client that this program imports made with `url` in place of the exchange's."""
    module = next(name for name in CLIENTS if f"import {name}" in text or f"from {name} import" in text)
    name, point = CLIENTS[module]
    client = getattr(importlib.import_module(module), name)
    made = client.__init__

    def init(self: Any, *args: Any, **named: Any) -> None:
        made(self, *args, **named)
        point(self, url)

    client.__init__ = init


if __name__ == "__main__":
    example, where = sys.argv[1:]
    reroute(Path(example).read_text(encoding="utf-8"), where)
    sys.argv = [example]
    runpy.run_path(example, run_name="__main__")
