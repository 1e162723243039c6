"""One file per venue; `NAMES` lists the bundled ones."""

NAMES = (
    "binance",
    "bitfinex",
    "bitflyer",
    "bithumb",
    "bitso",
    "bitvavo",
    "bybit",
    "coinbase",
    "coinbaseexchange",
    "coinone",
    "deribit",
    "gopax",
    "hashkey",
    "korbit",
    "kucoin",
    "okx",
    "upbit",
    "whitebit",
)
