from __future__ import annotations

from datetime import UTC

import pytest
from hypothesis import given
from hypothesis import strategies as st

from keyguard.core.errors import IntegrityError, UsageError
from keyguard.core.exchange import Credential
from keyguard.core.keys import KeyKind
from keyguard.core.secret import Secret
from keyguard.core.tokens import Tokens
from keyguard.workflows import credentials
from tests.fakes.world import World

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


def test_a_person_is_asked_for_what_the_venue_has():
    assert credentials.parts(EXAMPLE) == ("key", "secret")
    example = Credential("FAKEkey", Secret("FAKEsecret"), Secret("FAKEpass"))
    assert credentials.parts(example) == ("key", "secret", "passphrase")


BARE = Credential("FAKEkey", Secret("FAKEbase64=="), kind=KeyKind.ED25519)


def test_a_bare_secret_is_of_the_venues_kind():
    given = Credential("FAKEother", Secret("FAKEofAnother=="))
    named = credentials.of_kind(given, BARE)
    assert (named.kind, named.secret) == (KeyKind.ED25519, given.secret)
    credentials.check_shape(named, BARE)
    assert credentials.of_kind(given, EXAMPLE) is given
    in_pem = Credential("FAKEkey", Secret(PEM), kind=KeyKind.ES256)
    assert credentials.of_kind(in_pem, BARE) is in_pem
    credentials.check_shape(in_pem, BARE)


def test_a_bare_private_key_is_one_word():
    with pytest.raises(UsageError, match="secret holds"):
        credentials.check_shape(Credential("FAKEkey", Secret("FAKE two"), kind=KeyKind.ED25519), BARE)


@given(
    st.text(),
    st.none() | st.text(),
    st.none() | st.datetimes(timezones=st.just(UTC)),
    st.lists(st.text()),
    st.none() | st.text(),
)
def test_the_tokens_of_a_sign_in_come_back(client_id, refresh, ends, grants, of_app):
    secret = None if of_app is None else Secret(of_app)
    tokens = Tokens(client_id, None if refresh is None else Secret(refresh), ends, tuple(grants), secret)
    made = Credential("oauth-FAKE", Secret("FAKEaccess"), kind=KeyKind.OAUTH, tokens=tokens)
    assert credentials.unpack(credentials.pack(made)) == made


@pytest.mark.parametrize(
    "broken", ["null", "{}", '{"client_id": 1, "refresh": 2, "expires_at": 3, "grants": 4}']
)
def test_broken_tokens_are_no_credential_of_ours(broken):
    text = '{"key": "x", "secret": "x", "kind": "oauth", "oauth": ' + broken + "}"
    with pytest.raises(IntegrityError):
        credentials.unpack(Secret(text))
