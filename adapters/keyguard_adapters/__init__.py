"""One file per venue; `NAMES` lists the bundled ones."""

NAMES = (
    "bithumb",
    "bybit",
    "deribit",
    "upbit",
)
