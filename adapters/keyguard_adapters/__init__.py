"""One file per venue; `NAMES` lists the bundled ones."""

NAMES = (
    "bitstamp",
    "bybit",
    "coinbase",
    "coinbaseexchange",
    "cryptocom",
    "deribit",
    "gemini",
    "kraken",
    "upbit",
)
