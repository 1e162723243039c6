"""KGA/1 §20 gives the expected values; they were made with independent tools."""

from __future__ import annotations

from keyguard.core import fingerprints

SALT = bytes(range(32))


def test_key_fingerprint_is_the_specified_one():
    public = "EXAMPLEACCESSKEY0000000000000000000000AB"
    expected = "5a5d1f594590c47ed00f1f4c2cda53efdc0be1a73cc98528a5cfa19d5ed2f4f0"
    assert fingerprints.key_fingerprint(SALT, "upbit", public) == expected


def test_person_is_the_specified_one():
    assert fingerprints.person_name(SALT, "upbit", "u-0001") == "p_36d07525a7754c1abb92"


def test_names_differ_by_venue_and_by_what_is_named():
    made = {
        fingerprints.person_name(SALT, "upbit", "x"),
        fingerprints.person_name(SALT, "bybit", "x"),
        fingerprints.host_name(SALT, "upbit", "x"),
        fingerprints.party_name(SALT, "upbit", "x"),
    }
    assert len({name[2:] for name in made}) == 4
    assert {name[:2] for name in made} == {"p_", "h_", "o_"}


def test_hint_only_of_long_ids():
    assert fingerprints.hint("FAKE" + "x" * 8 + "WXYZ") == "WXYZ"
    assert fingerprints.hint("FAKECl1d") is None
