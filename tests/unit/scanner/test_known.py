"""Known keys: none is missed in any form, nothing else is ever taken for one."""

from __future__ import annotations

import base64
import json
import re
import string
from urllib.parse import quote

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from keyguard.core.secret import Secret
from keyguard.scanner.engine import Engine
from keyguard.scanner.findings import Finding, Owned, Severity
from keyguard.scanner.known import KnownKeys, KnownValue
from keyguard.scanner.rulebook import load
from tests.unit.scanner.leaks import bybit, env, token

BOOK = load()
OWNED = Owned("bybit/mm/bot", "mm", "hana", 2, "live")
KEY, SECRET = bybit(77)
ALPHABET = string.ascii_letters + string.digits + "+/=_-"
secrets = st.text(ALPHABET, min_size=24, max_size=88).filter(lambda text: len(set(text)) >= 14)
noise = st.binary(max_size=80)


def known(field: str = "secret", value: str = SECRET, owned: Owned = OWNED) -> KnownValue:
    return KnownValue(owned, "bybit", field, Secret(value))


def scan(data: bytes | str, *values: KnownValue) -> tuple[Finding, ...]:
    content = data.encode() if isinstance(data, str) else data
    return Engine(BOOK, KnownKeys(values or (known(), known("key", KEY)))).scan(content, "x.txt")


FORMS = {
    "raw": lambda s: s.encode(),
    "hex": lambda s: s.encode().hex().encode(),
    "HEX": lambda s: s.encode().hex().upper().encode(),
    "url": lambda s: quote(s, safe="").encode(),
    "json": lambda s: json.dumps({"k": s}).encode(),
    "url, small letters": lambda s: re.sub("%..", lambda m: m[0].lower(), quote(s, safe="")).encode(),
    ".NET json": lambda s: json.dumps({"k": s}).replace("+", "\\u002B").encode(),
    "php json": lambda s: json.dumps({"k": s}).replace("/", "\\/").encode(),
    "base64": lambda s: base64.b64encode(b"a" + s.encode() + b"bc"),
    "base64 of a pair": lambda s: base64.b64encode(b"user:" + s.encode()),
    "base64 of a line": lambda s: base64.b64encode(b"XY=" + s.encode() + b"\n"),
    "url-safe base64": lambda s: base64.urlsafe_b64encode(b"ab" + s.encode()),
}


@settings(max_examples=60)
@given(secrets, st.sampled_from(sorted(FORMS)), noise, noise, st.integers(0, 100), st.integers(16, 88))
def test_nothing_is_missed(secret: str, form: str, before: bytes, after: bytes, at: int, size: int) -> None:
    """Any 16 or more characters of a secret, in any form, wherever they stand."""
    start = at % (len(secret) - 15)
    fragment = secret[start : start + size]
    assume(len(set(fragment)) >= 8)
    data = before + b"\n" + FORMS[form](fragment) + b"\n" + after
    (finding,) = (f for f in scan(data, known(value=secret)) if f.owned)
    assert finding.owned == OWNED
    assert finding.parts[0].field == "secret"


@settings(max_examples=60)
@given(secrets, st.binary(max_size=2000))
def test_nothing_else_is_taken_for_it(secret: str, data: bytes) -> None:
    """Fragments of fifteen, other cases of letters, and whatever else: no finding is ours."""
    changed = secret.swapcase()
    assume(not any(changed[i : i + 16] == secret[j : j + 16] for i in range(9) for j in range(9)))
    shorter = " ".join(secret[i : i + 15] for i in range(0, len(secret), 16))
    text = data + b"\n" + shorter.encode() + b"\n"
    assume(not any(secret[i : i + 16].encode() in text for i in range(len(secret) - 15)))
    assert not [f for f in scan(text, known(value=secret)) if f.owned]


def test_key_and_secret_are_one_finding_that_names_the_owner() -> None:
    (finding,) = scan(env("bybit", KEY, SECRET))
    assert finding.owned == OWNED
    assert finding.severity is Severity.CRITICAL
    assert [part.field for part in finding.parts] == ["secret", "key"]
    assert finding.title == "secret of your key bybit/mm/bot"
    assert finding.parts[0].place.line == 2


def test_a_rule_finding_elsewhere_in_the_content_stays() -> None:
    other = bybit(5)
    found = scan(env("bybit", KEY, SECRET) + "\n" * 60 + "x" * 2000 + "\n" + env("bybit", *other))
    assert [bool(f.owned) for f in found] == [True, False]


def test_the_fingerprint_is_the_rules_own() -> None:
    text = env("bybit", KEY, SECRET)
    (by_rule,) = Engine(BOOK).scan(text.encode(), "x")
    (by_store,) = scan(text)
    assert by_rule.fingerprint == by_store.fingerprint


def test_a_fragment_and_a_dead_version_say_so() -> None:
    assert scan(f"see {SECRET[5:30]} there")[0].title == "fragment of the secret of your key bybit/mm/bot"
    dead = Owned("bybit/mm/bot", "mm", "hana", 1, "dead")
    assert scan(SECRET, known(owned=dead))[0].severity is Severity.LOW


def test_a_key_id_counts_whole_only() -> None:
    assert scan(f"id {KEY} end")[0].severity is Severity.LOW
    assert scan(f"id {KEY[:-1]} end") == ()


def test_places_of_utf16() -> None:
    (finding,) = scan(b"\xff\xfe" + f"first\nx {SECRET}".encode("utf-16-le"))
    assert (finding.parts[0].place.line, finding.parts[0].place.column) == (2, 3)


def test_what_cannot_be_told_from_text_is_said() -> None:
    keys = KnownKeys([known(value="x" * 40), known("passphrase", "short")])
    assert keys.unsearched == ["bybit/mm/bot version 2: secret", "bybit/mm/bot version 2: passphrase"]
    assert Engine(BOOK, keys).scan(b"x" * 1000 + b" short", "a") == ()


@pytest.mark.parametrize("kind", ["rsa", "ec", "ed25519"])
def test_of_a_pem_only_what_is_private_counts(kind: str) -> None:
    make = {
        "rsa": lambda: rsa.generate_private_key(65537, 2048),
        "ec": lambda: ec.generate_private_key(ec.SECP256R1()),
        "ed25519": ed25519.Ed25519PrivateKey.generate,
    }[kind]
    key, other = make(), make()
    pem, foreign = (
        k.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        ).decode()
        for k in (key, other)
    )
    public = (
        key.public_key()
        .public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
        .decode()
    )
    own = known("private_key", pem)
    ours = lambda data: [f for f in scan(data, own) if f.owned]  # noqa: E731
    assert ours(foreign) == ours(public) == []
    assert len(ours(pem)) == 1
    assert len(ours(pem.replace("\n", "\\n"))) == 1
    assert len(ours(pem.replace("\n", "\r\n"))) == 1
    assert len(ours(base64.b64encode(b"a" + pem.encode()))) == 1
    last = pem.splitlines()[-2][-24:-4]
    assert len(ours(f"x {last} y")) == 1 or kind in ("rsa", "ec")  # rsa and ec may end in other fields


def test_a_hostile_content_costs_no_more_than_its_length() -> None:
    piece = SECRET[:8]
    assert scan(piece * 50_000) == ()
    (finding,) = scan((SECRET + " ") * 2_000)
    assert len(finding.seen) <= 50


def test_many_keys_at_once() -> None:
    values = [known(value=token(n, 40), owned=Owned(f"b/m/{n}", "m", "", 1, "live")) for n in range(300)]
    (finding,) = scan(f"a {token(123, 40)} b", *values)
    assert finding.owned and finding.owned.name == "b/m/123"
