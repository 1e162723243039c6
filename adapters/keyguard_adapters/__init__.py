"""One file per venue; `NAMES` lists the bundled ones."""

NAMES = (
    "binance",
    "bitfinex",
    "bithumb",
    "bitso",
    "bitvavo",
    "bybit",
    "coinbase",
    "coinbaseexchange",
    "coinone",
    "deribit",
    "kucoin",
    "okx",
    "upbit",
    "whitebit",
)
