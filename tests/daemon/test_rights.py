"""People and grants as the daemon sees them: a grant gives, its end takes at the next hand-out."""

from __future__ import annotations

import getpass
import json
from typing import TYPE_CHECKING

import pytest

from keyguard.core.errors import KeyguardError

if TYPE_CHECKING:
    from tests.daemon.homes import DaemonHome

KEY = "bybit/mm/bot0"


def declared(home: DaemonHome, *words: str) -> None:
    done = home.keyguard("--passphrase-file", str(home.passphrase_file), *words)
    assert done.returncode == 0, done


def refusal(home: DaemonHome) -> str:
    with home.client() as keys, pytest.raises(KeyguardError) as caught:
        keys.get(KEY)
    return caught.value.code


@pytest.fixture
def firm(home: DaemonHome) -> DaemonHome:
    """The person who runs these tests keeps the keys and is a trader of the desk."""
    declared(home, "person", "add", "kim", "--os-user", getpass.getuser(), "--role", "key_admin")
    return home


def test_once_people_are_declared_a_grant_is_needed(firm: DaemonHome) -> None:
    assert refusal(firm) == "rights.no_grant"
    declared(firm, "grant", "add", "kim", "--key", KEY, "--scopes", "read,trade_spot")
    with firm.client() as keys:
        assert keys.get(KEY).new
    (record,) = firm.records("handout")
    assert record["body"]["grant"].startswith("gr_")
    with firm.opened() as ports:
        (lease,) = ports.inventory.running_leases()
        assert (lease.person, bool(lease.grant_id)) == ("kim", True)
    firm.verify()


def test_after_the_end_of_a_grant_the_very_next_request_is_refused(firm: DaemonHome) -> None:
    declared(firm, "grant", "add", "kim", "--key", KEY, "--scopes", "read,trade_spot")
    with firm.client() as keys:
        keys.get(KEY)
        with firm.opened() as ports:
            (grant,) = ports.people.grants()
        declared(firm, "grant", "end", grant.id, "--reason", "leaver")
        with pytest.raises(KeyguardError) as caught:
            keys.get(KEY)  # inside the lease: asked again, for something in the database changed
        assert caught.value.code == "rights.grant_ended"
    assert [r["body"]["reason"] for r in firm.records("handout.denied")] == ["rights.grant_ended"]
    firm.verify()


def test_a_freeze_stops_a_running_daemon_inside_its_leases_until_it_is_thawed(home: DaemonHome) -> None:
    with home.client() as keys:
        assert keys.get(KEY).new
        assert not keys.get(KEY).new  # inside the lease, from memory
        declared(home, "incident", "freeze", "--venue", "bybit", "--reason", "drill")
        with pytest.raises(KeyguardError) as caught:
            keys.get(KEY)
        assert caught.value.code == "handout.frozen"
        status = json.loads(home.keyguard("daemon", "status", "--json").stdout)
        assert [(one["scope"], one["subject"]) for one in status["frozen"]] == [("venue", "bybit")]
        declared(home, "incident", "thaw", status["frozen"][0]["id"], "--reason", "over")
        assert keys.get(KEY).key
    assert [r["body"]["reason"] for r in home.records("handout.denied")] == ["handout.frozen"]
    home.verify()
