"""Objects asked for ahead come out in the order asked, whatever is wrong with one of them."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from keyguard.scanner.sources.files import TooLarge
from keyguard.scanner.sources.git import GitFailed, Repository

_MISSING = "0" * 39 + "1"


def test_objects_asked_for_ahead(tmp_path: Path) -> None:
    subprocess.run(["git", "init", "-q", tmp_path], check=True)
    contents = [b"one", b"", b"x" * 300_000, b"four\n"]
    oids = [_stored(tmp_path, data) for data in contents]
    with Repository(tmp_path).objects() as reader:
        reader.ask([oids[0], _MISSING, *oids[1:]])
        assert reader.get(oids[0]) == b"one"
        with pytest.raises(GitFailed):
            reader.get(_MISSING)
        assert reader.get(oids[1]) == b""
        with pytest.raises(TooLarge):
            reader.get(oids[2], 1_000)
        assert reader.get(oids[3]) == b"four\n"
        assert reader.get(oids[0]) == b"one"  # without having been asked for


def _stored(folder: Path, data: bytes) -> str:
    words = ["git", "-C", str(folder), "hash-object", "-w", "--stdin"]
    return subprocess.run(words, input=data, capture_output=True, check=True).stdout.decode().strip()
