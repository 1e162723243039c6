"""One file per venue; `NAMES` lists the bundled ones."""

NAMES = (
    "binance",
    "bybit",
    "coinbase",
    "coinbaseexchange",
    "deribit",
    "kucoin",
    "okx",
    "upbit",
)
