"""One file per venue; `NAMES` lists the bundled ones."""

NAMES = (
    "bitfinex",
    "bybit",
    "deribit",
    "upbit",
)
