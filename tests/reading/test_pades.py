"""The signature for viewers, checked by a viewer's own tool where it is installed."""

from __future__ import annotations

import datetime
import io
import shutil
import subprocess

import pikepdf
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from cryptography.hazmat.primitives.serialization import BestAvailableEncryption, pkcs12

from keyguard.core.errors import UsageError
from keyguard.core.secret import Secret
from keyguard.reading import copies, pdf
from keyguard.reading.gate import Guarded, check
from keyguard.reading.pades import demand_usable, sign
from tests.reading.contents import content
from tests.reading.pdf_structure import breaches

WORD = "FAKE pass-phrase"


def container(key: ec.EllipticCurvePrivateKey | ed25519.Ed25519PrivateKey) -> bytes:
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "FAKE Officer")])
    since = datetime.datetime(2026, 1, 1, tzinfo=datetime.UTC)
    builder = x509.CertificateBuilder(
        name, name, key.public_key(), 1, since, since + datetime.timedelta(days=3650)
    )
    usage = x509.KeyUsage(True, True, False, False, False, False, False, False, False)
    builder = builder.add_extension(usage, critical=True)
    made = builder.sign(key, hashes.SHA256() if isinstance(key, ec.EllipticCurvePrivateKey) else None)
    return pkcs12.serialize_key_and_certificates(
        b"officer", key, made, None, BestAvailableEncryption(WORD.encode())
    )


@pytest.fixture(scope="module")
def signed() -> bytes:
    store = container(ec.generate_private_key(ec.SECP256R1()))
    return sign(pdf.render(content()), store, Secret(WORD), reason="reading copy")


def test_the_field_is_invisible_and_the_copy_before_it_is_untouched(signed):
    assert signed.startswith(pdf.render(content()))
    with pikepdf.open(io.BytesIO(signed)) as file:
        (field,) = file.Root.AcroForm.Fields
        assert str(field.V.SubFilter) == "/ETSI.CAdES.detached"
        assert [float(one) for one in field.get("/Rect", [0])] in ([0], [0, 0, 0, 0])
        assert file.Root.MarkInfo.Marked
        assert all(page.Tabs == "/S" for page in file.pages)


def test_a_certificate_that_is_not_valid_now():
    store = container(ec.generate_private_key(ec.SECP256R1()))
    valid = datetime.datetime(2027, 1, 1, tzinfo=datetime.UTC)
    demand_usable(store, Secret(WORD), valid)
    for now in (valid.replace(year=2025), valid.replace(year=2040)):
        with pytest.raises(UsageError, match="valid from 2026-01-01 to 2035-12-30"):
            demand_usable(store, Secret(WORD), now)


def test_a_signature_breaks_nothing_of_the_structure(signed):
    assert breaches(signed) == []


def test_the_gate_reads_the_signed_file(signed):
    assert check({copies.PDF: signed}, Guarded()) == ()


@pytest.mark.skipif(shutil.which("pdfsig") is None, reason="pdfsig (poppler-utils) is not installed")
def test_a_viewers_tool_finds_the_signature_valid_and_a_change_invalid(signed, tmp_path):
    def told(data: bytes) -> str:
        (tmp_path / "x.pdf").write_bytes(data)
        command = ["pdfsig", "-nocert", str(tmp_path / "x.pdf")]
        return subprocess.run(command, capture_output=True, text=True, check=False).stdout

    assert "Signature is Valid" in told(signed)
    at = signed.index(b"/CreationDate")
    assert "Signature is Valid" not in told(signed[: at + 20] + b"9" + signed[at + 21 :])


def test_a_key_that_viewers_do_not_know_and_a_wrong_pass_phrase_are_refused():
    with pytest.raises(UsageError, match="no RSA or ECDSA key"):
        sign(b"%PDF", container(ed25519.Ed25519PrivateKey.generate()), Secret(WORD), reason="x")
    with pytest.raises(UsageError, match="no RSA or ECDSA key") as caught:
        sign(b"%PDF", container(ec.generate_private_key(ec.SECP256R1())), Secret("FAKE other"), reason="x")
    assert "FAKE" not in repr(caught.value)
