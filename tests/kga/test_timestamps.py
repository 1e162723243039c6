"""RFC 3161 replies that `openssl ts` made with a throw-away authority (KGA/1 §19, case 33)."""

from __future__ import annotations

import contextlib
import subprocess
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID
from hypothesis import given
from hypothesis import strategies as st

from keyguard.kga import bundle, container, dsse
from keyguard.kga.timestamps import seen_at
from tests.kga import alone
from tests.kga.making import Making, firm_log, trust, wanted

DATA = b"the payload of a statement"
NOW = datetime.now(UTC)
CONFIGURATION = """
[tsa]
default_tsa = one
[one]
serial = {folder}/serial
signer_digest = sha256
default_policy = 1.2.3.4
digests = sha256
accuracy = secs:1
ess_cert_id_chain = no
ess_cert_id_alg = sha256
"""


class Authority:
    """A root, and a certificate for time-stamps under it; `days` from today on which that one ends."""

    def __init__(self, folder: Path, *, days: int = 30) -> None:
        folder.mkdir()
        self.folder = folder
        key, signer = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
        root = _name("FAKE root")
        self.root = _certificate(root, root, key, key, 3650, x509.BasicConstraints(True, None))
        usage = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.TIME_STAMPING])
        mine = _certificate(_name("FAKE TSA"), root, signer, key, days, usage)
        (folder / "tsa.pem").write_bytes(mine)
        (folder / "key.pem").write_bytes(
            signer.private_bytes(
                serialization.Encoding.PEM,
                serialization.PrivateFormat.PKCS8,
                serialization.NoEncryption(),
            )
        )
        (folder / "serial").write_text("01\n")
        (folder / "tsa.cnf").write_text(CONFIGURATION.format(folder=folder))

    def reply(self, data: bytes) -> bytes:
        (self.folder / "data").write_bytes(data)
        self._openssl("-query", "-data", "data", "-sha256", "-cert", "-out", "query")
        self._openssl(
            *"-reply -config tsa.cnf -section one -queryfile query -signer tsa.pem -inkey key.pem".split(),
            *"-out reply".split(),
        )
        return (self.folder / "reply").read_bytes()

    def _openssl(self, *words: str) -> None:
        subprocess.run(["openssl", "ts", *words], cwd=self.folder, check=True, capture_output=True)


def _name(text: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])


def _certificate(subject, issuer, key, signer, days, extension) -> bytes:
    made = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(NOW - timedelta(days=60))
        .not_valid_after(NOW + timedelta(days=days))
        .add_extension(extension, critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_public_key(signer.public_key()), critical=False
        )
        .sign(signer, hashes.SHA256())
    )
    return made.public_bytes(serialization.Encoding.PEM)


@pytest.fixture(scope="module")
def authority(tmp_path_factory):
    return Authority(tmp_path_factory.mktemp("tsa") / "good")


@pytest.fixture(scope="module")
def reply(authority):
    return authority.reply(DATA)


def test_a_reply_over_this_data(authority, reply):
    assert abs(seen_at(reply, DATA, [authority.root]) - NOW) < timedelta(hours=1)


def test_the_stand_alone_file_reads_what_it_is_over_and_when(reply):
    over = {"another": b"x", "this": DATA}
    what, at = alone.module().stamped(reply, over)
    assert what == "this"
    assert abs(datetime.fromisoformat(at) - NOW) < timedelta(hours=1)
    with pytest.raises(ValueError, match="over other data"):
        alone.module().stamped(reply, {"another": b"x"})


def test_the_stand_alone_file_counts_no_time_stamp_and_says_why(authority, reply):
    making = Making(firm_log())
    entries = container.unpack(making.bundle())
    payload = dsse.parse(entries[bundle.STATEMENT]).payload
    entries |= {"anchors/good.tsr": authority.reply(payload), "anchors/other.tsr": reply}
    entries["anchors/x.note"] = entries["anchors/none.tsr"] = b"no reply"
    done = alone.judge(container.pack(entries), trust(making.log), wanted(anchors=1))
    assert (done.exit, alone.first_bad(done.checks)) == (2, 12)
    said = dict(
        detail.split(" counts for nothing: ") for step, _, detail in done.checks if "nothing: " in detail
    )
    assert said["anchors/good.tsr"].startswith("says that the statement was there at 20")
    assert said["anchors/good.tsr"].endswith("who says so is not checked here")
    assert said["anchors/other.tsr"] == "it is over other data"
    assert "DER" in said["anchors/none.tsr"]


@given(st.data())
def test_no_change_to_a_reply_crashes_the_stand_alone_file(reply, data):
    at = data.draw(st.integers(0, len(reply) - 1))
    changed = (
        reply[:at] + bytes([data.draw(st.integers(0, 255))]) + reply[at + data.draw(st.integers(0, 2)) :]
    )
    with contextlib.suppress(ValueError):
        alone.module().stamped(changed[: data.draw(st.integers(0, len(changed)))], {"": DATA})


def test_other_data(authority, reply):
    with pytest.raises(ValueError, match="does not verify"):
        seen_at(reply, DATA + b"x", [authority.root])


def test_an_authority_that_is_not_pinned(reply, tmp_path):
    other = Authority(tmp_path / "other")
    with pytest.raises(ValueError, match="does not verify"):
        seen_at(reply, DATA, [other.root])


def test_no_authority_is_pinned(reply):
    with pytest.raises(ValueError):
        seen_at(reply, DATA, [])


def test_a_certificate_that_had_expired(tmp_path):
    expired = Authority(tmp_path / "expired", days=-1)
    with pytest.raises(ValueError, match="does not verify"):
        seen_at(expired.reply(DATA), DATA, [expired.root])


@pytest.mark.parametrize("reply_", [b"", b"not a reply", bytes(100)])
def test_no_reply(authority, reply_):
    with pytest.raises(ValueError, match="does not verify"):
        seen_at(reply_, DATA, [authority.root])
