from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from keyguard.core.errors import UsageError
from keyguard.intake import references
from keyguard.intake.references import Reference

names = st.text(st.characters(exclude_categories=["C", "Z"]) | st.just(" "), min_size=1, max_size=12)


@given(names, names, st.sampled_from(["key", "secret", "passphrase", "private_key"]))
def test_round_trip_in_characters_every_format_can_hold(desk: str, label: str, field: str) -> None:
    made = Reference("bybit", desk, label, field)
    written = str(made)
    assert references.parse(written) == made
    assert set(written) <= set("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._~%/:#")


def test_reads_as_a_person_writes_it() -> None:
    made = references.parse("keyguard://bybit/arb/bot-1#secret")
    assert (made.key_name, made.field) == ("bybit/arb/bot-1", "secret")


@pytest.mark.parametrize(
    "text",
    [
        "keyguard://bybit/arb/bot",
        "keyguard://bybit/arb#key",
        "keyguard://bybit/arb/bot/x#key",
        "keyguard://bybit//bot#key",
        "keyguard://Bybit/arb/bot#key",
        "keyguard://bybit/arb/bot#token",
        "keyguard://bybit/arb/bot#key ",
        "keyguard://bybit/arb/bot#key\n",
        "keyguard://bybit/arb/bo t#key",
        "keyguard://bybit/arb/%62ot#key",  # another way to write the same
        "keyguard://bybit/arb/b%2fx#key",
        "keyguard://bybit/arb/%0a#key",
        "keyguard://bybit/arb/%ff#key",
        "keyguard://bybit/arb/" + "b" * 600 + "#key",
        "Keyguard://bybit/arb/bot#key",
        "",
    ],
)
def test_refuses_anything_else(text: str) -> None:
    with pytest.raises(UsageError) as caught:
        references.parse(text)
    assert caught.value.code == "reference.malformed"


def test_a_secret_after_the_scheme_is_not_repeated() -> None:
    with pytest.raises(UsageError) as caught:
        references.parse("keyguard://FAKEsecret")
    assert "FAKE" not in repr(caught.value.__dict__)


def test_make_refuses_what_could_not_be_read_back() -> None:
    with pytest.raises(UsageError):
        references.make("bybit", "", "bot", "key")
    assert references.make("bybit", "a/b", "봇#1", "key").label == "봇#1"
