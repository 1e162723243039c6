"""One file per venue; `NAMES` lists the bundled ones."""

NAMES = (
    "bitfinex",
    "bitso",
    "bitvavo",
    "bybit",
    "deribit",
    "upbit",
    "whitebit",
)
