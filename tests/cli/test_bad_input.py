"""Whatever is wrong, a real command says one clear thing, ends with its status and changes nothing."""

from __future__ import annotations

import json
import shutil
import sqlite3
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from keyguard_simulators.faults import FaultKind, FaultRule
from keyguard_simulators.wire import Answer, Call
from tests.cli.desk import IMPATIENT, Desk, Done, answering, bybit_keys, desk, write_private
from tests.cli.state import at_venues, said_clearly, state_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

BOT = "bybit/mm/bot"
WHICH = ("run", BOT, "--", "sh", "-c", "echo $BYBIT_API_KEY")
NOWHERE = {"DBUS_SESSION_BUS_ADDRESS": "unix:path=/nonexistent/bus"}


@pytest.fixture(scope="module")
def ready(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    with desk(tmp_path_factory.mktemp("bad"), program=IMPATIENT) as opened:
        opened.init()
        bot, manager = bybit_keys(opened.venues.venues["bybit"])
        opened.add("bybit/ops/manager", manager)
        opened.add(BOT, bot)
        yield opened


@pytest.fixture
def copied(ready: Desk, tmp_path: Path) -> Path:
    """A copy of the home, to be spoiled."""
    return Path(shutil.copytree(ready.home, tmp_path / "home"))


def refused(ready: Desk, *words: str, status: int, **settings: Any) -> Done:
    """A command that is refused and leaves everything as it was."""
    before = state_of(ready)
    done = ready.keyguard(*words, expect=status, **settings)
    said_clearly(done)
    assert state_of(ready) == before
    return done


def refused_home(ready: Desk, home: Path, *words: str, status: int, **changes: str) -> Done:
    """The same on a spoiled copy of the home, whose files must stay as they are."""
    before = files(home)
    done = ready.keyguard(*words, expect=status, environment={"KEYGUARD_HOME": str(home), **changes})
    said_clearly(done)
    assert files(home) == before
    return done


def files(home: Path) -> dict[str, bytes]:
    """Contents by name; lock files and SQLite's shared memory hold nothing."""
    kept = (path for path in home.rglob("*") if path.is_file() and not path.name.endswith(("-shm", ".lock")))
    return {path.name: data for path in kept if (data := path.read_bytes())}


def credential(**changes: Any) -> str:
    return json.dumps({"key": "FAKEkey", "secret": "FAKEsecret" + "x1y2" * 6} | changes)


def test_an_unknown_venue_is_said_with_those_that_are_known(ready: Desk) -> None:
    words = ("key", "add", "nowhere", "--desk", "mm", "--label", "x", "--stdin")
    done = refused(ready, *words, status=2, sent=credential())
    assert "bybit" in done.err


def test_a_name_that_matches_two_keys_lists_them(ready: Desk) -> None:
    done = refused(ready, "key", "rotate", "bybit", status=2)
    assert BOT in done.err
    assert "bybit/ops/manager" in done.err


@pytest.mark.parametrize(
    ("name", "content"),
    [
        (".env", b'UPBIT_ACCESS_KEY=FAKE\nUPBIT_SECRET_KEY="FAKEsecret'),
        ("config.json", b'{"exchange": {"name": "bybit", "key": "FAKE", "secret": "FAKEsecret'),
        ("keys.csv", b"\xff\xfe\x00FAKEsecret\x00"),
        ("findings.sarif", b'{"runs": [{"results": "FAKEsecret"}]}'),
        ("nothing.yaml", b""),
    ],
)
def test_a_malformed_import_file(ready: Desk, name: str, content: bytes) -> None:
    (ready.work / name).write_bytes(content)
    refused(ready, "key", "import", name, "--desk", "mm", "--replace", status=2)
    assert (ready.work / name).read_bytes() == content


def test_an_import_file_that_is_not_there(ready: Desk) -> None:
    assert "missing.env" in refused(ready, "key", "import", "missing.env", "--desk", "mm", status=2).err


@pytest.mark.parametrize(
    "sent",
    [
        credential(secret="FAKEsecret with spaces"),
        credential(secret=""),
        credential(secret="FAKEkey"),
        credential(secret=["FAKEsecret"]),
        credential(private_key="FAKEsecret, no PEM"),
        credential()[:-1],
        json.dumps({"key": "FAKEkey"}),
        "",
    ],
    ids=["spaces", "empty", "the key itself", "a list", "no PEM", "cut JSON", "no secret", "nothing"],
)
def test_a_secret_of_the_wrong_shape(ready: Desk, sent: str) -> None:
    refused(ready, "key", "add", "bybit", "--desk", "x", "--label", "y", "--stdin", status=2, sent=sent)


def test_a_time_out_of_a_question(ready: Desk) -> None:
    faults = ready.venues.venues["bybit"].state.faults
    faults.add(FaultRule(FaultKind.TIMEOUT_BEFORE, times=0))
    try:
        for words in (("key", "inspect", BOT), ("key", "rotate", BOT)):
            refused(ready, *words, status=4)
    finally:
        faults.clear()


@pytest.mark.parametrize("kind", [FaultKind.TIMEOUT_BEFORE, FaultKind.TIMEOUT_AFTER, FaultKind.MALFORMED])
@pytest.mark.parametrize("operation", ["/v5/user/create-sub-api", "/v5/user/delete-sub-api"])
def test_a_time_out_of_an_effect_names_what_to_type_next(
    ready: Desk, kind: FaultKind, operation: str
) -> None:
    ready.venues.venues["bybit"].state.faults.add(FaultRule(kind, operation))
    done = ready.keyguard("key", "rotate", BOT, expect=5)
    said_clearly(done)
    hint = done.errors[-1]
    assert hint.startswith("keyguard: hint: keyguard workflow resume ")
    ready.keyguard(*hint.removeprefix("keyguard: hint: keyguard ").split())
    one_working_key(ready)


def one_working_key(ready: Desk) -> None:
    """What the store hands out works at the venue, and the venue has no other key of the bot."""
    public_id, secret = ready.stored(BOT)
    book = ready.venues.venues["bybit"].state.book
    key = book.keys[public_id]
    assert (key.deleted, key.enabled, key.secret) == (False, True, secret)
    assert [k.public_id for k in book.listed(key.account)] == [public_id]
    assert ready.unfinished() == []


def test_a_database_of_a_newer_version(ready: Desk, copied: Path) -> None:
    with sqlite3.connect(copied / "keyguard.db", isolation_level=None) as database:
        database.execute("UPDATE alembic_version SET version_num = '0042'")
        database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    database.close()
    for words in (("key", "list"), ("init",), ("run", BOT, "--", "true"), ("log", "verify")):
        assert "newer" in refused_home(ready, copied, *words, status=3).err


def test_no_home_and_a_malformed_one(ready: Desk, copied: Path, tmp_path: Path) -> None:
    assert "init" in refused_home(ready, tmp_path / "none", "key", "list", status=2).err
    assert not (tmp_path / "none").exists()
    (copied / "config.toml").write_text("store = [")
    assert "config.toml" in refused_home(ready, copied, "key", "list", status=2).err


def test_a_locked_store_and_nobody_to_ask(ready: Desk) -> None:
    nobody = {"KEYGUARD_PASSPHRASE_FILE": ""}
    for words in (("run", BOT, "--", "true"), ("key", "rotate", BOT)):
        done = refused(ready, *words, status=3, environment=nobody)
        assert "--passphrase-file" in done.err


def test_a_wrong_passphrase(ready: Desk, tmp_path: Path) -> None:
    wrong = write_private(tmp_path / "wrong", "FAKEsecret passphrase")
    for words in (("run", BOT, "--", "true"), ("key", "rotate", BOT)):
        refused(ready, "--passphrase-file", str(wrong), *words, status=3)


def test_a_passphrase_file_others_may_read(ready: Desk, tmp_path: Path) -> None:
    open_to_all = write_private(tmp_path / "open", ready.passphrase)
    open_to_all.chmod(0o644)
    refused(ready, "key", "rotate", BOT, "--passphrase-file", str(open_to_all), status=3)


@pytest.mark.parametrize("left", [0, 100, -1])
def test_a_truncated_vault(ready: Desk, copied: Path, left: int) -> None:
    vault = copied / "vault.kgv"
    vault.write_bytes(vault.read_bytes()[:left])
    before = at_venues(ready)
    done = refused_home(ready, copied, "key", "rotate", BOT, status=3)
    assert "the vault file is damaged" in done.err
    assert at_venues(ready) == before


def test_a_missing_vault_is_not_made_anew(ready: Desk, copied: Path) -> None:
    (copied / "vault.kgv").unlink()
    refused_home(ready, copied, "key", "rotate", BOT, status=3)


def test_a_missing_keyring(ready: Desk, copied: Path, tmp_path: Path) -> None:
    config = copied / "config.toml"
    config.write_text(config.read_text().replace('"file"', '"os-keyring"'))
    refused_home(ready, copied, "key", "rotate", BOT, status=3, **NOWHERE)
    fresh = tmp_path / "fresh"
    refused_home(ready, fresh, "init", "--store", "os-keyring", status=3, **NOWHERE)
    assert not fresh.exists()


def test_a_second_rotation_and_hand_outs_while_one_is_under_way(ready: Desk) -> None:
    """Before the switch a hand-out gives the old key, after it the new one; the rotation waits for nobody
    but those who have the old one."""
    old, _ = ready.stored(BOT)
    seen: dict[str, tuple[Done, Done]] = {}

    def meanwhile(call: Call, answer: Callable[[Call], Answer]) -> Answer:
        if call.path in ("/v5/user/create-sub-api", "/v5/user/delete-sub-api"):
            seen[call.path] = (ended(ready, "key", "rotate", BOT), ended(ready, *WHICH))
        return answer(call)

    with answering(ready.venues.venues["bybit"], meanwhile):
        ready.keyguard("key", "rotate", BOT)
    new, _ = ready.stored(BOT)
    (second, before), (third, after) = seen.values()
    for refusal in (second, third):
        said_clearly(refusal)
        assert refusal.status == 2
        assert "another process is working on this key" in refusal.err
    assert (before.out.strip(), after.out.strip()) == (old, new)
    one_working_key(ready)


def ended(ready: Desk, *words: str) -> Done:
    """A command that ends as it ends: a simulator that calls it cannot fail the test."""
    process = ready.start(*words)
    out, err = process.communicate(timeout=60)
    return Done(words, process.returncode, out, err)
