"""One file per venue; `NAMES` lists the bundled ones."""

NAMES = (
    "bybit",
    "deribit",
    "kucoin",
    "upbit",
)
