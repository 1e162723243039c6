"""The worked vectors of KGA/1 §20, made with tools of others."""

import hashlib

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from keyguard.core import canonical
from keyguard.kga import checkpoints, dsse, merkle, notes, seals, slot_table

LEAVES = [merkle.leaf_hash(f"rec-{i}".encode()) for i in range(7)]
ROOTS = {
    0: "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    1: "b5b263dfd4a38a7a65666b043069d2793eb010be321607e9458807835595f783",
    2: "e9765cebb00ac79940fa7c41430b20bbfea2e5277e6d7a18ebdab2df6d3856d1",
    3: "22e78f0579eb5353de2ebd093e316289301d60292ac87844b63f94ac43110a4b",
    5: "20f291cbb1e921f1415dcc474ecccd37133239ce17285be7009aa2c28d81fcdb",
    7: "b3196a3e8827c7284d364c8089061325bde8c0700d92070b2a819ad900264669",
}
TABLE = "5ff3e7e0df71466928caaa1f90e2d159401b5970c151c9da2298454a17fb53ef"
SEAL = "77036c71a900c16c28ddcbd521b7a7d722ac9b0f3016c1d584e3ddfe1bd47c78"
ORIGIN = "keyguard/0f1e2d3c4b5a6978"
NOTE = f"""{ORIGIN}
1
dwNscakAwWwo3cvVIben1yKsmw8wFsHVhOPd/hvUfHg=

— {ORIGIN} pteH5OTxES2Zvp3vHKQ8eHBULQRywI/YcdkyJDwKIMqRH0IRnlsqtINJSX/pZin/F88fauhKaSZibh//nkcHTUxuSQI=
— witness.example/w1 2e1ixQAAAABqvaKA3mX1+0m9WA+n624sStkjOLbEbi41M2cs9SSzeaDncDYrtlm3wCa6tb9sSsdbmcdstXxm\
y3p751jw9YEgiIpACg==
"""


def key(seed: int) -> tuple[bytes, notes.Sign]:
    private = Ed25519PrivateKey.from_private_bytes(bytes([seed]) * 32)
    return private.public_key().public_bytes_raw(), private.sign


@pytest.mark.parametrize(("size", "expected"), ROOTS.items())
def test_root(size, expected):
    assert merkle.root(LEAVES[:size]).hex() == expected


def test_path():
    assert [one.hex() for one in merkle.path(LEAVES[:5], 2)] == [
        "025f30a4263e24fc829e1eeef9e025437c4dd379c6edd95deb9f2e9253bcd23a",
        "e9765cebb00ac79940fa7c41430b20bbfea2e5277e6d7a18ebdab2df6d3856d1",
        "02016a13ff75c7bdb66e975231f18864e73692d1863db4902e9ab757de6a756b",
    ]


def test_frontier():
    tree = merkle.frontier(LEAVES[:3])
    assert [one.hex() for one in tree.hashes] == [
        ROOTS[2],
        "61293f638cc98821134d55f87e5d291e3a517f01ee75fc11e1eb26c6406692ef",
    ]
    tree.push(LEAVES[3])
    tree.push(LEAVES[4])
    assert tree.root().hex() == ROOTS[5]


def table() -> slot_table.SlotTable:
    """Only slots 0 to 5 have names in this vector; Upbit's holds three records."""
    made = slot_table.SlotTable({"upbit": (3, bytes.fromhex(ROOTS[3]))}, b"\x07" * 32)
    unnamed = [
        one if one.number < 6 else slot_table.Slot(one.number, "-", one.size, one.root, one.salt)
        for one in made.slots
    ]
    made.slots = tuple(unnamed)
    made._leaves = [one.leaf() for one in unnamed]
    return made


def test_slots():
    made = table()
    assert made.slots[1].salt.hex() == "43aff36a779f885a35f48c5ec133aa6b5c7672b1d945514b88bf2ea61c4010c9"
    assert made.slots[1].leaf().hex() == "a01059cecc556ed5c2a881ee786f7ea209a530f84128a6f6fb5d02a948a4e70c"
    assert made.root().hex() == TABLE


def test_a_seal():
    t = canonical.parse_instant("2026-10-01T00:00:00.000000Z")
    seal = seals.Seal(0, t, bytes(32), bytes.fromhex(TABLE))
    assert seal.leaf().hex() == SEAL
    assert seals.parse(seal.encode()) == seal


def test_a_checkpoint_and_its_witness():
    public, sign = key(1)
    log = notes.VerifierKey(ORIGIN, notes.ED25519, public)
    assert str(log) == f"{ORIGIN}+a6d787e4+AYqI4910CfGV/VLbLTy6XXLKZwm/HZQSG/N0iAG0D29c"
    assert notes.verifier_key(str(log)) == log
    seen, cosign = key(3)
    witness = notes.VerifierKey("witness.example/w1", notes.COSIGNATURE, seen)

    head = str(checkpoints.Checkpoint(ORIGIN, 1, bytes.fromhex(SEAL)))
    signatures = (notes.sign(head, log, sign), notes.cosign(head, witness, cosign, 1790812800))
    assert str(notes.Note(head, signatures)) == NOTE

    note = notes.parse(NOTE)
    assert note.signed_by(log)
    assert note.cosigned_at(witness) == 1790812800
    assert checkpoints.parse(note.text) == checkpoints.Checkpoint(ORIGIN, 1, bytes.fromhex(SEAL))


def test_an_envelope():
    payload = b'{"_type":"https://in-toto.io/Statement/v1"}'
    assert (
        hashlib.sha256(dsse.pae(dsse.IN_TOTO, payload)).hexdigest()
        == "57dd565335c70baa2e9fc48a46e80907434e3c6ea2342ef806dad983891349cd"
    )
    public, sign = key(2)
    envelope = dsse.sign(payload, dsse.IN_TOTO, [(public, sign)])
    assert envelope.signatures[0].keyid == "6a3803d5f059902a1c6dafbc9ba4729212f7caac08634cc3ae76b27529f03827"
    assert b"cYD7yb7BCP78Ciwvf2I0eddZdrTCviwDPf2YgXgQlF4FXhnO+x9uqrc41gE2mKYvFUYool3/QBANcjNpE02yCQ==" in (
        envelope.encode()
    )
    assert dsse.parse(envelope.encode()) == envelope
    assert envelope.signers([public, key(1)[0]]) == {public}
