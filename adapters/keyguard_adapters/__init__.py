"""One file per venue; `NAMES` lists the bundled ones."""

NAMES = (
    "bybit",
    "coinbase",
    "coinbaseexchange",
    "deribit",
    "gemini",
    "kraken",
    "upbit",
)
