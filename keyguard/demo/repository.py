"""The trading bot's repository: a key hard-coded, one in `.env`, one in the past."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from keyguard.demo.shell import Shell
    from keyguard.demo.venues import Pair, Venues

BOT = '''"""Quotes BTCUSDT on Bybit with pybit, the venue's own client."""

import os

from pybit.unified_trading import HTTP

API_KEY = "{key}"
API_SECRET = "{secret}"

session = HTTP(
    api_key=os.environ.get("BYBIT_API_KEY", API_KEY),
    api_secret=os.environ.get("BYBIT_API_SECRET", API_SECRET),
)
session.endpoint = os.environ.get("BYBIT_ENDPOINT", session.endpoint)

wallet = session.get_wallet_balance(accountType="UNIFIED")
print("bot: the venue knows me, equity", wallet["result"]["list"][0]["totalEquity"])
order = session.place_order(
    category="linear", symbol="BTCUSDT", side="Buy", orderType="Limit", qty="0.01", price="10000"
)
print("bot: quoted, order", order["result"]["orderId"])
print("bot: I was handed", os.environ.get("BYBIT_API_SECRET", "nothing"))
'''

DOTENV = """# Upbit, KRW-BTC
UPBIT_ACCESS_KEY={key}
UPBIT_SECRET_KEY={secret}
LOG_LEVEL=info
"""

HEDGE = '''"""Deribit hedge, not used any more."""

DERIBIT_CLIENT_ID = "{key}"
DERIBIT_CLIENT_SECRET = "{secret}"
'''


def write(shell: Shell, venues: Venues) -> None:
    """Make the repository: two commits, the second of which removes the Deribit pair too late."""
    shell.run("git", "init", "-q", "-b", "main")
    _file(shell, ".gitignore", ".env\n")
    _file(shell, "hedge.py", _filled(HEDGE, venues.deribit))
    _file(shell, "bot.py", _filled(BOT, venues.bybit))
    _file(shell, ".env", _filled(DOTENV, venues.upbit))
    shell.run("git", "add", ".")
    shell.run("git", "commit", "-q", "-m", "first bot")
    shell.run("git", "rm", "-q", "hedge.py")
    shell.run("git", "commit", "-q", "-m", "hedge: not used any more")


def _file(shell: Shell, name: str, text: str) -> None:
    shell.folder.joinpath(name).write_text(text, encoding="utf-8")


def _filled(template: str, pair: Pair) -> str:
    return template.format(key=pair.key, secret=pair.secret)
