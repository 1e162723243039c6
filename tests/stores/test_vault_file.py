"""The encrypted file keeps the stores' contract; who can open it."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest

from keyguard.core.errors import StoreError, UsageError
from keyguard.core.secret import Secret
from keyguard.gateway.clock import SystemClock
from keyguard.stores.vault_file import VaultFile, Wrap, create_vault
from keyguard.stores.vault_keys import WrapKind, new_key
from tests.stores.contract_secrets import FAKE_SECRET, SecretStoreContract
from tests.stores.vaults import CHEAP, FAKE_PASSPHRASE, code_of, opened, path, rewrite_header

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

__all__ = ["path"]


class TestVaultFile(SecretStoreContract):
    @pytest.fixture
    def store(self, path: Path) -> VaultFile:
        return opened(path)

    @pytest.fixture
    def reopened(self, path: Path) -> Callable[[], VaultFile]:
        return lambda: opened(path)


def run(script: str, *arguments: object) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", script, *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)


class TestUnlocking:
    def test_a_wrong_passphrase_is_named_as_such(self, path: Path) -> None:
        wrong = opened(path, Secret("FAKE other passphrase"))

        for act in (wrong.names, lambda: wrong.put("a", FAKE_SECRET), lambda: wrong.delete("a")):
            assert code_of(act) == "store.wrong_passphrase"
        assert opened(path).names() == ()

    def test_the_passphrase_is_asked_for_once_and_only_when_needed(self, path: Path) -> None:
        asked = []

        def unlock() -> Secret:
            asked.append(1)
            return FAKE_PASSPHRASE

        store = VaultFile(path, unlock, SystemClock())
        assert not asked
        store.put("a", FAKE_SECRET)
        store.put("b", FAKE_SECRET)
        store.get("a")
        assert len(asked) == 1

    def test_a_refused_prompt_reaches_the_caller(self, path: Path) -> None:
        def unlock() -> Secret:
            raise UsageError("nobody is there to ask", code="person.needed")

        with pytest.raises(UsageError):
            VaultFile(path, unlock, SystemClock()).names()

    def test_another_vault_in_its_place_needs_its_own_passphrase(self, path: Path) -> None:
        store = opened(path)
        store.put("a", FAKE_SECRET)
        path.unlink()
        create_vault(path, Secret("FAKE new vault's passphrase"), SystemClock(), cost=CHEAP)

        assert code_of(lambda: store.get("a")) == "store.wrong_passphrase"

    def test_accents_may_be_composed_either_way(self, tmp_path: Path) -> None:
        create_vault(tmp_path / "v", Secret("FAKE caf\u00e9"), SystemClock(), cost=CHEAP)

        assert opened(tmp_path / "v", Secret("FAKE cafe\u0301")).names() == ()

    def test_the_default_cost_is_the_promised_one(self, tmp_path: Path) -> None:
        create_vault(tmp_path / "v", FAKE_PASSPHRASE, SystemClock())

        (wrap,) = json.loads((tmp_path / "v").read_bytes().splitlines()[1])["wraps"]
        assert (wrap["memory_kib"], wrap["passes"], wrap["lanes"]) == (65536, 3, 4)
        assert opened(tmp_path / "v").names() == ()

    def test_too_little_memory_is_said(self, tmp_path: Path) -> None:
        create_vault(tmp_path / "v", FAKE_PASSPHRASE, SystemClock())
        script = (
            "import resource, sys; from pathlib import Path\n"
            "from keyguard.core.secret import Secret; from keyguard.core.errors import StoreError\n"
            "from keyguard.gateway.clock import SystemClock\n"
            "from keyguard.stores.vault_file import VaultFile\n"
            "from cryptography.hazmat.primitives.kdf.argon2 import Argon2id\n"
            "from cryptography.hazmat.primitives.ciphers.aead import AESGCM\n"
            "used = int(Path('/proc/self/statm').read_text().split()[0]) * resource.getpagesize()\n"
            "resource.setrlimit(resource.RLIMIT_AS, (used + 40 * 2**20,) * 2)\n"
            "store = VaultFile(Path(sys.argv[1]), lambda: Secret(sys.argv[2]), SystemClock())\n"
            "try: store.names()\n"
            "except StoreError as error: print(error.code)\n"
        )
        done = run(script, tmp_path / "v", FAKE_PASSPHRASE.reveal())

        assert done.stdout.strip() == "store.no_memory", done.stderr

    def test_an_empty_passphrase_is_refused(self, tmp_path: Path) -> None:
        with pytest.raises(UsageError) as caught:
            create_vault(tmp_path / "v", Secret(""), SystemClock(), cost=CHEAP)

        assert caught.value.code == "store.no_passphrase"
        assert not (tmp_path / "v").exists()

    @pytest.mark.parametrize(
        "bad",
        [
            {"memory_kib": 2**21},
            {"memory_kib": 7},
            {"memory_kib": 8.5},
            {"memory_kib": "8"},
            {"passes": 0},
            {"passes": 11},
            {"lanes": 17},
            {"salt": "AA"},
            {"salt": "*"},
            {"nonce": ""},
            {"sealed": None},
        ],
        ids=str,
    )
    def test_hostile_parameters_are_refused_before_they_cost_anything(
        self, path: Path, bad: dict[str, object]
    ) -> None:
        def spoil(header: dict[str, Any]) -> None:
            header["wraps"][0].update(bad)

        rewrite_header(path, spoil)

        assert code_of(opened(path).names) == "store.damaged"

    def test_weaker_parameters_do_not_open_it(self, path: Path) -> None:
        rewrite_header(path, lambda header: header["wraps"][0].update(passes=2))

        assert code_of(opened(path).names) == "store.wrong_passphrase"


class TestWraps:
    def test_a_new_passphrase_replaces_the_old_one(self, path: Path) -> None:
        store, new = opened(path), Secret("FAKE new passphrase")
        store.put("a", FAKE_SECRET)

        store.change_passphrase(new, cost=CHEAP)

        assert store.get("a") == FAKE_SECRET
        assert opened(path, new).get("a") == FAKE_SECRET
        assert code_of(lambda: opened(path).get("a")) == "store.wrong_passphrase"

    @pytest.mark.parametrize("kind", [WrapKind.KEY_FILE, WrapKind.SYSTEMD_CREDENTIAL])
    def test_a_key_opens_it_too_until_removed(self, path: Path, kind: WrapKind) -> None:
        store, key = opened(path), new_key(SystemClock().token)
        store.put("a", FAKE_SECRET)

        wrap_id = store.add_key(key, kind)

        assert Wrap(wrap_id, kind.value) in store.wraps()
        assert opened(path, key).get("a") == FAKE_SECRET
        store.change_passphrase(Secret("FAKE new passphrase"), cost=CHEAP)
        assert opened(path, key).get("a") == FAKE_SECRET
        store.remove_wrap(wrap_id)
        assert code_of(lambda: opened(path, key).get("a")) == "store.wrong_passphrase"

    def test_a_passphrase_may_look_like_a_key(self, tmp_path: Path) -> None:
        passphrase = Secret("fa4e" * 16)
        create_vault(tmp_path / "v", passphrase, SystemClock(), cost=CHEAP)

        opened(tmp_path / "v", passphrase).add_key(new_key(SystemClock().token), WrapKind.KEY_FILE)

        assert opened(tmp_path / "v", passphrase).names() == ()

    @pytest.mark.parametrize("kind", list(WrapKind))
    def test_a_guessable_key_is_refused(self, path: Path, kind: WrapKind) -> None:
        key = new_key(SystemClock().token) if kind is WrapKind.PASSPHRASE else Secret("FAKE key")

        with pytest.raises(UsageError) as caught:
            opened(path).add_key(key, kind)

        assert caught.value.code == "store.weak_key"

    def test_the_last_way_in_cannot_be_removed(self, path: Path) -> None:
        store = opened(path)
        (only,) = store.wraps()

        with pytest.raises(UsageError) as caught:
            store.remove_wrap(only.id)
        assert caught.value.code == "store.last_wrap"
        with pytest.raises(UsageError) as caught:
            store.remove_wrap("nothing")
        assert caught.value.code == "store.unknown_wrap"
        assert opened(path).names() == ()

    def test_there_is_a_most_of_wraps(self, path: Path) -> None:
        store = opened(path)
        for _ in range(15):
            store.add_key(new_key(SystemClock().token), WrapKind.KEY_FILE)

        with pytest.raises(UsageError) as caught:
            store.add_key(new_key(SystemClock().token), WrapKind.KEY_FILE)

        assert caught.value.code == "store.too_many_wraps"
        assert len(opened(path).wraps()) == 16

    def test_a_later_versions_kind_of_wrap_is_kept(self, path: Path) -> None:
        later = {"kind": "security_key", "id": "77", "slot": 3}
        store = opened(path)
        store._rewrap(lambda wraps, _: (*wraps, later))

        store.put("a", FAKE_SECRET)

        assert opened(path).wraps()[-1] == Wrap("77", "security_key")
        with pytest.raises(UsageError):
            store.remove_wrap(store.wraps()[0].id)


class TestManyItems:
    def test_they_are_put_with_one_write(self, path: Path) -> None:
        store = opened(path)
        store.put("a", Secret("FAKE a"))
        before = json.loads(path.read_bytes().splitlines()[1])["generation"]
        store.put_many({"a": Secret("FAKE a"), "b": Secret("FAKE b"), "c": Secret("FAKE c")})
        store.put_many({"b": Secret("FAKE b")})
        assert json.loads(path.read_bytes().splitlines()[1])["generation"] == before + 1
        assert {name: opened(path).get(name).reveal() for name in opened(path).names()} == {
            "a": "FAKE a", "b": "FAKE b", "c": "FAKE c",
        }  # fmt: skip

    def test_one_that_does_not_fit_stops_all(self, path: Path) -> None:
        store = opened(path)
        store.put("a", Secret("FAKE a"))
        fresh = Secret("FAKE b")
        assert code_of(lambda: store.put_many({"b": fresh, "a": Secret("FAKE other")})) == "store.exists"
        assert code_of(lambda: store.put_many({"b": fresh, "B": fresh})) == "store.name"
        assert store.names() == ("a",)


class TestRecoveryShare:
    def test_its_key_opens_the_vault_under_its_own_id(self, path: Path) -> None:
        key = new_key(SystemClock().token)
        store = opened(path)
        store.put("a", FAKE_SECRET)
        for _ in range(2):
            store.add_recovery(key, "318f8a0c")
        assert [wrap for wrap in store.wraps() if wrap.id == "318f8a0c"] == [
            Wrap("318f8a0c", "recovery_share")
        ]
        assert opened(path, key).get("a") == FAKE_SECRET

    def test_it_survives_a_new_passphrase(self, path: Path) -> None:
        key = new_key(SystemClock().token)
        opened(path).add_recovery(key, "318f8a0c")
        opened(path, key).change_passphrase(Secret("FAKE new passphrase"), cost=CHEAP)
        assert [wrap.kind for wrap in opened(path, key).wraps()] == ["passphrase", "recovery_share"]
        assert code_of(lambda: opened(path).names()) == "store.wrong_passphrase"


@pytest.mark.parametrize("at", range(1, 4))
@pytest.mark.parametrize("side", ["before", "after"])
def test_killed_while_the_passphrase_changes_one_of_both_opens_it(
    path: Path, monkeypatch: pytest.MonkeyPatch, at: int, side: str
) -> None:
    from keyguard.stores import vault_file

    class Killed(BaseException):
        pass

    real, writes = vault_file.replace_private, []

    def dying(file: Path, content: bytes) -> None:
        writes.append(file)
        if len(writes) == at and side == "before":
            raise Killed
        real(file, content)
        if len(writes) == at:
            raise Killed

    new = Secret("FAKE new passphrase")
    opened(path).put("a", FAKE_SECRET)
    with monkeypatch.context() as patched:
        patched.setattr(vault_file, "replace_private", dying)
        try:
            opened(path).change_passphrase(new, cost=CHEAP)
        except Killed:
            pass
        else:
            assert at > 2
    opens = []
    for passphrase in (FAKE_PASSPHRASE, new):
        try:
            assert opened(path, passphrase).get("a") == FAKE_SECRET
            opens.append(passphrase)
        except StoreError as error:
            assert error.code == "store.wrong_passphrase"
    assert opens
    opened(path, opens[-1]).change_passphrase(new, cost=CHEAP)
    assert [wrap.kind for wrap in opened(path, new).wraps()] == ["passphrase"]
