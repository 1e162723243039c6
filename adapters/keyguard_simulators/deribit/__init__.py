"""Deribit, JSON-RPC over HTTP: scopes, tokens and signed headers, keys managed by API, second factor."""

from keyguard_simulators.deribit.venue import Deribit as VENUE

__all__ = ["VENUE"]
