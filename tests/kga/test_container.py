"""The ZIP file of a bundle: the same bytes each time, and nothing else is read."""

import io
import zipfile

import pytest

from keyguard.kga import container
from keyguard.kga.verdict import Malformed

PLAIN = 0o100644 << 16
ENTRIES = {"a.json": b"{}", "logs/x/records.jsonl": b"line\n" * 10, "z.txt": b""}


def archived(*entries: tuple[str, bytes], mode: int = PLAIN, method: int = zipfile.ZIP_STORED) -> bytes:
    """An archive by the general writer, which refuses nothing."""
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w") as archive:
        for name, data in entries:
            info = zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0))
            info.external_attr = mode
            archive.writestr(info, data, method)
    return held.getvalue()


def test_the_same_entries_give_the_same_bytes():
    first = container.pack(ENTRIES)
    assert container.pack(dict(reversed(ENTRIES.items()))) == first
    assert container.unpack(first) == ENTRIES


def test_other_readers_read_it():
    with zipfile.ZipFile(io.BytesIO(container.pack(ENTRIES))) as archive:
        assert archive.testzip() is None
        assert {name: archive.read(name) for name in archive.namelist()} == ENTRIES
        assert {info.date_time for info in archive.infolist()} == {(1980, 1, 1, 0, 0, 0)}


@pytest.mark.parametrize(
    "name", ["/a", "../a", "a/../b", "a//b", "A", "a b", "", "a\\b", "a/", "x" * 121, "é"]
)
def test_names_that_lead_elsewhere(name):
    with pytest.raises(ValueError):
        container.pack({name: b""})
    with pytest.raises(Malformed):
        container.unpack(archived((name or "..", b"")))


def test_every_byte_counts():
    data = container.pack(ENTRIES)
    for at in range(len(data)):
        spoilt = bytearray(data)
        spoilt[at] ^= 1
        with pytest.raises(Malformed):
            container.unpack(bytes(spoilt))


@pytest.mark.parametrize("spoil", ["before", "after", "between", "twice", "cut"])
def test_bytes_that_belong_to_nothing(spoil):
    data = container.pack(ENTRIES)
    spoilt = {
        "before": b"PK" + data,
        "after": data + b"x",
        "between": data.replace(b"PK\x01\x02", b"xPK\x01\x02", 1),
        "twice": data + data,
        "cut": data[:-1],
    }[spoil]
    with pytest.raises(Malformed):
        container.unpack(spoilt)


def test_a_bomb_is_not_unpacked():
    with pytest.raises(Malformed, match="not compressed"):
        container.unpack(archived(("bomb", bytes(10_000_000)), method=zipfile.ZIP_DEFLATED))


def test_a_link_is_no_entry():
    with pytest.raises(Malformed, match="plain file"):
        container.unpack(archived(("link", b"/etc/passwd"), mode=0o120777 << 16))


@pytest.mark.parametrize("names", [["b", "a"], ["a", "a"]])
@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_order_and_uniqueness(names):
    with pytest.raises(Malformed, match="sorted"):
        container.unpack(archived(*((name, b"x" * 50) for name in names)))


def test_what_the_general_writer_makes_of_the_same():
    assert container.unpack(archived(("a", b"x" * 50), ("b", b"y" * 50))) == {"a": b"x" * 50, "b": b"y" * 50}
