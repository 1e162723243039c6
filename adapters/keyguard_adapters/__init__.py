"""One file per venue; `NAMES` lists the bundled ones."""

NAMES = (
    "bybit",
    "coinbase",
    "deribit",
    "upbit",
)
