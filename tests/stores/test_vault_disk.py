"""The vault file on a real disk: permissions, full and read-only, killed and crowded."""

from __future__ import annotations

import base64
import os
import resource
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from keyguard.core.errors import StoreError
from keyguard.core.secret import Secret
from keyguard.gateway.clock import SystemClock
from keyguard.stores import vault_file
from keyguard.stores.file_lock import locked
from keyguard.stores.vault_file import VaultFile, create_vault
from tests.stores.contract_secrets import FAKE_SECRET
from tests.stores.vaults import CHEAP, FAKE_PASSPHRASE, code_of, opened, path, refused

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["path"]


@pytest.fixture
def unprivileged_folder() -> Iterator[Path]:
    """A folder of ours whose permissions bind us, even if the tests run as root."""
    with tempfile.TemporaryDirectory() as name:
        folder, user = Path(name), os.geteuid()
        if user == 0:
            os.chown(folder, 65534, 65534)
            os.seteuid(65534)
        try:
            yield folder
        finally:
            os.seteuid(user)
            folder.chmod(0o700)


class TestFolder:
    def test_only_its_owner_can_read_it_and_nothing_else_is_left(self, path: Path) -> None:
        opened(path).put("a", FAKE_SECRET)

        assert path.stat().st_mode & 0o777 == 0o600
        assert {file.name for file in path.parent.iterdir() if file.is_file()} == {"vault", "vault.lock"}

    def test_no_value_stands_in_it(self, path: Path) -> None:
        opened(path).put("a", FAKE_SECRET)

        content = path.read_bytes()
        assert FAKE_SECRET.reveal().encode() not in content
        assert base64.b64encode(FAKE_SECRET.reveal().encode())[:20] not in content

    @pytest.mark.parametrize("mode", [0o640, 0o604, 0o620, 0o666])
    def test_a_file_others_can_reach_is_refused(self, path: Path, mode: int) -> None:
        path.chmod(mode)

        error = refused(opened(path).names)

        assert error.code == "store.exposed"
        assert f"chmod 600 {path}" in error.hint

    def test_an_existing_file_is_never_replaced(self, path: Path) -> None:
        opened(path).put("a", FAKE_SECRET)

        assert (
            code_of(lambda: create_vault(path, FAKE_PASSPHRASE, SystemClock(), cost=CHEAP)) == "store.exists"
        )
        assert opened(path).get("a") == FAKE_SECRET

    def test_a_folder_in_its_place(self, tmp_path: Path) -> None:
        (tmp_path / "v").mkdir()

        assert code_of(opened(tmp_path / "v").names) == "store.not_a_file"

    def test_a_named_pipe_in_its_place_does_not_hang(self, tmp_path: Path) -> None:
        os.mkfifo(tmp_path / "v", 0o600)

        assert code_of(opened(tmp_path / "v").names) == "store.not_a_file"

    def test_a_linked_vault_stays_linked(self, path: Path, tmp_path: Path) -> None:
        (tmp_path / "link").symlink_to(path)

        opened(tmp_path / "link").put("a", FAKE_SECRET)

        assert (tmp_path / "link").is_symlink()
        assert opened(path).get("a") == FAKE_SECRET

    def test_a_read_only_folder(self, unprivileged_folder: Path) -> None:
        path = unprivileged_folder / "vault"
        create_vault(path, FAKE_PASSPHRASE, SystemClock(), cost=CHEAP)
        store = opened(path)
        store.put("a", FAKE_SECRET)
        unprivileged_folder.chmod(0o500)

        for act in (lambda: store.put("b", FAKE_SECRET), lambda: store.delete("a")):
            assert code_of(act) == "store.read_only"
        assert opened(path).get("a") == FAKE_SECRET

    def test_a_full_disk_loses_nothing(self, path: Path) -> None:
        store = opened(path)
        store.put("a", FAKE_SECRET)
        before = path.read_bytes()
        limit = resource.getrlimit(resource.RLIMIT_FSIZE)
        try:
            resource.setrlimit(resource.RLIMIT_FSIZE, (len(before) + 100, limit[1]))
            assert code_of(lambda: store.put("b", Secret("k" * 1000))) == "store.full"
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, limit)

        assert path.read_bytes() == before
        assert not path.with_name("vault.new").exists()
        store.put("b", Secret("k" * 1000))
        assert opened(path).names() == ("a", "b")

    @pytest.mark.parametrize("linked", [False, True], ids=["file", "link"])
    def test_what_a_crash_left_behind_is_cleared_away(self, path: Path, linked: bool) -> None:
        victim, fresh = path.with_name("victim"), path.with_name("vault.new")
        victim.write_text("untouched")
        if linked:
            fresh.symlink_to(victim)
        else:
            fresh.write_text("half a vault")

        opened(path).put("a", FAKE_SECRET)

        assert opened(path).get("a") == FAKE_SECRET
        assert not fresh.exists()
        assert victim.read_text() == "untouched"

    def test_a_write_that_did_not_last_is_found_out(
        self, path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        store = opened(path)
        monkeypatch.setattr(vault_file, "replace_private", lambda path, content: None)

        assert code_of(lambda: store.put("a", FAKE_SECRET)) == "store.not_kept"

    def test_a_process_that_keeps_the_lock_is_not_waited_for_for_ever(self, path: Path) -> None:
        lock = path.with_name("vault.lock")
        with locked(lock), pytest.raises(StoreError) as caught, locked(lock, patience=0.05):
            pass

        assert caught.value.code == "store.busy"


PUT_LOOP = """
import sys; from pathlib import Path
from keyguard.core.secret import Secret
from keyguard.gateway.clock import SystemClock
from keyguard.stores.vault_file import VaultFile
store = VaultFile(Path(sys.argv[1]), lambda: Secret(sys.argv[2]), SystemClock())
for n in range(int(sys.argv[4])):
    name = f"{sys.argv[3]}/{n}"
    store.put(name, Secret("FAKE " + name * 20))
    print(name, flush=True)
"""


def start(script: str, *arguments: object) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", script, *map(str, arguments)], stdout=subprocess.PIPE, text=True
    )


