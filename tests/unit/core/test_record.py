"""KGA/1 §4, §5.2, §5.3, §6.2: canonical bytes, records, record types, slots."""

from __future__ import annotations

import contextlib
import re
import unicodedata
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
import rfc8785
from hypothesis import given
from hypothesis import strategies as st

from keyguard.core import canonical
from keyguard.core.chain import leaf_hash
from keyguard.core.record import Record, commitment, encode, parse, private_bytes
from keyguard.core.record_types import check_body
from keyguard.core.slots import SLOTS, slot

VECTOR = (
    '{"body":{"account":"MM-01","desk":"현물 시장조성","key":"' + "0" * 64 + '",'
    '"scopes":["read","trade_spot"]},"n":0,"salt":"000102030405060708090a0b0c0d0e0f","stream":"upbit",'
    '"t":"2026-07-01T00:00:00.000000Z","type":"key.register","v":1}'
).encode()

NAMES = st.from_regex(r"[a-z0-9_]{1,8}", fullmatch=True)
INTEGERS = st.integers(-canonical.LARGEST, canonical.LARGEST)


def json_values(texts: st.SearchStrategy[str]) -> st.SearchStrategy[Any]:
    leaves = st.none() | st.booleans() | INTEGERS | texts
    return st.recursive(leaves, lambda inner: st.lists(inner) | st.dictionaries(NAMES, inner), max_leaves=20)


def is_allowed(text: str) -> bool:
    try:
        canonical.check_record_text(text, "x", longest=canonical.LONGEST)
    except ValueError:
        return False
    return True


ALLOWED_TEXT = st.text(max_size=30).map(lambda text: unicodedata.normalize("NFC", text)).filter(is_allowed)
BODIES = st.dictionaries(NAMES, json_values(ALLOWED_TEXT), max_size=5)
INSTANTS = st.datetimes(timezones=st.just(UTC))
RECORDS = st.builds(
    Record,
    stream=st.sampled_from(sorted(SLOTS)),
    n=st.integers(0, canonical.LARGEST),
    t=INSTANTS,
    type=st.sampled_from(["handout", "key.register", "later.type"]),
    body=BODIES,
    salt=st.binary(min_size=16, max_size=16).map(bytes.hex),
    priv=st.none() | st.binary(min_size=32, max_size=32).map(bytes.hex),
)


@given(json_values(st.text(st.characters(exclude_categories=["Cs"]))))
def test_canonical_bytes_are_those_of_rfc_8785(value: Any) -> None:
    assert canonical.encode(value) == rfc8785.dumps(value)


@given(RECORDS)
def test_a_record_reads_back_as_written(record: Record) -> None:
    data = encode(record)
    assert parse(data) == record
    assert encode(parse(data)) == data


def test_the_worked_record() -> None:
    record = parse(VECTOR)
    assert len(VECTOR) == 288
    assert encode(record) == VECTOR
    assert leaf_hash(VECTOR).hex() == "c555e970d2133e04696eba8c279fac3636a666035bac4d4fb20a24786ead0bdb"
    assert str(record) == "upbit #0, key.register, 2026-07-01T00:00:00.000000Z"


def test_the_worked_commitment() -> None:
    private = private_bytes({"path": "/opt/bot/run.py", "pid": 4242})
    assert (
        commitment(bytes(range(32)), private)
        == "caede8aee1b35d15368155d79d29ca6c2f6cc9672b94b16d2e58f1cc7074e347"
    )


@given(RECORDS, st.data())
def test_any_changed_byte_is_another_record_or_none(record: Record, data: st.DataObject) -> None:
    raw = bytearray(encode(record))
    raw[data.draw(st.integers(0, len(raw) - 1))] ^= data.draw(st.integers(1, 255))
    with contextlib.suppress(ValueError):
        assert parse(bytes(raw)) != record


