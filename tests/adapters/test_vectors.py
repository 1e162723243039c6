"""Our signatures against those of other people's clients."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from keyguard.core.exchange import Credential, Request, Stamp, Wire
from keyguard.core.keys import KeyKind
from keyguard.core.secret import Secret
from keyguard.workflows import credentials
from keyguard_adapters import NAMES
from tests.adapters.scripts import adapter, told

VECTORS = Path(__file__).parent / "vectors"

# pybit sorts a query by name; ccxt leaves a "?" behind an empty query.
SORTED_QUERY = {"list all API keys of a sub UID"}
OTHER_HOST = {"whoami_get_uid_ed25519"}  # htx-api's default; the host is signed
BARE_QUESTION_MARK = {"introspect query-api, RSA self-generated key"}

KINDS = {"rsa": KeyKind.RSA, "ecdsa": KeyKind.ES256, "ed25519": KeyKind.ED25519}


def read(venue: str) -> list[dict[str, Any]]:
    """All vectors of a venue; a `¦` keeps scanners from taking a value for a leak."""
    found: list[dict[str, Any]] = json.loads(
        (VECTORS / f"{venue}.json").read_text(encoding="utf-8").replace("¦", "")
    )
    return found


def vectors(*venues: str) -> list[Any]:
    return [
        pytest.param(vector, id=f"{venue}: {vector['name']}") for venue in venues for vector in read(venue)
    ]


def credential(vector: dict[str, Any]) -> Credential:
    given = vector["credentials"]
    told = given.get("kind", given.get("key_type", "")).lower()
    kind = next((kind for name, kind in KINDS.items() if name in told), KeyKind.HMAC)
    key = joined(given.get("apiKey") or given["api_key"])
    passphrase = given.get("password") or given.get("passphrase")
    word = Secret(joined(passphrase)) if passphrase else None
    if "private_key_body" not in given:
        return Credential(key, Secret(joined(given["secret"])), word, kind)
    label = "EC PRIVATE KEY" if "sec1" in told else "PRIVATE KEY"
    marks = [f"-----{mark} {label}-----" for mark in ("BEGIN", "END")]
    pem = "\n".join([marks[0], *given["private_key_body"], marks[1], ""])
    return Credential(key, Secret(pem), word, kind if told else KeyKind.RSA)


def joined(text: str | list[str]) -> str:
    """A fake that a scanner would take for a real one stands in pieces."""
    return text if isinstance(text, str) else "".join(text)


def base(vector: dict[str, Any]) -> str:
    if vector["name"] in OTHER_HOST:
        return f"https://{urlsplit(vector['expected']['url']).netloc}"
    return adapter(vector["exchange"]).facts.base


def signed(vector: dict[str, Any]) -> Wire:
    asked = vector["request"]
    query = dict(asked["query"])
    if vector["name"] in SORTED_QUERY:  # the order on the wire is the caller's: give it the client's
        query = {name: query[name] for name, _ in parse_qsl(urlsplit(vector["expected"]["url"]).query)}
    public = {} if asked.get("signed", True) else {"signed": False}
    request = Request(asked["method"], asked["path"], query=query, body=asked["body"], **public)
    request = getattr(told(vector["exchange"]), "client_request", lambda _: request)(vector)
    venue = adapter(vector["exchange"])
    host = urlsplit(base(vector)).netloc
    stamp = Stamp(vector["clock_ms"], vector.get("nonce", ""), host)
    return venue.sign(request, credentials.of_kind(credential(vector), venue.example), stamp)


@pytest.mark.parametrize("vector", vectors(*NAMES))
def test_the_wire_is_that_of_the_other_client(
    vector: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    # With the client's own serialiser in the place of ours, everything must match it byte for byte.
    pieces = getattr(told(vector["exchange"]), "client_pieces", lambda _: {})(vector)
    for name, function in pieces.items():
        monkeypatch.setattr(f"keyguard_adapters.{vector['exchange']}.{name}", function)
    wire, expected = signed(vector), vector["expected"]
    if agrees := getattr(told(vector["exchange"]), "agrees", None):
        agrees(wire, vector)
        return
    url = expected["url"].rstrip("?") if vector["name"] in BARE_QUESTION_MARK else expected["url"]
    assert wire.method == expected["method"]
    others = adapter(vector["exchange"]).facts.other_bases
    assert url in [origin + wire.target for origin in (base(vector), *others)]
    assert wire.body.decode() == (expected["body"] or "")
    for name in told(vector["exchange"]).VECTOR_HEADERS:
        assert wire.headers[name] == joined(expected["headers"][name])


def test_every_exception_above_names_a_vector() -> None:
    names = {param.values[0]["name"] for param in vectors(*NAMES)}
    assert names >= SORTED_QUERY | BARE_QUESTION_MARK | OTHER_HOST | told("bybit").SPACED_JSON


@pytest.mark.parametrize("vector", vectors("bybit"))
def test_bybit_signs_the_bytes_it_sends(vector: dict[str, Any]) -> None:
    """Recomputed here from the wire alone, whatever our serialiser makes of the body."""
    wire, who = signed(vector), credential(vector)
    sent = wire.body.decode() if wire.method == "POST" else wire.target.partition("?")[2]
    text = f"{vector['clock_ms']}{who.key}5000{sent}".encode()
    if wire.body:
        assert json.loads(wire.body) == vector["request"]["body"]
    if who.kind is KeyKind.RSA:
        key = load_pem_private_key(who.secret.reveal().encode(), None)
        assert isinstance(key, rsa.RSAPrivateKey)
        signature = base64.b64decode(wire.headers["X-BAPI-SIGN"])
        key.public_key().verify(signature, text, padding.PKCS1v15(), hashes.SHA256())
    else:
        digest = hmac.new(who.secret.reveal().encode(), text, hashlib.sha256).hexdigest()
        assert wire.headers["X-BAPI-SIGN"] == digest


@pytest.mark.parametrize("vector", vectors("upbit"))
def test_upbit_hashes_the_parameters_as_a_person_reads_them(vector: dict[str, Any]) -> None:
    wire = signed(vector)
    header, claims, _ = wire.headers["Authorization"].removeprefix("Bearer ").split(".")
    decoded = [json.loads(base64.urlsafe_b64decode(part + "==")) for part in (header, claims)]
    assert decoded == [vector["expected"]["jwt"]["header"], vector["expected"]["jwt"]["claims"]]