class TestProcesses:
    def test_killed_at_any_moment_what_was_acknowledged_is_there(self, path: Path) -> None:
        acknowledged: list[str] = []
        for round_ in range(8):
            with start(PUT_LOOP, path, FAKE_PASSPHRASE.reveal(), f"r{round_}", 10_000) as writer:
                assert writer.stdout
                # Killed after another number of puts each time, and then wherever the next one is.
                acknowledged += [writer.stdout.readline().strip() for _ in range(1 + 3 * round_)]
                writer.kill()
                acknowledged += writer.stdout.read().split()

            store = opened(path)
            assert set(acknowledged) <= set(store.names())
            for name in store.names():
                assert store.get(name).reveal() == "FAKE " + name * 20
        assert "" not in acknowledged

    def test_processes_writing_at_once_lose_nothing(self, path: Path) -> None:
        writers = [start(PUT_LOOP, path, FAKE_PASSPHRASE.reveal(), f"w{n}", 15) for n in range(4)]
        for writer in writers:
            writer.communicate(timeout=60)

        assert [writer.returncode for writer in writers] == [0] * 4
        assert len(opened(path).names()) == 60

    def test_threads_share_one_store(self, path: Path) -> None:
        asked = []

        def unlock() -> Secret:
            asked.append(1)
            return FAKE_PASSPHRASE

        store = VaultFile(path, unlock, SystemClock())
        with ThreadPoolExecutor(4) as pool:
            list(pool.map(lambda n: store.put(f"t/{n}", FAKE_SECRET), range(20)))

        assert len(asked) == 1
        assert len(opened(path).names()) == 20
