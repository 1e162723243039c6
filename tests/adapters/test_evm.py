"""The encodings behind wallets' signatures, against other people's: those that ccxt 4.5.90 brings along."""

from __future__ import annotations

from typing import Any

import pytest
from ccxt.base.exchange import Exchange
from ccxt.static_dependencies import msgpack
from hypothesis import given
from hypothesis import strategies as st

from keyguard_adapters import _evm

VALUES: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**64 - 1) | st.text(max_size=300),
    lambda inner: st.lists(inner, max_size=20) | st.dictionaries(st.text(max_size=5), inner, max_size=20),
    max_leaves=30,
)


@given(VALUES)
def test_packs_as_msgpack_does(value: Any) -> None:
    assert _evm.packed(value) == msgpack.packb(value)


@pytest.mark.parametrize("size", [15, 16, 31, 32, 255, 256, 65535, 65536])
def test_lengths_at_their_edges(size: int) -> None:
    for value in ("x" * size, [None] * size, {str(n): 1 for n in range(size)}):
        assert _evm.packed(value) == msgpack.packb(value)


@pytest.mark.parametrize("value", [0.5, b"x", 2**64, -(2**63) - 1, {"a": 1.0}])
def test_what_two_encoders_might_write_differently_is_refused(value: Any) -> None:
    with pytest.raises(ValueError, match="packed"):
        _evm.packed(value)


@given(st.binary(max_size=500))
def test_keccak_is_not_the_later_sha3(data: bytes) -> None:
    assert _evm.keccak256(data).hex() == Exchange.hash(data, "keccak", "hex")


@given(
    st.text(max_size=40),
    st.integers(0, 2**64 - 1),
    st.binary(min_size=20, max_size=20),
    st.binary(min_size=32, max_size=32),
    st.integers(0, 2**32),
)
def test_a_structure_is_hashed_as_ccxt_does(
    text: str, number: int, address: bytes, octets: bytes, chain: int
) -> None:
    shown = "0x" + address.hex()
    fields = [
        ("string", "name", text),
        ("uint64", "count", number),
        ("address", "to", shown),
        ("bytes32", "id", octets),
    ]
    domain = {"name": "X", "version": "1", "chainId": chain, "verifyingContract": "0x" + "0" * 40}
    types = {"Kind": [{"name": name, "type": type_} for type_, name, _ in fields]}
    encoded = Exchange.eth_encode_structured_data(domain, types, {name: value for _, name, value in fields})
    assert _evm.typed_digest("X", chain, "Kind", fields).hex() == Exchange.hash(encoded, "keccak", "hex")


@pytest.mark.parametrize(
    ("type_", "value"),
    [("bytes32", b"x"), ("uint64", 2**64), ("uint64", -1), ("address", "0x1"), ("int8", 1)],
)
def test_a_value_that_does_not_fit_its_type_is_refused(type_: str, value: Any) -> None:
    with pytest.raises(ValueError, match=r"not an? "):
        _evm.typed_digest("x", 1, "Kind", [(type_, "field", value)])
