"""The backup's envelope: what was written is read, and every change of it is noticed."""

from __future__ import annotations

import io
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from keyguard.core.secret import Secret
from keyguard.gateway.clock import SystemClock
from keyguard.stores.backup_format import CHUNK_BYTES, Reader, Writer
from keyguard.stores.backup_sections import read_items, read_manifest
from keyguard.stores.vault_keys import Keys, WrapKind, key_wrap, passphrase_wrap
from tests.stores.vaults import CHEAP, FAKE_PASSPHRASE, code_of

TOKEN = SystemClock().token
KEYS = Keys("ab" * 16, bytes(range(32)))
SHARE_KEY = Secret("0f" * 32)


def written(*pieces: bytes, keys: Keys = KEYS) -> bytes:
    file = io.BytesIO()
    wraps: tuple[dict[str, Any], ...] = (
        passphrase_wrap(keys, FAKE_PASSPHRASE, CHEAP, TOKEN),
        key_wrap(keys, SHARE_KEY, WrapKind.RECOVERY_SHARE, TOKEN, wrap_id="00112233"),
    )
    writer = Writer(file, keys, wraps)
    for piece in pieces:
        writer.write(piece)
    writer.close()
    return file.getvalue()


def read(content: bytes, key: Secret = FAKE_PASSPHRASE) -> bytes:
    reader = Reader(io.BytesIO(content), key)
    found = b""
    while piece := reader.read(10_000):
        found += piece
    return found


SIZES = [0, 1, CHUNK_BYTES - 1, CHUNK_BYTES, CHUNK_BYTES + 1, 2 * CHUNK_BYTES, 3 * CHUNK_BYTES + 7]


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("key", [FAKE_PASSPHRASE, SHARE_KEY], ids=["passphrase", "share"])
def test_what_is_written_is_read(size: int, key: Secret) -> None:
    plain = bytes(n % 251 for n in range(size))
    content = written(plain[: size // 3], plain[size // 3 :])
    assert read(content, key) == plain
    assert size < 32 or plain[:32] not in content


def test_a_wrong_passphrase_is_named_as_such() -> None:
    assert code_of(lambda: read(written(b"x"), Secret("FAKE wrong"))) == "store.wrong_passphrase"


@settings(max_examples=60, deadline=None)
@given(st.floats(0, 1, exclude_max=True), st.integers(1, 255))
def test_a_changed_byte_is_noticed(at: float, change: int) -> None:
    content = bytearray(WHOLE)
    content[int(len(content) * at)] ^= change
    # In a wrap that is not the one used, a change shows too: the chunks are bound to the whole header.
    assert code_of(lambda: read(bytes(content))) in {
        "backup.damaged", "backup.foreign", "store.wrong_passphrase", "store.damaged",
    }  # fmt: skip


WHOLE = written(bytes(2 * CHUNK_BYTES + 100))
SEALED = CHUNK_BYTES + 16
HEAD = len(WHOLE) - 2 * SEALED - 116


@pytest.mark.parametrize(
    "content",
    [
        WHOLE[:-1],
        WHOLE[: HEAD + 2 * SEALED],  # cut at a chunk's end
        WHOLE[: HEAD + SEALED],
        WHOLE[:HEAD],
        WHOLE + b"x",
        WHOLE + WHOLE[HEAD:],
        WHOLE[:HEAD] + WHOLE[HEAD + SEALED : HEAD + 2 * SEALED] + WHOLE[HEAD : HEAD + SEALED] + WHOLE[-116:],
        WHOLE[:HEAD] + written(bytes(2 * CHUNK_BYTES + 100), keys=Keys("cd" * 16, KEYS.data))[HEAD:],
    ],
    ids=["last byte", "last chunk", "two chunks", "all chunks", "added", "doubled", "exchanged", "foreign"],
)
def test_a_stream_that_is_not_whole_is_refused(content: bytes) -> None:
    assert code_of(lambda: read(content)) == "backup.damaged"


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", "backup.foreign"),
        (b"keyguard-vault 1\n{}\n", "backup.foreign"),
        (b"keyguard-backup 2\n{}\n", "backup.foreign"),
        (b"keyguard-backup x\n{}\n", "backup.foreign"),
        (b"keyguard-backup 1\n", "backup.damaged"),
        (b"keyguard-backup 1\n{}\n", "backup.damaged"),
        (b"keyguard-backup 1\n" + b"[" * 70_000, "backup.damaged"),
        (b'keyguard-backup 1\n{"wraps": [], "file": "", "generation": 0}\n', "backup.damaged"),
    ],
)
def test_what_is_no_backup_is_refused(content: bytes, code: str) -> None:
    assert code_of(lambda: read(content)) == code


@pytest.mark.parametrize(
    ("plain", "code"),
    [
        (b"", "backup.damaged"),
        (b"x" * 200, "backup.damaged"),
        (b'{"kind": "items", "size": 2}\n{}', "backup.damaged"),
        (b'{"kind": "manifest", "size": -1}\n{}', "backup.damaged"),
        (b'{"kind": "manifest", "size": 9}\n{}', "backup.damaged"),
        (b'{"kind": "manifest", "size": 999999999}\n{}', "backup.damaged"),
        (b'{"kind": "manifest", "size": 13}\n{"format": 3}', "backup.foreign"),
        (b'{"kind": "manifest"}\n', "backup.damaged"),
        (b'{"kind": "manifest", "size": true}\n{', "backup.damaged"),
        (b"[]\n", "backup.damaged"),
    ],
)
def test_sections_out_of_form_are_refused(plain: bytes, code: str) -> None:
    assert code_of(lambda: read_manifest(Reader(io.BytesIO(written(plain)), FAKE_PASSPHRASE))) == code


def test_items_do_not_show_themselves() -> None:
    line = b'{"kind": "items", "size": 16}\n{"a": "FAKE one"}'.replace(b"16", b"17")
    items = read_items(Reader(io.BytesIO(written(line)), FAKE_PASSPHRASE))
    assert "FAKE" not in repr(items)
    assert items["a"].reveal() == "FAKE one"
