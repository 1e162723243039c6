"""Packed files: found where they are, bounded whatever they claim."""

from __future__ import annotations

import bz2
import contextlib
import gzip
import lzma
import struct
import tarfile
import zipfile

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from keyguard.scanner.decode import budget
from keyguard.scanner.decode.budget import Budget
from keyguard.scanner.decode.inflate import Damaged, stream
from keyguard.scanner.engine import Engine, Examined
from tests.unit.scanner.leaks import bybit, deribit, env, upbit
from tests.unit.scanner.packing import b64, tarred, workbook, zipped

ENGINE = Engine()
BYBIT = env("bybit", *bybit(31)).encode()
UPBIT = env("upbit", *upbit(32)).encode()


def examine(data: bytes, path: str = "file") -> Examined:
    return ENGINE.examine(data, path)


def where(examined: Examined) -> list[tuple[str, int, int]]:
    places = [finding.parts[0].place for finding in examined.findings]
    return [(place.path, place.line, place.column) for place in places]


def reasons(examined: Examined) -> list[tuple[str, str]]:
    return [(unread.path, unread.reason) for unread in examined.unread]


@pytest.mark.parametrize("method", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2])
def test_zip_names_the_packed_file_and_its_lines(method: int) -> None:
    found = examine(zipped({"readme": b"x", "conf/.env": b"#\n" + BYBIT}, method), "backup.zip")
    assert where(found) == [("backup.zip!/conf/.env", 3, len("BYBIT_API_SECRET=") + 1)]
    place = found.findings[0].parts[0].place
    assert (place.file, place.inside) == ("backup.zip", "!/conf/.env")
    assert (b"#\n" + BYBIT)[place.start : place.end].decode() == found.findings[0].parts[0].value.reveal()
    assert not found.findings[0].seen
    assert not found.unread


@pytest.mark.parametrize("name", ["app.jar", "x.whl", "noname"])
def test_zip_by_other_names(name: str) -> None:
    assert where(examine(zipped({"a.env": BYBIT}), name))[0][0] == f"{name}!/a.env"


def test_zip_behind_other_bytes_and_without_its_directory() -> None:
    packed = zipped({"a.env": BYBIT, "b.env": UPBIT})
    assert len(examine(b"#!/bin/sh\nexit\n" + packed, "setup.zip").findings) == 2
    cut = packed[: packed.index(b"PK\x01\x02")]
    found = examine(cut, "cut.zip")
    assert len(found.findings) == 2
    assert reasons(found) == [("cut.zip", "damaged: no directory")]


@pytest.mark.parametrize("mode", ["w", "w:gz", "w:bz2", "w:xz"])
@pytest.mark.parametrize("style", [tarfile.PAX_FORMAT, tarfile.GNU_FORMAT, tarfile.USTAR_FORMAT])
def test_tar(mode: str, style: int) -> None:
    long = "/".join(["folder"] * 12) + "/" + "n" * 90 + ".env"
    found = examine(tarred({"a.txt": b"nothing", long: BYBIT, "c.env": UPBIT}, mode, style), "x.tar.gz")
    assert sorted(place[0] for place in where(found)) == ["x.tar.gz!/c.env", f"x.tar.gz!/{long}"]
    assert not found.unread


def test_a_pair_does_not_reach_from_one_packed_file_into_the_next() -> None:
    key, secret = bybit(33)
    packed = tarred({"a": f"BYBIT_API_KEY={key}".encode(), "b": f"BYBIT_API_SECRET={secret}".encode()})
    found = examine(packed, "x.tar")
    assert sorted((f.parts[0].place.path, len(f.parts)) for f in found.findings) == [
        ("x.tar!/a", 1),
        ("x.tar!/b", 1),
    ]


@pytest.mark.parametrize(
    ("pack", "ending"), [(gzip.compress, "gz"), (bz2.compress, "bz2"), (lzma.compress, "xz")]
)
def test_one_compressed_file(pack: object, ending: str) -> None:
    assert callable(pack)
    found = examine(pack(BYBIT) + pack(UPBIT), f"logs/app.log.{ending}")
    assert {place[0] for place in where(found)} == {f"logs/app.log.{ending}!/app.log"}
    assert len(found.findings) == 2


