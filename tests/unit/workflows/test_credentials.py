from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from keyguard.core.errors import IntegrityError, UsageError
from keyguard.core.exchange import Credential, Facts, fitted
from keyguard.core.keys import KeyKind
from keyguard.core.secret import Secret
from keyguard.workflows import credentials
from tests.fakes.world import World

FACTS = Facts("v", "V", "https://v.test", "d", "2026-11-21", "p")
EXAMPLE = Credential("FAKEkey", Secret("FAKEsecret"))
PEM = "-----BEGIN " + "PRIVATE KEY-----\nFAKE\n-----END " + "PRIVATE KEY-----\n"


@given(st.text(), st.text(), st.none() | st.text(), st.sampled_from(list(KeyKind)))
def test_what_is_packed_comes_back(key, secret, passphrase, kind):
    made = Credential(key, Secret(secret), None if passphrase is None else Secret(passphrase), kind)
    assert credentials.unpack(credentials.pack(made)) == made
    assert credentials.pack(made) == credentials.pack(made)


@pytest.mark.parametrize("text", ["", "{}", "[]", '"FAKE"', '{"key": 1, "secret": "x", "kind": "none"}'])
def test_an_item_that_is_not_ours_is_refused_without_showing_it(text):
    with pytest.raises(IntegrityError) as caught:
        credentials.unpack(Secret(text))
    assert caught.value.code == "store.item"


@pytest.mark.parametrize(
    ("credential", "word"),
    [
        (Credential("", Secret("FAKEsecret")), "access key is empty"),
        (Credential("FAKE key", Secret("FAKEsecret")), "access key holds"),
        (Credential("FAKEkey", Secret("")), "secret is empty"),
        (Credential("FAKEkey", Secret("FAKE\nsecret")), "secret holds"),
        (Credential("FAKEkey", Secret("FAKE비밀")), "secret holds"),
        (Credential("FAKEkey", Secret("FAKEkey")), "secret is the access key"),
        (Credential("FAKEkey", Secret("FAKEsecret"), Secret("")), "passphrase is empty"),
        (Credential("FAKEkey", Secret("FAKEnotpem"), kind=KeyKind.RSA), "not in PEM"),
    ],
)
def test_malformed_credentials(credential, word):
    with pytest.raises(UsageError, match=word) as caught:
        credentials.check_shape(credential, EXAMPLE)
    assert "FAKE" not in caught.value.message


def test_a_venue_with_passphrases_needs_one():
    example = Credential("FAKEkey", Secret("FAKEsecret"), Secret("FAKEpass"))
    with pytest.raises(UsageError, match="passphrase is missing"):
        credentials.check_shape(EXAMPLE, example)
    credentials.check_shape(example, example)


def test_a_private_key_may_hold_lines():
    credentials.check_shape(Credential("FAKEkey", Secret(PEM), kind=KeyKind.ED25519), EXAMPLE)


def test_an_item_of_another_key_is_not_used():
    world = World()
    version = world.inventory.live_version(world.key.id)
    world.store.items[version.item] = credentials.pack(EXAMPLE)
    with pytest.raises(IntegrityError, match="another key's"):
        credentials.load(world.ports, version)


def test_a_store_that_returns_something_else_is_noticed():
    world = World()
    version = world.inventory.live_version(world.key.id)
    world.store.get = lambda name: Secret("FAKE other")
    with pytest.raises(IntegrityError, match="did not return"):
        credentials.store(world.ports, version, world.old)


@pytest.mark.parametrize("secret", ["FAKEseed", PEM])
def test_a_venue_may_have_private_keys_in_a_form_of_its_own(secret):
    example = Credential("FAKEkey", Secret("FAKEseed0"), kind=KeyKind.ED25519)
    credentials.check_shape(Credential("FAKEother", Secret(secret), kind=KeyKind.ED25519), example)
    with pytest.raises(UsageError, match="secret holds"):
        credentials.check_shape(Credential("FAKEother", Secret("FAKE seed"), kind=KeyKind.ED25519), example)


def test_only_the_venue_tells_a_seed_from_any_other_text():
    who = Credential("FAKEkey", Secret("FAKEseed"))
    seeds = replace(FACTS, kinds=(KeyKind.ED25519,))
    assert fitted(who, seeds).kind is KeyKind.ED25519
    assert fitted(who, FACTS) == who
    rsa = replace(who, kind=KeyKind.RSA)
    assert fitted(rsa, seeds) == rsa
