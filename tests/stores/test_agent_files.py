"""What the homes of a firm exchange, as files: copies of logs, and invitations."""

from __future__ import annotations

import json

import pytest

from keyguard.core.errors import StoreError, UsageError
from keyguard.core.secret import Secret
from keyguard.gateway.clock import SystemClock
from keyguard.stores.agent_logs import AgentLogs
from keyguard.stores.invitation import Invitation, read, write
from tests.stores.vaults import CHEAP

LOG = "0f1e2d3c4b5a6978"
WORDS = Secret("FAKE words of a test")
INVITATION = Invitation(
    "keyguard/" + LOG, {"name_latin": "FAKE"}, {"system/fp-salt/upbit": Secret("ab" * 32)}
)


def test_the_newest_copy_stands_and_a_refused_one_beside_it(tmp_path):
    logs = AgentLogs(tmp_path / "agents")
    assert logs.get(LOG) is None
    logs.put(LOG, b"one")
    logs.put(LOG, b"two")
    where = logs.refuse(LOG, b"forked")
    assert logs.get(LOG) == b"two"
    assert LOG in where
    assert where.endswith(".kgl")
    assert sorted(path.read_bytes() for path in (tmp_path / "agents").iterdir()) == [b"forked", b"two"]
    assert (tmp_path / "agents").stat().st_mode & 0o077 == 0


@pytest.mark.parametrize("odd", ["", "..", "0F1E2D3C4B5A6978", LOG + "0", "../" + LOG])
def test_only_a_logs_id_names_a_copy(tmp_path, odd):
    with pytest.raises(UsageError, match="no log's id"):
        AgentLogs(tmp_path).get(odd)


def test_an_invitation_opens_with_its_passphrase_alone(tmp_path):
    path = tmp_path / "invitation"
    write(path, INVITATION, WORDS, SystemClock().token, cost=CHEAP)
    assert path.stat().st_mode & 0o077 == 0
    assert "ab" * 8 not in path.read_text()
    assert read(path, WORDS) == INVITATION
    assert "abab" not in repr(read(path, WORDS))
    with pytest.raises(StoreError) as error:
        read(path, Secret("FAKE others"))
    assert error.value.code == "store.wrong_passphrase"
    with pytest.raises(StoreError):
        write(path, INVITATION, WORDS, SystemClock().token, cost=CHEAP)


@pytest.mark.parametrize(
    "change",
    [
        lambda document: document.update(format="keyguard signing key 1"),
        lambda document: document.pop("wrap"),
        lambda document: document.update(sealed=document["sealed"][:-8] + "AAAAAAA="),
        lambda document: document.update(nonce=1),
    ],
)
def test_an_invitation_that_was_changed(tmp_path, change):
    path = tmp_path / "invitation"
    write(path, INVITATION, WORDS, SystemClock().token, cost=CHEAP)
    document = json.loads(path.read_text())
    change(document)
    path.write_text(json.dumps(document))
    with pytest.raises(StoreError):
        read(path, WORDS)
