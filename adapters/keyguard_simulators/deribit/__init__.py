"""Deribit, JSON-RPC over HTTP: scopes, tokens and signed headers, keys managed by API, second factor."""
