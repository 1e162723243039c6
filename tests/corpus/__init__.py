"""A labelled corpus of leaks and look-alikes, made anew from a seed whenever it is needed.

Shapes, names and layouts come from the venues' documentation, their clients (ccxt, official SDKs), bots
(freqtrade, hummingbot) and the vendors' manuals, not from our rules. Nothing here is a credential, and no
value stands in these files.
"""