def _swapped(old: str, new: str) -> bytes:
    text = VECTOR.decode()
    assert old in text
    return text.replace(old, new).encode()


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"{}",
        b"[]",
        b"null",
        b"\xef\xbb\xbf" + VECTOR,
        VECTOR + b"\n",
        VECTOR[:-1],
        VECTOR + VECTOR,
        _swapped('"v":1', '"v":2'),
        _swapped('"v":1', '"v":true'),
        _swapped('"v":1', '"v":1.0'),
        _swapped('"v":1', '"v":1,"v":1'),
        _swapped('"v":1', '"v":1,"w":1'),
        _swapped('"n":0', '"n":-1'),
        _swapped('"n":0', '"n":false'),
        _swapped('"n":0', '"n":9007199254740992'),
        _swapped('"n":0', '"n":NaN'),
        _swapped('"n":0', '"n":' + "9" * 5000),
        _swapped('"n":0', '"n": 0'),
        _swapped('"n":0,', ""),
        _swapped('"salt":"00', '"salt":"0'),
        _swapped("0a0b", "0A0B"),
        _swapped('"upbit"', '"Upbit"'),
        _swapped("key.register", "key register"),
        _swapped("MM-01", "\\u004dM-01"),
        _swapped("MM-01", "\\ud800"),
        _swapped("MM-01", "\u202e"),
        _swapped("MM-01", unicodedata.normalize("NFD", "é")),
        _swapped("MM-01", "x" * 4001),
        _swapped('"account"', '"Account"'),
        _swapped("00.000000Z", "00Z"),
        _swapped("00.000000Z", "00.000000+"),
        _swapped("00:00:00.", "00:00:60."),
        _swapped("-07-01T", "-02-30T"),
        _swapped('["read","trade_spot"]', "[" * 10_000 + "]" * 10_000),
        _swapped('["read","trade_spot"]', "[" * 64 + "]" * 64),
        _swapped('["read","trade_spot"]', '{"a":' * 64 + "1" + "}" * 64),
    ],
)
def test_what_is_not_exactly_a_record_is_refused(data: bytes) -> None:
    with pytest.raises(ValueError):
        parse(data)


def test_brackets_within_texts_do_not_nest() -> None:
    data = _swapped("MM-01", "[" * 400 + '\\"' + "{" * 99)
    assert encode(parse(data)) == data


def test_nesting_of_64_is_read() -> None:
    data = _swapped('["read","trade_spot"]', "[" * 62 + "]" * 62)
    assert encode(parse(data)) == data


def test_unknown_types_and_members_are_kept() -> None:
    data = _swapped("key.register", "later.invention")
    assert parse(data).type == "later.invention"


def test_a_character_younger_than_this_unicode_is_read_but_not_written() -> None:
    unassigned = "\u0378"
    assert parse(_swapped("MM-01", unassigned)).body["account"] == unassigned
    with pytest.raises(ValueError, match=r"U\+0378"):
        canonical.check_record_text(unassigned, "account", longest=500)


@pytest.mark.parametrize(
    "text",
    [
        *("\n", "\t", "\x7f", "\x85", "\ue000", "\ud800"),
        *("\u200b", "\u200f", "\u202a", "\u202e", "\u2060", "\u2069", "\u061c", "\ufeff"),
        *("x" * 501, unicodedata.normalize("NFD", "현물"), "\u212b"),
    ],
)
def test_text_that_no_record_may_hold(text: str) -> None:
    with pytest.raises(ValueError, match=r"^purpose: "):
        canonical.check_record_text(text, "purpose", longest=500)


@pytest.mark.parametrize(
    "text", ["", "quoting KRW-BTC", "현물 시장조성", "é", "\u2010\u202f\u206a", "x" * 500]
)
def test_text_that_a_record_may_hold(text: str) -> None:
    canonical.check_record_text(text, "purpose", longest=500)


@pytest.mark.parametrize("value", [1.0, b"x", {1: 2}, {"Ä": 1}, {"a-b": 1}, {"": 1}, {1, 2}, 2**53, -(2**53)])
def test_values_outside_the_profile(value: Any) -> None:
    with pytest.raises(ValueError):
        private_bytes({"x": value})


def test_a_private_part_may_hold_what_a_record_may_not() -> None:
    assert (
        private_bytes({"path": "/tmp/a\nb", "name": "\u200d"})
        == '{"name":"\u200d","path":"/tmp/a\\nb"}'.encode()
    )
    with pytest.raises(ValueError, match="path: lone surrogate"):
        private_bytes({"path": "/tmp/\udcff"})


@given(INSTANTS)
def test_instants_read_back(instant: datetime) -> None:
    text = canonical.format_instant(instant)
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z", text)
    assert canonical.parse_instant(text) == instant


def test_instants_are_written_in_utc() -> None:
    seoul = datetime(2026, 7, 1, 9, tzinfo=timezone(timedelta(hours=9)))
    assert canonical.format_instant(seoul) == "2026-07-01T00:00:00.000000Z"
    with pytest.raises(ValueError, match="time zone"):
        canonical.format_instant(datetime(2026, 7, 1))  # noqa: DTZ001 - naive on purpose


