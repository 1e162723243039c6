"""pybit with a key that never stands in the environment: the variables name files in memory.

keyguard run bybit/mm/bot --give file --purpose "watch the balance" -- python pybit_files.py
"""

import os
from pathlib import Path

from pybit.unified_trading import HTTP


def given(name: str) -> str:
    """The content of the file that NAME_FILE names."""
    return Path(os.environ[f"{name}_FILE"]).read_text(encoding="utf-8")


session = HTTP(api_key=given("BYBIT_API_KEY"), api_secret=given("BYBIT_API_SECRET"))
account = session.get_wallet_balance(accountType="UNIFIED")["result"]["list"][0]
print("USDT", next(coin["walletBalance"] for coin in account["coin"] if coin["coin"] == "USDT"))
