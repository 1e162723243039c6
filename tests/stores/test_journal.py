"""The journal on SQLite: sealed replies, and nothing left of forgotten ones."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from keyguard.core.errors import IntegrityError, NotStored, StoreError, UsageError
from keyguard.core.exchange import Effect, Reply
from keyguard.core.secret import Secret
from keyguard.ports.journal import Call, Journal
from keyguard.stores.database import Database, open_database, sqlite_url
from keyguard.stores.inventory import SqlInventory
from keyguard.stores.journal import SqlJournal
from keyguard.stores.sealing import KEY_ITEM, Sealer
from tests.fakes.clock import FakeClock
from tests.stores.contract_journal import REPLY, ROTATION, JournalContract, call
from tests.stores.memory_secrets import MemorySecrets


@pytest.fixture
def secrets() -> MemorySecrets:
    return MemorySecrets()


@pytest.fixture
def journal(database: Database, secrets: MemorySecrets, clock: FakeClock) -> Journal:
    return SqlJournal(database, secrets, clock)


class TestSqlJournal(JournalContract):
    pass


def on_disk(path: Path) -> bytes:
    return b"".join(file.read_bytes() for file in sorted(path.parent.iterdir()))


def sealed_replies(database: Database) -> list[bytes]:
    with database.read() as connection:
        return list(connection.exec_driver_sql("SELECT reply FROM calls ORDER BY seq").scalars())


def test_a_reply_is_on_disk_only_sealed(database_path: Path, journal: Journal) -> None:
    reply = Reply(200, {"x": "FAKEHEADER"}, b"FAKESECRET" * 3)
    journal.open(ROTATION)
    journal.intend(call())
    journal.answered(call(reply=reply))
    assert b"create-sub-api" in on_disk(database_path)
    assert b"FAKESECRET" not in on_disk(database_path)
    assert b"FAKEHEADER" not in on_disk(database_path)


@pytest.mark.parametrize("size", [10, 100_000])
def test_forgotten_replies_are_gone_from_file_and_log(
    database: Database, database_path: Path, journal: Journal, size: int
) -> None:
    journal.open(ROTATION)
    for seq in range(3):
        journal.answered(call(seq, reply=Reply(200, {}, b"x" * size)))
    sealed = sealed_replies(database)
    journal.answered(call(0, "other", REPLY))
    pieces = [blob[start : start + 40] for blob in sealed for start in range(0, len(blob) - 40, 1000)]
    assert any(piece in on_disk(database_path) for piece in pieces)
    journal.forget_calls("7f3a01", "create")
    left = on_disk(database_path)
    assert not any(piece in left for piece in pieces)
    assert journal.calls("7f3a01", "other") == (call(0, "other", REPLY),)


def test_forgetting_within_a_transaction_scrubs_after_it(
    database: Database, database_path: Path, journal: Journal
) -> None:
    journal.open(ROTATION)
    journal.answered(call(reply=REPLY))
    (sealed,) = sealed_replies(database)
    with SqlInventory(database).transaction():
        journal.forget_calls("7f3a01", "create")
    assert sealed[:40] not in on_disk(database_path)


def test_a_reader_does_not_keep_forgetting_from_being_done(
    database: Database, database_path: Path, journal: Journal
) -> None:
    journal.open(ROTATION)
    journal.answered(call(reply=REPLY))
    reader = open_database(sqlite_url(database_path))
    with reader.read() as connection:
        connection.exec_driver_sql("SELECT * FROM calls").all()
        journal.forget_calls("7f3a01", "create")
        assert journal.calls("7f3a01", "create") == ()
    reader.close()


@pytest.mark.parametrize(
    "damage",
    [
        "UPDATE calls SET reply = (SELECT c.reply FROM calls c WHERE c.seq = 1) WHERE seq = 0",
        "UPDATE calls SET operation = 'revoke'",
        "UPDATE calls SET reply = zeroblob(length(reply)) WHERE seq = 0",
        "UPDATE calls SET reply = x'00' WHERE seq = 0",
    ],
)
def test_an_altered_or_moved_reply_does_not_open(database: Database, journal: Journal, damage: str) -> None:
    journal.open(ROTATION)
    for seq in range(2):
        journal.answered(call(seq, reply=REPLY))
    with database.write() as connection:
        connection.exec_driver_sql(damage)
    with pytest.raises(IntegrityError) as caught:
        journal.calls("7f3a01", "create")
        journal.calls("7f3a01", "revoke")
    assert caught.value.code == "journal.altered"


def test_a_reply_is_never_replaced(journal: Journal) -> None:
    journal.open(ROTATION)
    journal.answered(call(reply=REPLY))
    for act in (
        lambda: journal.answered(call(reply=Reply(500, {}, b""))),
        lambda: journal.intend(call()),
    ):
        with pytest.raises(StoreError) as caught:
            act()
        assert caught.value.code == "journal.answered"
    assert journal.calls("7f3a01", "create") == (call(reply=REPLY),)
    with pytest.raises(ValueError, match="reply"):
        journal.answered(call(1))


def test_intending_again_is_fine(journal: Journal) -> None:
    journal.open(ROTATION)
    journal.intend(call())
    journal.intend(replace(call(), method="GET", effect=Effect.NONE))
    assert journal.calls("7f3a01", "create") == (replace(call(), method="GET", effect=Effect.NONE),)


def test_a_workflow_nobody_opened(journal: Journal) -> None:
    for act in (lambda: journal.advance(ROTATION), lambda: journal.intend(call())):
        with pytest.raises(UsageError) as caught:
            act()
        assert caught.value.code == "workflow.unknown"


@pytest.mark.parametrize(
    "damage",
    [
        "UPDATE workflows SET data = '{'",
        "UPDATE workflows SET opened_at = 'x'",
        "UPDATE calls SET effect = '?'",
    ],
)
def test_a_row_that_makes_no_sense_is_damage(database: Database, journal: Journal, damage: str) -> None:
    journal.open(ROTATION)
    journal.intend(call())
    with database.write() as connection:
        connection.exec_driver_sql(damage)
    with pytest.raises(StoreError) as caught:
        journal.workflows()
        journal.calls("7f3a01", "create")
    assert caught.value.code == "database.damaged"


def test_the_key_is_made_once(secrets: MemorySecrets, clock: FakeClock) -> None:
    sealed = Sealer(secrets, clock).seal(b"plain", b"here")
    assert secrets.names() == (KEY_ITEM,)
    assert Sealer(secrets, clock).open(sealed, b"here") == b"plain"
    assert Sealer(secrets, clock).seal(b"plain", b"here") != sealed
    with pytest.raises(IntegrityError):
        Sealer(secrets, clock).open(sealed, b"there")


def test_without_the_key_nothing_opens_and_no_other_is_made(secrets: MemorySecrets, clock: FakeClock) -> None:
    sealed = Sealer(secrets, clock).seal(b"plain", b"")
    secrets.delete(KEY_ITEM)
    with pytest.raises(NotStored):
        Sealer(secrets, clock).open(sealed, b"")
    assert secrets.names() == ()


@pytest.mark.parametrize("value", ["zz", "ab" * 31])
def test_an_item_that_is_no_key(secrets: MemorySecrets, clock: FakeClock, value: str) -> None:
    secrets.put(KEY_ITEM, Secret(value))
    with pytest.raises(StoreError) as caught:
        Sealer(secrets, clock).seal(b"", b"")
    assert caught.value.code == "journal.key"


class LateSecrets(MemorySecrets):
    """Another process makes the key between our look and our put."""

    def put(self, name: str, secret: Secret) -> None:
        self.items.setdefault(name, Secret("ab" * 32))
        super().put(name, secret)


class FullSecrets(MemorySecrets):
    def put(self, name: str, secret: Secret) -> None:
        raise StoreError("no room", code="store.full")


def test_two_processes_agree_on_the_first_key(clock: FakeClock) -> None:
    secrets = LateSecrets()
    sealed = Sealer(secrets, clock).seal(b"plain", b"")
    assert secrets.get(KEY_ITEM).reveal() == "ab" * 32
    assert Sealer(secrets, clock).open(sealed, b"") == b"plain"


def test_a_full_secret_store_is_told_and_the_call_stays_unanswered(
    database: Database, clock: FakeClock
) -> None:
    journal = SqlJournal(database, FullSecrets(), clock)
    journal.open(ROTATION)
    journal.intend(call())
    with pytest.raises(StoreError) as caught:
        journal.answered(call(reply=REPLY))
    assert caught.value.code == "store.full"
    assert journal.calls("7f3a01", "create") == (call(),)


def test_replies_survive_any_bytes(journal: Journal) -> None:
    journal.open(ROTATION)
    answer = Call("7f3a01", "op/ü", 0, "GET", "/", Effect.NONE, Reply(599, {"a": "ü\n"}, bytes(range(256))))
    journal.answered(answer)
    assert journal.calls("7f3a01", "op/ü") == (answer,)


def test_a_process_that_works_on_a_key_keeps_others_out_until_it_dies(
    database: Database, database_path: Path, journal: Journal
) -> None:
    hold = (
        "import sys; from pathlib import Path; from keyguard.stores.database import *;"
        "from keyguard.stores.journal import SqlJournal;"
        "database = open_database(sqlite_url(Path(sys.argv[1])));"
        "held = SqlJournal(database, None, None).alone('k1'); held.__enter__(); print('held', flush=True);"
        "sys.stdin.read()"
    )
    with subprocess.Popen(
        [sys.executable, "-c", hold, str(database_path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == b"held\n"
        with pytest.raises(UsageError) as caught, journal.alone("k1"):
            pass
        assert caught.value.code == "workflow.busy"
        other.kill()
    with journal.alone("k1"):
        pass
