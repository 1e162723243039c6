"""Tools of others agree: pymerkle on roots and paths, securesystemslib on envelopes."""

import contextlib
import hashlib

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st
from pymerkle import InmemoryTree
from securesystemslib.dsse import Envelope
from securesystemslib.signer import CryptoSigner

from keyguard.kga import checkpoints, dsse, merkle, notes


@given(st.integers(1, 40), st.integers(0, 39))
def test_roots_and_paths(size, index):
    data = [f"record {i}".encode() for i in range(size)]
    index %= size
    other = InmemoryTree.init_from_entries(data, algorithm="sha256")
    leaves = [merkle.leaf_hash(one) for one in data]
    assert merkle.root(leaves) == other.get_root()
    path = merkle.path(leaves, index)
    proof = other.prove_inclusion(index + 1).serialize()["path"]
    assert {one.hex() for one in path} <= set(proof)
    assert merkle.root_from_path(leaves[index], index, size, path) == merkle.root(leaves)


@given(st.integers(1, 70), st.integers(0, 69), st.data())
def test_a_path_proves_one_place_only(size, index, data):
    index %= size
    leaves = [hashlib.sha256(bytes([i])).digest() for i in range(size)]
    path = merkle.path(leaves, index)
    spoilt = data.draw(st.sampled_from(["place", "short", "long", "hash"]))
    at, hashes = index, list(path)
    if spoilt == "place":
        at = (index + 1) % size
    elif spoilt == "short":
        hashes = hashes[:-1]
    elif spoilt == "long":
        hashes.append(bytes(32))
    elif hashes:
        hashes[0] = bytes(32)
    if (at, hashes) == (index, list(path)):
        return
    with contextlib.suppress(ValueError):
        assert merkle.root_from_path(leaves[index], at, size, hashes) != merkle.root(leaves)


@given(st.integers(0, 60), st.integers(0, 60))
def test_a_frontier_goes_on_where_it_was_left(first, more):
    leaves = [hashlib.sha256(bytes([i])).digest() for i in range(first + more)]
    tree = merkle.frontier(leaves[:first])
    again = merkle.Frontier(tree.size, tree.hashes)
    for leaf in leaves[first:]:
        again.push(leaf)
    assert again.root() == merkle.root(leaves)
    assert tree.root() == merkle.root(leaves[:first])


def test_a_frontier_of_the_wrong_length():
    with pytest.raises(ValueError, match="perfect subtrees"):
        merkle.Frontier(3, [bytes(32)])
    with pytest.raises(ValueError, match="32 bytes"):
        merkle.Frontier(1, [b"short"])


def test_envelopes_both_ways():
    private = Ed25519PrivateKey.from_private_bytes(b"\x02" * 32)
    public = private.public_key().public_bytes_raw()
    signer = CryptoSigner(private)
    ours = dsse.sign(b'{"a":1}', dsse.IN_TOTO, [(public, private.sign)])
    read = {"payload": ours.encode()}
    theirs = Envelope(b'{"a":1}', dsse.IN_TOTO, {})
    theirs.sign(signer)
    assert [one.sig for one in ours.signatures] == [
        bytes.fromhex(s.signature) for s in theirs.signatures.values()
    ]
    assert theirs.pae() == dsse.pae(dsse.IN_TOTO, b'{"a":1}')
    assert read["payload"].startswith(b'{"payload":')


@pytest.mark.parametrize(
    "data",
    [
        b'{"payload":"","payload":"","payloadType":"t","signatures":[]}',
        b'{"payload":"","payloadType":"t"}',
        b'{"payload":"*","payloadType":"t","signatures":[]}',
        b'{"payload":1,"payloadType":"t","signatures":[]}',
        b'{"payload":"","payloadType":1,"signatures":[]}',
        b'{"payload":"","payloadType":"t","signatures":[{"keyid":"k"}]}',
        b'{"payload":"","payloadType":"t","signatures":[{"keyid":1,"sig":""}]}',
        b"[" * 10_000 + b"]" * 10_000,
        b"\xff",
        b"{} trailing",
    ],
)
def test_no_envelope(data):
    with pytest.raises(ValueError):
        dsse.parse(data)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "body\n",
        "body\n\n",
        "body\n\n— name\n",
        "body\n\n- name AAAAAAA=\n",
        "body\n\n— name AAAA\n",
        "body\n\n— name AAAAAAB=\n",
        "bo\tdy\n\n— name AAAAAAA=\n",
        "body\n\n— name AAAAAAA=",
    ],
)
def test_no_note(text):
    with pytest.raises(ValueError):
        notes.parse(text)


@pytest.mark.parametrize("text", ["o\n01\nA\n", "o\n1\n", "o\n1\n" + "A" * 43 + "=\nextension\n", "\n1\nA\n"])
def test_no_checkpoint(text):
    with pytest.raises(ValueError):
        checkpoints.parse(text)


@pytest.mark.parametrize("text", ["", "name+00000000+", "name+00000000+" + "A" * 44, "name", "na me+aa+AA=="])
def test_no_verifier_key(text):
    with pytest.raises(ValueError):
        notes.verifier_key(text)


def test_a_proof_of_a_seal():
    private = Ed25519PrivateKey.from_private_bytes(b"\x01" * 32)
    log = notes.VerifierKey("keyguard/x", notes.ED25519, private.public_key().public_bytes_raw())
    leaves = [hashlib.sha256(bytes([i])).digest() for i in range(5)]
    head = str(checkpoints.Checkpoint("keyguard/x", 5, merkle.root(leaves)))
    note = notes.Note(head, (notes.sign(head, log, private.sign),))
    proof = checkpoints.SealProof(2, merkle.path(leaves, 2), note)
    read = checkpoints.parse_proof(str(proof))
    assert read == proof
    assert read.includes(leaves[2])
    assert not read.includes(leaves[3])
    for spoilt in ("index 02", "index -1", "extra x\nindex 2", "index"):
        with pytest.raises(ValueError):
            checkpoints.parse_proof(str(proof).replace("index 2", spoilt))
