"""One file per venue; `NAMES` lists the bundled ones."""

NAMES = (
    "backpack",
    "bitfinex",
    "bitmex",
    "bitso",
    "bitvavo",
    "bullish",
    "bybit",
    "deribit",
    "hyperliquid",
    "upbit",
    "whitebit",
)
