"""One file per venue; `NAMES` lists the bundled ones."""

NAMES = (
    "binance",
    "bithumb",
    "bybit",
    "coinbase",
    "coinbaseexchange",
    "coinone",
    "deribit",
    "kucoin",
    "okx",
    "upbit",
)