def test_slots() -> None:
    assert (slot("firm"), slot("upbit"), slot("bybit"), slot("deribit")) == (0, 1, 7, 20)
    assert (slot("cryptocom"), slot("backpack"), slot("osl"), slot("upbit-th")) == (22, 29, 35, 47)
    assert (slot("local-896"), slot("local-1023")) == (896, 1023)
    assert len(SLOTS) == 48
    for unknown in ("", "-", "Upbit", "local-895", "local-1024", "local-0896"):
        with pytest.raises(ValueError, match="no slot"):
            slot(unknown)


KEY = "ab" * 32
PERSON = "p_" + "0" * 20
HOST = "h_" + "1" * 20
HANDOUT: dict[str, Any] = {
    "key": KEY, "person": PERSON, "host": HOST, "process": "bot", "mode": "env", "lease_s": 60,
}  # fmt: skip
REGISTER: dict[str, Any] = {
    "key": KEY,
    "account": "MM-01",
    "kind": "hmac",
    "purpose": "quoting KRW-BTC",
    "desk": "현물 시장조성",
    "owner": PERSON,
    "scopes_granted": ["read", "trade_spot"],
    "scopes_needed": ("read",),
    "scopes_venue": {"names": ["주문조회"]},
    "ip_allow": ["203.0.113.10"],
    "ip_supported": True,
    "expires_at": "2027-07-09T02:11:05.000000Z",
    "storage": "os_keyring",
    "source": "imported",
}


@pytest.mark.parametrize(
    ("stream", "type_", "body"),
    [
        ("bybit", "handout", HANDOUT),
        ("bybit", "handout", {**HANDOUT, "purpose": "x", "grant": "gr_" + "0" * 16}),
        ("upbit", "key.register", REGISTER),
        ("local-896", "snapshot.begin", {}),
        ("firm", "clock.step", {"step_ms": -3}),
        ("firm", "role.assign", {"person_f": PERSON, "role": "approver"}),
        ("bybit", "venue.keys_listed", {"by": "venue_api", "count": 1, "keys": [KEY], "unknown": []}),
        ("bybit", "incident.update", {"incident": "in_" + "0" * 16, "note": "x" * 4000}),
    ],
)
def test_bodies_that_may_be_written(stream: str, type_: str, body: dict[str, Any]) -> None:
    check_body(stream, type_, body)


@pytest.mark.parametrize(
    ("stream", "type_", "body", "said"),
    [
        ("nowhere", "handout", HANDOUT, "no slot"),
        ("firm", "handout", HANDOUT, "no record type 'handout' in the firm stream"),
        ("bybit", "clock.step", {"step_ms": 1}, "no record type 'clock.step' in a venue stream"),
        ("bybit", "invented", {}, "no record type 'invented'"),
        ("bybit", "handout", {}, "key is missing"),
        ("bybit", "handout", {**HANDOUT, "key": "FAKEKEY"}, "key: not of the form key"),
        ("bybit", "handout", {**HANDOUT, "mode": "pipe"}, "mode: not of the form env|stdin"),
        ("bybit", "handout", {**HANDOUT, "lease_s": True}, "lease_s: not of the form int"),
        ("bybit", "handout", {**HANDOUT, "lease_s": 2**53}, "lease_s: integer beyond"),
        ("bybit", "handout", {**HANDOUT, "purpose": None}, "purpose: not of the form text"),
        ("bybit", "handout", {**HANDOUT, "process": "x" * 501}, "process: longer than 500"),
        ("bybit", "handout", {**HANDOUT, "process": "a\nb"}, "process: forbidden character U+000A"),
        ("bybit", "handout", {**HANDOUT, "secret": "x"}, "handout has a member that is not of its type"),
        ("upbit", "key.register", {**REGISTER, "scopes_granted": ["spot"]}, "scopes_granted: not of"),
        ("upbit", "key.register", {**REGISTER, "scopes_granted": [["read"]]}, "scopes_granted: not of"),
        ("upbit", "key.register", {**REGISTER, "expires_at": "2027-07-09"}, "expires_at: not of"),
        ("upbit", "key.register", {**REGISTER, "expires_at": 3}, "expires_at: not of"),
        ("upbit", "key.register", {**REGISTER, "owner": "hana"}, "owner: not of the form person"),
        ("upbit", "key.register", {**REGISTER, "scopes_venue": {"a": {"b": 1.5}}}, "b: float has no place"),
    ],
)
def test_bodies_that_may_not_be_written(stream: str, type_: str, body: dict[str, Any], said: str) -> None:
    with pytest.raises(ValueError, match=re.escape(said)):
        check_body(stream, type_, body)
