"""Passphrase files: who may read them, and what counts as the passphrase."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from keyguard.core.errors import StoreError, UsageError
from keyguard.core.secret import Secret
from keyguard.stores.passphrase import check_new, read_passphrase

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "passphrase"
    path.touch(mode=0o600)
    return path


@pytest.mark.parametrize(
    ("content", "passphrase"),
    [
        (b"FAKE one", "FAKE one"),
        (b"FAKE one\n", "FAKE one"),
        (b"FAKE one\r\n", "FAKE one"),
        (b"FAKE one\n\n", "FAKE one\n"),
        (b" FAKE one ", " FAKE one "),
        ("FAKE 암호\n".encode(), "FAKE 암호"),
    ],
)
def test_one_newline_at_the_end_does_not_belong_to_it(file: Path, content: bytes, passphrase: str) -> None:
    file.write_bytes(content)

    assert read_passphrase(file).reveal() == passphrase


@pytest.mark.parametrize("content", [b"", b"\n", b"FAKE \xff\xfe"], ids=["empty", "blank", "bytes"])
def test_nothing_usable_in_it(file: Path, content: bytes) -> None:
    file.write_bytes(content)

    assert code_of(file) == "store.no_passphrase"


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o644, 0o620, 0o601])
def test_others_can_reach_it(file: Path, mode: int) -> None:
    file.write_bytes(b"FAKE one\n")
    file.chmod(mode)

    assert code_of(file) == "store.exposed"


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a file away")
def test_it_belongs_to_somebody_else(file: Path) -> None:
    file.write_bytes(b"FAKE one\n")
    os.chown(file, 65534, 65534)

    assert code_of(file) == "store.exposed"


def test_it_is_too_large(file: Path) -> None:
    file.write_bytes(b"x" * 4097)

    assert code_of(file) == "store.too_large"


def test_it_is_no_file(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe", 0o600)

    assert code_of(tmp_path / "pipe") == "store.not_a_file"
    assert code_of(tmp_path) == "store.not_a_file"
    assert code_of(tmp_path / "nothing") == "store.missing"
    assert code_of(tmp_path / "pipe" / "x") == "store.failed"


def code_of(path: Path) -> str:
    with pytest.raises(StoreError) as caught:
        read_passphrase(path)
    assert "FAKE" not in str(caught.value)
    assert caught.value.__context__ is None or caught.value.__suppress_context__
    return caught.value.code


@pytest.mark.parametrize(
    ("weak", "why"),
    [
        ("", "is empty"),
        (" " * 20, "is empty"),
        ("Fake.123456", "fewer than 12"),
        ("abcabcabcabcabc", "repeats few"),
        ("1234567890123", "mostly a row"),
        ("qwertyuiop123", "mostly a row"),
        ("zyxwvutsrqponm!", "mostly a row"),
        ("QWERTYUIOPASDF", "mostly a row"),
    ],
)
def test_a_new_passphrase_that_would_be_guessed_is_refused(weak: str, why: str) -> None:
    with pytest.raises(UsageError, match=why) as caught:
        check_new(Secret(weak))
    assert caught.value.code == "store.weak_passphrase"
    assert not weak.strip() or weak not in repr(caught.value.__dict__)


@pytest.mark.parametrize(
    "good", ["correct horse battery", "7qP!x2mN#k9zRt", "여섯 개의 무작위 낱말을 골라라"]
)
def test_others_pass(good: str) -> None:
    assert check_new(Secret(good)).reveal() == good
