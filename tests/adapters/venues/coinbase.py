"""What the tests know of Coinbase; the members are explained in `tests/adapters/venues/__init__.py`."""

from __future__ import annotations

import base64
import json
from typing import Any

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, utils
from cryptography.hazmat.primitives.serialization import load_der_public_key

from keyguard.core.exchange import KeyReport, KeySpec, Wire
from keyguard.core.keys import Scope
from keyguard_adapters.coinbase import FACTS
from tests.adapters.scripts import Scenario, adapter, call

KEY = adapter("coinbase").example.key
SPEC = KeySpec(
    label="mm_1",
    scopes=Scope.READ | Scope.TRADE_SPOT | Scope.TRADE_DERIVATIVES,
    grants=("trade", "view"),
    ips=("203.0.113.10", "2001:db8::/48"),
)
CURRENT = KeyReport(public_id=KEY, ref=KEY)
SCENARIOS = (
    Scenario("coinbase", "clock", call("clock"), ("time",)),
    Scenario("coinbase", "whoami", call("whoami", KEY), ("permissions",)),
)
UNKNOWN = (("whoami", '"can_trade": true', '"can_trade": true, "can_teleport": true'),)
TRADER = ["view", "trade"]
MANAGER = None
CLAIMS = ("sub", "nbf", "exp", "uri")
"""What clients agree on; ccxt adds `aud` and `iat` and has another `iss`."""


def agrees(wire: Wire, vector: dict[str, Any]) -> None:
    """The token's parts and its signature: ES256 is random, and the order of claims is the client's."""
    expected = vector["expected"]
    assert (wire.method, FACTS.base + wire.target) == (expected["method"], expected["url"])
    if vector["request"]["body"] is not None:  # the SDK's empty body of a GET is an artefact of its client
        assert json.loads(wire.body) == vector["request"]["body"]
    key_name = "".join(vector["credentials"]["apiKey"])
    header, claims, signature = opened(wire)
    assert header == {**expected["jwt_header"], "kid": key_name}
    for name in CLAIMS if "ccxt" in vector["source"] else claims:
        assert claims[name] == {**expected["jwt_claims"], "sub": key_name}[name]
    public = "\n".join(vector["credentials"]["public_key_body"])
    key = load_der_public_key(base64.b64decode(public))
    signed = wire.headers["Authorization"].removeprefix("Bearer ").rpartition(".")[0].encode()
    if isinstance(key, ed25519.Ed25519PublicKey):
        key.verify(signature, signed)
        assert wire.headers["Authorization"] == "".join(expected["headers"]["Authorization"])
    else:
        assert isinstance(key, ec.EllipticCurvePublicKey)
        r, s = (int.from_bytes(half) for half in (signature[:32], signature[32:]))
        key.verify(utils.encode_dss_signature(r, s), signed, ec.ECDSA(hashes.SHA256()))


def opened(wire: Wire) -> tuple[Any, Any, bytes]:
    """Header, claims and signature of the token."""
    parts = wire.headers["Authorization"].removeprefix("Bearer ").split(".")
    header, claims, signature = (base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)) for part in parts)
    return json.loads(header), json.loads(claims), signature
