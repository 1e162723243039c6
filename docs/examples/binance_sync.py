"""python-binance with a key from `keyguard run`.

keyguard run binance/mm/bot --as sdk --purpose "watch the balance" -- python binance_sync.py
"""

import os

from binance.client import Client

client = Client(os.environ["BINANCE_API_KEY"], os.environ["BINANCE_API_SECRET"], ping=False)
print("USDT", client.get_asset_balance("USDT")["free"])
