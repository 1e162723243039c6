"""A bot as a desk writes one: takes its key from `watch`, signs by its own few lines, and never pauses.

Prints `trading` once it has its key; at the end of its standard input one line of JSON with what it did.
"""

from __future__ import annotations

import hashlib
import hmac
import http.client
import json
import sys
import threading
import time
from urllib.parse import urlsplit

from keyguard.client import Client, HandedKey

_WINDOW_MS = "20000"
_PATH = "/v5/user/query-api"


class Bot:
    """One key, one connection to the venue, `per_second` requests."""

    def __init__(self, name: str, url: str, per_second: int) -> None:
        place = urlsplit(url)
        self._connection = http.client.HTTPConnection(place.hostname or "", place.port, timeout=30)
        self._pause = 1 / per_second
        self._name = name
        self._key: HandedKey | None = None
        self.ready = threading.Event()
        self.sent = 0
        self.keys = 0
        self.failed: list[str] = []

    def follow(self) -> None:
        """Use each version that `watch` brings, from the next request on."""
        with Client() as client:
            for key in client.watch(self._name, purpose="soak"):
                self._key = key
                self.keys += 1
                self.ready.set()

    def trade(self, ending: threading.Event) -> None:
        """Send requests at their pace until told to end."""
        due = time.monotonic()
        while not ending.is_set():
            self._send()
            due += self._pause
            time.sleep(max(0.0, due - time.monotonic()))

    def _send(self) -> None:
        key = self._key
        assert key is not None
        stamp = str(time.time_ns() // 1_000_000)
        signed = hmac.new(
            key.secret.reveal().encode(), f"{stamp}{key.key}{_WINDOW_MS}".encode(), hashlib.sha256
        )
        headers = {
            "X-BAPI-API-KEY": key.key,
            "X-BAPI-TIMESTAMP": stamp,
            "X-BAPI-RECV-WINDOW": _WINDOW_MS,
            "X-BAPI-SIGN": signed.hexdigest(),
        }
        self.sent += 1
        try:
            self._connection.request("GET", _PATH, headers=headers)
            reply = self._connection.getresponse()
            told = json.loads(reply.read())
        except (OSError, ValueError, http.client.HTTPException) as error:
            self.failed.append(f"version {key.version}: {type(error).__name__}")
            self._connection.close()
            return
        if reply.status != 200 or told.get("retCode") != 0:
            self.failed.append(f"version {key.version}: {reply.status} {told.get('retCode')}")


def main() -> None:
    """Trade until standard input ends."""
    name, url, per_second = sys.argv[1:]
    bot, ending = Bot(name, url, int(per_second)), threading.Event()
    threading.Thread(target=bot.follow, daemon=True).start()
    bot.ready.wait()
    trading = threading.Thread(target=bot.trade, args=(ending,))
    trading.start()
    sys.stdout.write("trading\n")
    sys.stdout.flush()
    sys.stdin.read()
    ending.set()
    trading.join()
    sys.stdout.write(json.dumps({"sent": bot.sent, "keys": bot.keys, "failed": bot.failed}) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
