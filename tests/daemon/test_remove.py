"""`key remove` beside a running daemon."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from keyguard.core.errors import UsageError

if TYPE_CHECKING:
    from tests.daemon.homes import DaemonHome


def test_a_key_that_was_removed_is_handed_out_no_more(home: DaemonHome) -> None:
    words = ("--passphrase-file", str(home.passphrase_file), "key", "remove", "bot0")
    alive = home.keyguard(*words)
    assert alive.returncode == 2
    assert "keyguard key revoke" in alive.stderr
    with home.client() as keys:
        given = keys.get("bot0")
        in_use = home.keyguard(*words, "--living")
        assert in_use.returncode == 2
        assert "is in use by" in in_use.stderr
        keys.end(given)
        removed = home.keyguard(*words, "--living", "--reason", "moved to the custodian", "--json")
        assert json.loads(removed.stdout) == {"removed": "bybit/mm/bot0", "id": "k0"}
        with pytest.raises(UsageError) as refused:
            keys.get("bot0")
        assert refused.value.code == "key.unknown"
        assert keys.get("bot1").new
    (record,) = home.records("key.remove")
    assert record["body"]["living"]
    listed = json.loads(home.keyguard(*words[:2], "key", "list", "--json").stdout)
    assert [key["name"] for key in listed] == ["bybit/mm/bot1"]
    home.verify()
