"""A PAdES signature on the finished PDF, for viewers (KGA/1 §12.1): optional, invisible, by RSA or ECDSA.

It is not part of what a recipient verifies: that is the statement, signed with Ed25519, which viewers of
PDF cannot check.
"""

from __future__ import annotations

import io
from contextlib import suppress
from datetime import datetime
from typing import Any

from keyguard.core.errors import UsageError
from keyguard.core.secret import Secret

_FIELD = "Officer"
_ALGORITHMS = ("rsa", "ec")


def demand_usable(pkcs12: bytes, passphrase: Secret, now: datetime) -> None:
    """UsageError where this key could not sign a PDF now: better said before anything is made."""
    certificate = _signer(pkcs12, passphrase).signing_cert
    if not certificate.not_valid_before <= now < certificate.not_valid_after:
        raise UsageError(
            f"the certificate of the PDF's signer is valid from {certificate.not_valid_before:%Y-%m-%d} to "
            f"{certificate.not_valid_after:%Y-%m-%d}",
            code="attest.pades",
            still="nothing was signed",
            hint="a viewer would call the signature invalid; ask for a new certificate",
        )


def sign(data: bytes, pkcs12: bytes, passphrase: Secret, *, reason: str) -> bytes:
    """The PDF with a signature by the key in a PKCS #12 file; UsageError for one that cannot be used."""
    signer = _signer(pkcs12, passphrase)
    from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
    from pyhanko.sign import fields, signers

    described = signers.PdfSignatureMetadata(
        field_name=_FIELD,
        md_algorithm="sha256",
        subfilter=fields.SigSeedSubFilter.PADES,
        reason=reason,
    )
    writer = IncrementalPdfFileWriter(io.BytesIO(data))
    signed: io.BytesIO = signers.sign_pdf(writer, described, signer=signer)
    return signed.getvalue()


def _signer(pkcs12: bytes, passphrase: Secret) -> Any:
    try:
        from pyhanko.sign import signers
    except ImportError:
        raise UsageError(
            "a signature on the PDF needs the extra attest",
            code="attest.extra",
            still="nothing was signed",
            hint="install keyguard[attest]",
        ) from None
    signer = None
    with suppress(ValueError):
        signer = signers.SimpleSigner.load_pkcs12_data(pkcs12, [], passphrase.reveal().encode())
    if signer is None or signer.signing_key is None or signer.signing_key.algorithm not in _ALGORITHMS:
        raise UsageError(
            "the file holds no RSA or ECDSA key that its pass-phrase opens",
            code="attest.pades",
            still="nothing was signed",
            hint="make one of ECDSA P-256 or RSA; viewers of PDF do not know Ed25519",
        )
    return signer
