"""Simulated venues on loopback: stand-ins for exchanges in tests, for rehearsals and in the demo.

They share no code with keyguard or its adapters, so that a misreading of a venue's rules shows as a
refusal here and not as two mistakes that agree. A module or package of a venue's name holds `VENUE`, which
makes one.
"""

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
