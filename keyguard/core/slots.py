"""The slot table of KGA/1 §6.2: one place per venue in every seal. Append-only; never renumber."""

from __future__ import annotations

REGISTRY = 1
SLOT_COUNT = 1024
FIRM = "firm"
"""The stream every recipient sees: nothing in it may tell of a venue."""

_NAMES = (
    "firm upbit bithumb coinone korbit gopax binance bybit okx bitget kucoin gate htx mexc coinbase "
    "coinbaseexchange kraken bitstamp gemini bitfinex deribit bitmex cryptocom bingx whitebit bullish bitso "
    "bitflyer bitvavo backpack hyperliquid coincheck bitbank gmocoin hashkey osl independentreserve "
    "btcmarkets luno mercado phemex woo binanceus kucoinfutures krakenfutures upbit-sg upbit-id upbit-th"
)
SLOTS = {name: number for number, name in enumerate(_NAMES.split())}
_LOCAL = range(896, SLOT_COUNT)
_LOCAL_NAMES = {f"local-{number}": number for number in _LOCAL}


def slot(stream: str) -> int:
    """The slot number of a stream; ValueError for a name that has none.

    `local-<slot>` (896 to 1023) is for venues not in the table; which venue it is, the firm keeps.
    """
    number = SLOTS.get(stream, _LOCAL_NAMES.get(stream))
    if number is None:
        raise ValueError(f"no slot for stream {stream!r}")
    return number
