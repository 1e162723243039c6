"""Hand-outs over a real socket, by a real daemon."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from keyguard.client import Client
from keyguard.core.errors import StoreError, UsageError
from tests.daemon.homes import PASSPHRASE, TIME_LIMIT_S, DaemonHome, secret_of

if TYPE_CHECKING:
    from collections.abc import Callable


def test_a_key_is_recorded_leased_and_handed_out(home: DaemonHome) -> None:
    with home.client() as keys:
        key = keys.get("bybit/mm/bot0", purpose="quote BTCUSDT")
        assert (key.name, key.version, key.key) == ("bybit/mm/bot0", 1, "FAKEidk0v1")
        assert key.secret.reveal() == secret_of(1)
        assert key.new
        assert secret_of(1) not in repr(key)
        (record,) = home.records("handout")
        assert record["body"]["purpose"] == "quote BTCUSDT"
        assert record["body"]["mode"] == "socket"
        assert record["body"]["process"] == os.path.basename(os.path.realpath(sys.executable))
        assert home.running_leases() == 1
    home.verify()


def test_asking_again_inside_the_lease_is_the_same_hand_out(home: DaemonHome) -> None:
    with home.client() as keys:
        first = keys.get("bot0")
        again = [keys.get("bot0") for _ in range(20)]
        assert {key.lease for key in again} == {first.lease}
        assert not any(key.new for key in again)
        with home.client() as second:  # another connection of the same process
            assert second.get("bot0").lease == first.lease
        assert len(home.records("handout")) == 1
        assert keys.get("bot0", purpose="another").lease != first.lease
        assert keys.get("bot0", fresh=True).lease != first.lease
        assert len(home.records("handout")) == 3


def test_an_ended_lease_is_ended_on_disk_and_the_next_one_is_new(home: DaemonHome) -> None:
    with home.client() as keys:
        first = keys.get("bot0")
        keys.end(first)
        assert home.running_leases() == 0
        assert keys.get("bot0").lease != first.lease
        assert len(home.records("handout")) == 2


def test_a_lease_ends_with_its_process(home: DaemonHome) -> None:
    code = (
        "import sys; from keyguard.client import Client; c = Client(); c.get('bot0')\n"
        "print('has it', flush=True); sys.stdin.read()"
    )
    with subprocess.Popen(
        [sys.executable, "-P", "-c", code],
        env=home.environment(),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    ) as bot:
        assert bot.stdout is not None
        assert bot.stdout.readline() == b"has it\n"
        assert home.running_leases() == 1
        bot.kill()
        bot.wait(TIME_LIMIT_S)
    until(lambda: home.running_leases() == 0)


def test_a_timed_lease_ends_at_its_time_which_can_be_moved(home: DaemonHome) -> None:
    with home.client() as keys:
        short = keys.get("bot0", lease_s=1)
        long = keys.get("bot1", lease_s=1800)
        keys.renew(long, 3600)
        assert keys.get("bot1").left_s > 1800
        until(lambda: home.running_leases() == 1)
        with pytest.raises(UsageError) as refused:
            keys.renew(short, 60)
        assert refused.value.code == "handout.no_lease"
        assert keys.get("bot0", lease_s=3600).new
        keys.renew(long, 1)
        until(lambda: home.running_leases() == 1)


def test_after_a_rotation_the_new_version_is_given_and_the_old_lease_ends(home: DaemonHome) -> None:
    with home.client() as keys:
        old = keys.get("bot0")
        home.rotate()
        new = keys.get("bot0")
        assert (new.version, new.secret.reveal()) == (2, secret_of(2))
        with home.opened() as ports:
            assert ports.inventory.open_leases("k0v1") == ()
            assert [lease.id for lease in ports.inventory.open_leases("k0v2")] == [new.lease]
        with pytest.raises(UsageError):
            keys.renew(old, 60)


def test_a_watcher_is_told_of_a_new_version(home: DaemonHome) -> None:
    with Client(home.home.path) as keys, contextlib.closing(keys.watch("bot0")) as versions:
        assert next(versions).version == 1
        home.rotate()
        assert next(versions).secret.reveal() == secret_of(2)


@pytest.mark.parametrize(
    ("name", "code"), [("nosuch", "key.unknown"), ("bot", "key.ambiguous"), ("bybit/mm/bot0x", "key.unknown")]
)
def test_a_key_that_cannot_be_told_is_refused(home: DaemonHome, name: str, code: str) -> None:
    with home.client() as keys, pytest.raises(UsageError) as refused:
        keys.get(name)
    assert refused.value.code == code
    assert home.records("handout") == []


def test_a_purpose_the_log_cannot_take_harms_nobody_else(home: DaemonHome) -> None:
    with home.client() as keys:
        with pytest.raises(UsageError) as refused:
            keys.get("bot0", purpose="a\u202eb")
        assert refused.value.code == "log.refused"
        assert keys.get("bot0").new
    assert home.running_leases() == 1


def test_a_key_whose_secret_is_missing_is_denied_in_the_log(make: Callable[..., DaemonHome]) -> None:
    home = make()
    with home.opened() as ports:
        ports.secrets.delete("version/k1v1")
    home.start()
    with home.client() as keys, pytest.raises(StoreError):
        keys.get("bot1")
    assert len(home.records("handout")) == 1
    (denied,) = home.records("handout.denied")
    assert denied["body"]["reason"] == "store.not_stored"
    assert home.running_leases() == 0


def test_a_locked_store_releases_nothing_while_leases_run_on(home: DaemonHome) -> None:
    with home.client() as keys, home.connection() as admin:
        given = keys.get("bot0")
        admin.call("store.lock")
        for name in ("bot0", "bot1"):
            with pytest.raises(StoreError) as refused:
                keys.get(name)
            assert refused.value.code == "store.locked"
        keys.renew(given, 0)
        assert home.running_leases() == 1
        with pytest.raises(StoreError):
            admin.call("store.unlock", passphrase="a wrong FAKE passphrase")
        assert admin.call("store.status")["locked"]
        admin.call("store.unlock", passphrase=PASSPHRASE)
        assert keys.get("bot0").secret.reveal() == secret_of(1)


def test_the_store_locks_itself_after_idle_time(make: Callable[..., DaemonHome]) -> None:
    home = make(auto_lock_s=1)
    home.start()
    with home.client() as keys, home.connection() as admin:
        with contextlib.suppress(StoreError):  # a slow machine may be idle for a second before this
            keys.get("bot0")
        until(lambda: admin.call("store.status")["locked"])


def until(reached: Callable[[], bool]) -> None:
    """Wait for what must come; the test's own time limit is the only one."""
    while not reached():
        pass
