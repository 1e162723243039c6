"""Bybit, REST v5: master and sub-accounts, keys of sub-accounts managed by API, HMAC and RSA."""
