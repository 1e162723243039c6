"""The TLS rules towards venues."""

from __future__ import annotations

import ssl

import certifi


def client_context() -> ssl.SSLContext:
    """Return a context that checks certificate and host name against certifi's roots, TLS 1.2 or later.

    Not `ssl.create_default_context`: that obeys SSLKEYLOGFILE, which writes every session's keys to a
    file, and the system's roots obey SSL_CERT_FILE and SSL_CERT_DIR. Who sets our environment must not
    decide whom we trust.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)  # implies CERT_REQUIRED and check_hostname
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.load_verify_locations(cafile=certifi.where())
    return context
