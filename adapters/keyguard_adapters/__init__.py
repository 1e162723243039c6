"""One file per venue; `NAMES` lists the bundled ones."""

NAMES = (
    "bingx",
    "bitget",
    "bybit",
    "deribit",
    "gate",
    "htx",
    "kucoin",
    "mexc",
    "upbit",
)
