"""ccxt with a key from `keyguard run`.

keyguard run bybit/mm/bot --as ccxt --purpose "watch the balance" -- python ccxt_sync.py
"""

import os

import ccxt

exchange = ccxt.bybit({"apiKey": os.environ["BYBIT_APIKEY"], "secret": os.environ["BYBIT_SECRET"]})
print("USDT", exchange.fetch_balance()["USDT"]["total"])
