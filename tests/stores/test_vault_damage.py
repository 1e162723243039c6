"""What chance and hostile hands do to a vault file: one clear error, the file untouched."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import os
from typing import TYPE_CHECKING

import pytest

from keyguard.core.secret import Secret
from keyguard.stores import vault_file
from keyguard.stores.vault_file import VaultFile, create_vault
from keyguard.stores.vault_keys import Keys, WrapKind, new_key
from tests.fakes.clock import FakeClock
from tests.stores.contract_secrets import FAKE_SECRET, OTHER_SECRET
from tests.stores.vaults import CHEAP, FAKE_PASSPHRASE, code_of, opened, path, refused, reseal

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

__all__ = ["path"]


class TestDamage:
    @pytest.fixture
    def lines(self, path: Path) -> list[bytes]:
        """Magic, header, items a, b and c, end."""
        for name in "abc":
            opened(path).put(name, Secret(f"FAKE {name}"))
        return path.read_bytes().splitlines(keepends=True)

    def test_cut_off_anywhere(self, path: Path, lines: list[bytes]) -> None:
        content = b"".join(lines)
        for length in {0, 1, 15, 17, 18, 40, *range(18, len(content), 61), len(content) - 1}:
            path.write_bytes(content[:length])
            assert code_of(opened(path).names) == "store.damaged"
            assert code_of(lambda: opened(path).put("d", FAKE_SECRET)) == "store.damaged"
            assert path.read_bytes() == content[:length]

    def test_any_flipped_byte(self, path: Path, lines: list[bytes]) -> None:
        content = b"".join(lines)
        for at in range(18, len(content), 7):
            path.write_bytes(content[:at] + bytes([content[at] ^ 1]) + content[at + 1 :])
            assert code_of(opened(path).names) == "store.damaged"

    @pytest.mark.parametrize(
        "change",
        [
            lambda magic, header, a, b, c: [magic, header, a, c, b],
            lambda magic, header, a, b, c: [magic, header, a, c],
            lambda magic, header, a, b, c: [magic, header, a, b, b, c],
            lambda magic, header, a, b, c: [magic, header, a.replace(b'"a"', b'"d"'), b, c],
            lambda magic, header, a, b, c: [magic, header],
            lambda magic, header, a, b, c: [magic, header, b"[]\n"],
            lambda magic, header, a, b, c: [magic, header, b"{}\n"],
            lambda magic, header, a, b, c: [magic, header, b"[" * 100_000 + b"\n"],
            lambda magic, header, a, b, c: [magic, b"{}\n"],
            lambda magic, header, a, b, c: [magic, header.replace(b'"file":"', b'"file":"00')],
            lambda magic, header, a, b, c: [magic, b'{"file":1,"generation":1,"wraps":[]}\n'],
            lambda magic, header, a, b, c: [
                magic,
                b'{"file":"' + b"0" * 32 + b'","generation":1,"wraps":[]}\n',
            ],
        ],
        ids=[
            *("swapped", "dropped", "doubled", "renamed", "emptied", "list"),
            *("nothing", "deep", "headless", "id", "types", "lockless"),
        ],
    )
    def test_a_file_put_together_by_somebody_else(
        self, path: Path, lines: list[bytes], change: Callable[..., list[bytes]]
    ) -> None:
        path.write_bytes(reseal(b"".join(change(*lines[:5]))))

        error = refused(opened(path).names)

        assert error.code == "store.damaged"
        assert error.__cause__ is None and "FAKE" not in repr(error.__context__)

    def test_the_older_state_of_one_item(self, path: Path, lines: list[bytes]) -> None:
        store = opened(path)
        store.delete("b")
        store.put("b", OTHER_SECRET)
        magic, header, a, _, c, _ = path.read_bytes().splitlines(keepends=True)

        seal = json.loads(path.read_bytes().splitlines()[-1])["seal"]
        path.write_bytes(reseal(magic + header + a + lines[3] + c, seal))

        assert code_of(opened(path).names) == "store.damaged"

    def test_items_moved_within_and_between_files_do_not_open(self, tmp_path: Path) -> None:
        first, second = Keys("00" * 16, bytes(32)), Keys("11" * 16, bytes(32))
        box = first.encrypt("a", b"FAKE", bytes(12))

        assert first.decrypt("a", box) == b"FAKE"
        assert code_of(lambda: first.decrypt("b", box)) == "store.damaged"
        assert code_of(lambda: second.decrypt("a", box)) == "store.damaged"

    @pytest.mark.parametrize(
        ("content", "words"),
        [
            (b"keyguard-vault 2\n{}\n", "format 2"),
            (b"ssh-rsa AAAA\n", "not a keyguard vault"),
            (b"\x7fELF\x00\xff\n", "not a keyguard vault"),
        ],
    )
    def test_a_foreign_file_is_not_touched(self, path: Path, content: bytes, words: str) -> None:
        path.write_bytes(content)

        error = refused(lambda: opened(path).put("a", FAKE_SECRET))

        assert error.code == "store.foreign"
        assert words in error.message
        assert path.read_bytes() == content

    def test_no_file(self, tmp_path: Path) -> None:
        for act in (
            opened(tmp_path / "v").names,
            lambda: opened(tmp_path / "no" / "v").put("a", FAKE_SECRET),
        ):
            assert code_of(act) == "store.missing"

    def test_a_huge_file_is_not_read(self, path: Path) -> None:
        os.truncate(path, 65 * 2**20)

        assert code_of(opened(path).names) == "store.too_large"

    def test_a_vault_never_grows_beyond_what_can_be_read(
        self, path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        store = opened(path)
        store.put("a", FAKE_SECRET)
        monkeypatch.setattr(vault_file, "MAX_FILE_BYTES", 1000)

        assert code_of(lambda: store.put("b", Secret("k" * 1000))) == "store.full"
        assert store.names() == ("a",)


def test_the_format_stays_as_it_is(tmp_path: Path) -> None:
    """The bytes of format 1: a change here means that vaults in use cannot be read any more."""
    clock = FakeClock()
    path = tmp_path / "v"
    create_vault(path, FAKE_PASSPHRASE, clock, cost=CHEAP)
    store = VaultFile(path, lambda: FAKE_PASSPHRASE, clock)
    store.put("version/1", Secret("FAKE 한국어"))
    store.add_key(new_key(clock.token), WrapKind.KEY_FILE)

    assert hashlib.sha256(path.read_bytes()).hexdigest() == (
        "fcadf595e9453c4a63db4f053d3dfd378cf1f35a10bb4d131d247b613031f090"
    )


def test_the_documented_steps_open_a_vault_without_keyguard(path: Path) -> None:
    """docs/vault-file.md, followed with nothing but the cryptography library."""
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM
    from cryptography.hazmat.primitives.hashes import SHA256
    from cryptography.hazmat.primitives.kdf.argon2 import Argon2id
    from cryptography.hazmat.primitives.kdf.hkdf import HKDF

    opened(path).put("version/1", FAKE_SECRET)

    def packed(value: object) -> bytes:
        return json.dumps(value, sort_keys=True, separators=(",", ":")).encode()

    content = path.read_bytes()
    header, item, end = (json.loads(line) for line in content.splitlines()[1:])
    (wrap,) = header["wraps"]
    nonce, sealed = (base64.b64decode(wrap.pop(field)) for field in ("nonce", "sealed"))
    key = Argon2id(
        salt=base64.b64decode(wrap["salt"]),
        length=32,
        iterations=wrap["passes"],
        lanes=wrap["lanes"],
        memory_cost=wrap["memory_kib"],
    ).derive(FAKE_PASSPHRASE.reveal().encode())
    data_key = AESGCM(key).decrypt(nonce, sealed, packed(["keyguard vault wrap", 1, header["file"], wrap]))

    def derived(use: str) -> bytes:
        salt = bytes.fromhex(header["file"])
        return HKDF(SHA256(), 32, salt, f"keyguard vault 1 {use}".encode()).derive(data_key)

    body = content[: content.rstrip(b"\n").rfind(b"\n") + 1]
    assert end["seal"] == hmac.digest(derived("seal"), body, "sha256").hex()
    plain = AESGCM(derived("items")).decrypt(
        base64.b64decode(item["nonce"]),
        base64.b64decode(item["box"]),
        packed(["keyguard vault item", 1, header["file"], "version/1"]),
    )
    assert plain.decode() == FAKE_SECRET.reveal()
