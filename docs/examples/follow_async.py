"""A bot that takes up each new version of its key while it works, with the daemon and asyncio.

keyguard daemon start
python follow_async.py

Ends at SIGTERM or Ctrl-C.
"""

import asyncio
import signal

import ccxt.async_support as ccxt

from keyguard.client import DaemonError
from keyguard.client.aio import AsyncClient

KEY = "bybit/mm/bot"


class Exchange:
    """ccxt with the version in use. Whoever switches waits for the request under way, so that none is sent
    with a version that we have said we no longer use."""

    def __init__(self) -> None:
        self._lock = asyncio.Lock()
        self._ccxt = ccxt.bybit()
        self.ready = asyncio.Event()

    async def use(self, key: str, secret: str) -> None:
        """From now on sign with this version."""
        async with self._lock:
            self._ccxt.apiKey, self._ccxt.secret = key, secret
        self.ready.set()

    async def balance(self) -> float:
        """A signed request."""
        async with self._lock:
            return float((await self._ccxt.fetch_balance())["USDT"]["total"])

    async def close(self) -> None:
        """Hang up."""
        await self._ccxt.close()


async def follow(exchange: Exchange) -> None:
    """Switch to each version as it comes. While the daemon is away, the version we have stays good."""
    while True:
        try:
            async with AsyncClient() as keys:
                async for key in keys.watch(KEY, purpose="quote BTCUSDT"):
                    await exchange.use(key.key, key.secret.reveal())
                    print("version", key.version, flush=True)
        except DaemonError as error:
            print(f"{error}; trying again", flush=True)
            await asyncio.sleep(5)


async def main() -> None:
    """Work until told to end."""
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    exchange = Exchange()
    following = asyncio.create_task(follow(exchange))
    await exchange.ready.wait()
    asked = 0
    while not stop.is_set():
        await exchange.balance()
        asked += 1
        await asyncio.sleep(0.05)
    print("asked", asked, flush=True)
    following.cancel()
    await exchange.close()


asyncio.run(main())
