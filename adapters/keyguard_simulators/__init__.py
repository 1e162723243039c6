"""Simulated venues on loopback: stand-ins for exchanges in tests, for rehearsals and in the demo.

They share no code with keyguard or its adapters, so that a misreading of a venue's rules shows as a
refusal here and not as two mistakes that agree. A module or package of a venue's name holds `VENUE`, which
makes one.
"""

NAMES = (
    "backpack",
    "binance",
    "bingx",
    "bitfinex",
    "bitflyer",
    "bitget",
    "bithumb",
    "bitso",
    "bitstamp",
    "bitvavo",
    "bullish",
    "bybit",
    "coinbase",
    "coinbaseexchange",
    "coinone",
    "cryptocom",
    "deribit",
    "gate",
    "gemini",
    "gopax",
    "hashkey",
    "htx",
    "hyperliquid",
    "korbit",
    "kraken",
    "kucoin",
    "mexc",
    "okx",
    "upbit",
    "whitebit",
)
