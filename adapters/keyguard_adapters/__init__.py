"""One file per venue; `NAMES` lists the bundled ones."""

NAMES = (
    "binance",
    "bitfinex",
    "bithumb",
    "bitso",
    "bitstamp",
    "bitvavo",
    "bybit",
    "coinbase",
    "coinbaseexchange",
    "coinone",
    "cryptocom",
    "deribit",
    "gemini",
    "kraken",
    "kucoin",
    "okx",
    "upbit",
    "whitebit",
)
