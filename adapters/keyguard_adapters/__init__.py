"""One file per venue; `NAMES` lists the bundled ones."""

NAMES = (
    "bithumb",
    "bybit",
    "coinone",
    "deribit",
    "gopax",
    "hashkey",
    "korbit",
    "upbit",
)
