"""A bot that takes up each new version of its key while it works, with the daemon and threads.

keyguard daemon start
python follow_sync.py

Ends at SIGTERM or Ctrl-C.
"""

import signal
import threading
import time

from pybit.unified_trading import HTTP

from keyguard.client import Client, DaemonError

KEY = "bybit/mm/bot"


class Exchange:
    """The session with the version in use. The lock ends no request early: whoever switches waits for the
    request under way, so that none is sent with a version that we have said we no longer use."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._session: HTTP | None = None
        self.ready = threading.Event()

    def use(self, key: str, secret: str) -> None:
        """From now on sign with this version."""
        session = HTTP(api_key=key, api_secret=secret)
        with self._lock:
            self._session = session
        self.ready.set()

    def balance(self) -> str:
        """A signed request."""
        with self._lock:
            assert self._session is not None
            account = self._session.get_wallet_balance(accountType="UNIFIED")["result"]["list"][0]
        return next(coin["walletBalance"] for coin in account["coin"] if coin["coin"] == "USDT")


def follow(exchange: Exchange) -> None:
    """Switch to each version as it comes. While the daemon is away, the version we have stays good."""
    while True:
        try:
            with Client() as keys:
                for key in keys.watch(KEY, purpose="quote BTCUSDT"):
                    exchange.use(key.key, key.secret.reveal())
                    print("version", key.version, flush=True)
        except DaemonError as error:
            print(f"{error}; trying again", flush=True)
            time.sleep(5)


def main() -> None:
    """Work until told to end."""
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    exchange = Exchange()
    threading.Thread(target=follow, args=[exchange], daemon=True).start()
    exchange.ready.wait()
    asked = 0
    while not stop.is_set():
        exchange.balance()
        asked += 1
        stop.wait(0.05)
    print("asked", asked, flush=True)


main()