def test_what_is_cut_off_is_read_as_far_as_it_goes_and_said() -> None:
    body = BYBIT + b"".join(b"%d\n" % (n * n * 7919) for n in range(20_000))
    for packed, name in ((gzip.compress(body), "a.gz"), (tarred({"a": body}, "w:gz"), "a.tgz")):
        found = examine(packed[: len(packed) // 2], name)
        assert len(found.findings) == 1
        assert [path for path, reason in reasons(found) if "cut off" in reason] == [name]


def test_encrypted_files_are_said() -> None:
    packed = bytearray(zipped({"a.env": BYBIT}))
    for signature, at in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        packed[packed.index(signature) + at] |= 1
    assert reasons(examine(bytes(packed), "a.zip")) == [("a.zip!/a.env", "encrypted")]


def test_three_deep_and_no_deeper() -> None:
    packed = BYBIT
    for _ in range(3):
        packed = zipped({"in.zip": packed})
    assert where(examine(packed, "a.zip"))[0][0] == "a.zip!/in.zip!/in.zip!/in.zip"
    found = examine(zipped({"in.zip": packed}), "a.zip")
    assert not found.findings
    assert reasons(found) == [("a.zip!/in.zip!/in.zip!/in.zip", "packed more than 3 deep")]


def test_bombs_are_said_and_cost_little() -> None:
    zeros = bytes(50_000_000)
    for packed, name in (
        (gzip.compress(zeros), "b.gz"),
        (zipped({"z": zeros}), "b.zip"),
        (lzma.compress(zeros), "b.xz"),
    ):
        ENGINE.work.bytes = 0
        found = examine(packed, name)
        assert len(found.unread) == 1, name
        assert len(packed) < 60_000


def test_xz_with_the_largest_window() -> None:
    found = examine(lzma.compress(BYBIT, preset=9), "a.xz")
    assert (len(found.findings), found.unread) == (1, ())


def test_a_bomb_that_lies_about_its_size() -> None:
    packed = bytearray(zipped({"z": bytes(50_000_000)}))
    for signature, at in ((b"PK\x03\x04", 22), (b"PK\x01\x02", 24)):
        struct.pack_into("<I", packed, packed.index(signature) + at, 10)
    ((path, reason),) = reasons(examine(bytes(packed), "b.zip"))
    assert path == "b.zip!/z"
    assert "unpacks to more than" in reason


def test_overlapping_files_spend_one_budget() -> None:
    """A directory whose entries all point at the same data unpacks without end for who believes it."""
    packed = zipped({"a": b"".join(b"%d\n" % (n * 7919) for n in range(100_000))})
    at = packed.index(b"PK\x01\x02")
    end = packed.rindex(b"PK\x05\x06")
    copies = 5_000
    tail = bytearray(packed[end:])
    struct.pack_into("<HHI", tail, 8, copies, copies, (end - at) * copies)
    budget_ = Budget(unpacked=5_000_000)
    from keyguard.scanner.content import Content
    from keyguard.scanner.decode import archive
    from keyguard.scanner.decode.budget import Exhausted

    bomb = packed[:at] + packed[at:end] * copies + bytes(tail)
    with pytest.raises(Exhausted):
        list(archive.read(Content(bomb), "x", budget_))


def test_more_files_than_the_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    packed = zipped({f"{n}": b"x" for n in range(budget.ENTRIES + 5)}, zipfile.ZIP_STORED)
    assert reasons(examine(packed, "a.zip")) == [("a.zip", "more than 10,000 packed files")]


def test_a_file_that_packs_itself() -> None:
    """A quine cannot be written here by hand; a gzip that holds gzips to any depth behaves alike."""
    packed = b"x"
    for _ in range(40):
        packed = gzip.compress(packed)
    assert [reason for _, reason in reasons(examine(packed, "q.gz"))] == ["packed more than 3 deep"]


def test_packed_before_it_was_encoded() -> None:
    packed = b64(gzip.compress(BYBIT))
    found = examine(f"apiVersion: v1\nkind: Secret\ndata:\n  release: {packed}\n".encode(), "helm.yaml")
    assert where(found) == [("helm.yaml#line-4!/content", 2, len("BYBIT_API_SECRET=") + 1)]


def test_the_same_file_twice_is_one_finding_seen_twice() -> None:
    (finding,) = examine(zipped({"a/.env": BYBIT, "b/.env": BYBIT}), "a.zip").findings
    assert [place.path for place in finding.seen] == ["a.zip!/b/.env"]


def test_a_workbook_that_declares_entities_is_refused() -> None:
    key, secret = deribit(34)
    bomb = '<!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;&a;&a;&a;">]>'
    data = workbook([["client_id", "client_secret"], [key, secret]], "deribit", prolog=bomb)
    assert ("a.xlsx!/xl/sharedStrings.xml", "not read as XML: it declares entities") in reasons(
        examine(data, "a.xlsx")
    )


WHOLE = [
    (zipped({"a.env": BYBIT, "in.zip": zipped({"b": UPBIT})}), "a.zip"),
    (tarred({"a.env": BYBIT}), "a.tar"),
    (tarred({"a.env": BYBIT}, "w:gz"), "a.tgz"),
    (gzip.compress(BYBIT), "a.gz"),
    (bz2.compress(BYBIT), "a.bz2"),
    (lzma.compress(BYBIT), "a.xz"),
]


@settings(max_examples=300, deadline=None)
@given(st.sampled_from(WHOLE), st.data())
def test_damage_never_raises(whole: tuple[bytes, str], draw: st.DataObject) -> None:
    data, name = bytearray(whole[0]), whole[1]
    for _ in range(draw.draw(st.integers(0, 6))):
        data[draw.draw(st.integers(0, len(data) - 1))] = draw.draw(st.integers(0, 255))
    cut = draw.draw(st.integers(0, len(data)))
    examine(bytes(data[:cut]), name)


@settings(max_examples=200, deadline=None)
@given(st.sampled_from(["gzip", "bz2", "xz", "raw", "zlib"]), st.binary(max_size=300))
def test_unpacking_rubbish_ends(kind: str, data: bytes) -> None:
    with contextlib.suppress(Damaged):
        assert sum(map(len, stream(data, kind))) <= budget.SMALL
