"""One file per venue; `NAMES` lists the bundled ones."""

NAMES = (
    "bybit",
    "deribit",
    "gate",
    "kucoin",
    "upbit",
)
