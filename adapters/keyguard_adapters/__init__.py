"""One file per venue; `NAMES` lists the bundled ones."""

NAMES = (
    "bitget",
    "bybit",
    "deribit",
    "gate",
    "htx",
    "kucoin",
    "upbit",
)
