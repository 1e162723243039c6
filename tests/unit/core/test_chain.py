"""KGA/1 §5.2, §6.1: chain values and the walk over a log."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from keyguard.core.chain import CHAIN_START, Stored, Walk, chain_value, leaf_hash
from keyguard.core.errors import IntegrityError
from keyguard.core.record import Record, commitment, encode, private_bytes

T0 = datetime(2026, 7, 1, tzinfo=UTC)
OPENING = bytes(32)
PRIVATE = private_bytes({"pid": 7})


def record(stream: str, n: int, minute: int, priv: str | None = None) -> Record:
    return Record(stream, n, T0 + timedelta(minutes=minute), "handout", {"lease_s": n}, "ab" * 16, priv)


def chained(*written: Record) -> list[Stored]:
    chain, log = CHAIN_START, []
    for number, item in enumerate(written):
        data = encode(item)
        chain = chain_value(chain, leaf_hash(data))
        log.append(Stored(number, item.stream, data, chain))
    return log


GOOD = chained(record("bybit", 0, 0), record("upbit", 0, 1), record("bybit", 1, 1), record("bybit", 2, 5))


def walked(log: list[Stored]) -> Walk:
    walk = Walk()
    for stored in log:
        walk.step(stored)
    return walk


def test_chain_over_the_first_three_leaves_of_the_worked_vector() -> None:
    chain = CHAIN_START
    for n in range(3):
        chain = chain_value(chain, leaf_hash(b"rec-%d" % n))
    assert chain.hex() == "cec626d4ae14d137ac0eb629281f5dcea1bb60ff6a7c267e625c84cb7cced9ac"


def test_leaf_hash_is_the_root_of_a_tree_of_one() -> None:
    assert leaf_hash(b"rec-0").hex() == "b5b263dfd4a38a7a65666b043069d2793eb010be321607e9458807835595f783"


def test_a_right_log_is_walked_to_its_end() -> None:
    walk = walked(GOOD)
    assert (walk.count, walk.streams) == (4, {"bybit": 3, "upbit": 1})
    assert (walk.chain, walk.last) == (GOOD[-1].chain, T0 + timedelta(minutes=5))


@pytest.mark.parametrize(
    ("log", "said"),
    [
        ([GOOD[0], *GOOD[2:]], "record 1 is missing"),
        ([GOOD[0], GOOD[0]], "record 1 is missing"),
        (
            [GOOD[0], replace(GOOD[1], data=GOOD[1].data.replace(b'"lease_s":0', b'"lease_s":9'))],
            "record 1 (upbit #0, handout, 2026-07-01T00:01:00.000000Z) does not match its chain value",
        ),
        ([replace(GOOD[0], data=b"\xff")], "record 0 does not match its chain value"),
        ([replace(GOOD[0], chain=bytes(32))], "record 0 (bybit #0, handout, "),
        ([GOOD[0], replace(GOOD[1], stream="bybit")], "is not the next of its stream"),
        (chained(record("bybit", 0, 0), record("bybit", 2, 0)), "record 1 (bybit #2, "),
        (chained(record("bybit", 1, 0)), "is not the next of its stream"),
        (chained(record("bybit", 0, 5), record("bybit", 1, 4)), "is older than the one before it"),
        (
            [replace(GOOD[0], private=(OPENING, PRIVATE))],
            "record 0 (bybit #0, handout, 2026-07-01T00:00:00.000000Z) does not match its private part",
        ),
    ],
)
def test_the_first_wrong_record_is_named(log: list[Stored], said: str) -> None:
    with pytest.raises(IntegrityError) as caught:
        walked(log)
    assert said in caught.value.message
    assert caught.value.exit_status == 6
    assert caught.value.code == "log.altered"


def test_bytes_chained_by_an_insider_must_still_be_a_record() -> None:
    data = b'{"v":1}'
    stored = Stored(0, "bybit", data, chain_value(CHAIN_START, leaf_hash(data)))
    with pytest.raises(IntegrityError, match="record 0 is not a record"):
        walked([stored])


def test_a_private_part_matches_its_commitment() -> None:
    written = record("bybit", 0, 0, commitment(OPENING, PRIVATE))
    (stored,) = chained(written)
    walked([stored])
    walked([replace(stored, private=(OPENING, PRIVATE))])
    with pytest.raises(IntegrityError, match="does not match its private part"):
        walked([replace(stored, private=(bytes([1]) * 32, PRIVATE))])
