"""ccxt for asyncio with a key from `keyguard run`.

keyguard run bybit/mm/bot --as ccxt --purpose "watch the balance" -- python ccxt_async.py
"""

import asyncio
import os

import ccxt.async_support as ccxt


async def main() -> None:
    """Ask for the balance and hang up."""
    key = {"apiKey": os.environ["BYBIT_APIKEY"], "secret": os.environ["BYBIT_SECRET"]}
    async with ccxt.bybit(key) as exchange:
        balance = await exchange.fetch_balance()
        print("USDT", balance["USDT"]["total"])


asyncio.run(main())
