"""One file per venue; `NAMES` lists the bundled ones."""

NAMES = (
    "bitflyer",
    "bithumb",
    "bybit",
    "coinone",
    "deribit",
    "gopax",
    "hashkey",
    "korbit",
    "upbit",
)
