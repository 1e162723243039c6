"""A PAdES signature on the finished PDF, for viewers (KGA/1 §12.1): optional, invisible, by RSA or ECDSA.

It is not part of what a recipient verifies: that is the statement, signed with Ed25519, which viewers of
PDF cannot check.
"""

from __future__ import annotations

import io
from contextlib import suppress

from keyguard.core.errors import UsageError
from keyguard.core.secret import Secret

_FIELD = "Officer"
_ALGORITHMS = ("rsa", "ec")


def sign(data: bytes, pkcs12: bytes, passphrase: Secret, *, reason: str) -> bytes:
    """The PDF with a signature by the key in a PKCS #12 file; UsageError for one that cannot be used."""
    try:
        from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
        from pyhanko.sign import fields, signers
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
    described = signers.PdfSignatureMetadata(
        field_name=_FIELD,
        md_algorithm="sha256",
        subfilter=fields.SigSeedSubFilter.PADES,
        reason=reason,
    )
    writer = IncrementalPdfFileWriter(io.BytesIO(data))
    signed: io.BytesIO = signers.sign_pdf(writer, described, signer=signer)
    return signed.getvalue()
