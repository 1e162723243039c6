"""One file per venue; `NAMES` lists the bundled ones."""

NAMES = (
    "binance",
    "bybit",
    "deribit",
    "kucoin",
    "okx",
    "upbit",
)
