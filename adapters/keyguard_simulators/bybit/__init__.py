"""Bybit, REST v5: master and sub-accounts, keys of sub-accounts managed by API, HMAC and RSA."""

from keyguard_simulators.bybit.venue import Bybit as VENUE

__all__ = ["VENUE"]
