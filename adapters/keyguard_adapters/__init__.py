"""One file per venue; `NAMES` lists the bundled ones."""

NAMES = (
    "bitfinex",
    "bitvavo",
    "bybit",
    "deribit",
    "upbit",
)
