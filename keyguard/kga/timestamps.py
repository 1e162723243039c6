"""RFC 3161 time-stamps (KGA/1 §6.3): when an authority that the recipient pinned saw some bytes."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime


def seen_at(reply: bytes, data: bytes, roots: Sequence[bytes]) -> datetime:
    """When the authority says it saw the data, UTC.

    `roots` are certificates in PEM. ValueError where the reply is none, is over other data, or leads to none
    of them; also where the library that reads replies (extra `attest`) is not installed.
    """
    try:
        import rfc3161_client  # noqa: PLC0415 - an extra
    except ImportError:
        raise ValueError("time-stamps cannot be read here: install keyguard[attest]") from None
    from cryptography.x509 import load_pem_x509_certificates

    try:
        response = rfc3161_client.decode_timestamp_response(reply)
        builder = rfc3161_client.VerifierBuilder()
        for root in roots:
            for certificate in load_pem_x509_certificates(root):
                builder = builder.add_root_certificate(certificate)
        builder.build().verify_message(response, data)
        return response.tst_info.gen_time
    except (ValueError, rfc3161_client.VerificationError) as error:
        raise ValueError(f"the time-stamp does not verify: {error}") from None
