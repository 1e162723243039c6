"""All reading copies of one attestation, and the signature on its PDF."""

from __future__ import annotations

from keyguard.reading import csvfile, fonts, pdf, workbook
from keyguard.reading.document import Content

PDF = "reading/attestation.pdf"
CSV = "reading/register.csv"
XLSX = "reading/attestation.xlsx"
VERIFY = "reading/verify.txt"


def render(content: Content) -> dict[str, bytes]:
    """The entries below `reading/`; the same content gives the same bytes.

    UsageError where the extra `attest` is not installed.
    """
    return {
        PDF: pdf.render(content),
        XLSX: workbook.render(content),
        CSV: csvfile.register(content),
        VERIFY: verify_text(content),
    }


def verify_text(content: Content) -> bytes:
    """How to verify the file, in Korean and English, with the commands for this very file."""
    predicate = content.predicate
    venue = predicate["recipient"]["venue"]
    one_log = fonts.read("verify_log.txt").decode()
    shown = () if predicate["profile"] == "summary" else predicate["logs"]
    logs = [one_log.format(log_id=log["log_id"]) for log in shown]
    text = fonts.read("verify.txt").decode()
    return text.format(
        id=predicate["attestation_id"],
        recipient=f" --recipient {venue}" if venue else "",
        logs="".join(logs),
        statement_sha256=content.statement_sha256,
        officer_key=predicate["officer"]["key_sha256"],
    ).encode()
