"""A home that is only looked at: nothing is changed, no secret is given, and others go on writing."""

from __future__ import annotations

import pytest

from keyguard import wiring
from keyguard.core.errors import StoreError
from keyguard.core.secret import Secret
from keyguard.home import Config, Home
from keyguard.tui import run

PASSPHRASE = Secret("FAKE passphrase for a home")


@pytest.fixture
def home(tmp_path) -> Home:
    made = Home(tmp_path / "home")
    wiring.create(made, Config("look", "file"), lambda: PASSPHRASE)
    return made


def test_what_is_only_looked_at_refuses_writes_and_sees_those_of_others(home: Home) -> None:
    nobody = run._Nobody()
    with (
        wiring.opened_to_look(home, nobody) as looked,
        wiring.opened(home, lambda: PASSPHRASE, nobody) as ports,
    ):
        before = len(list(looked.audit.entries()))
        ports.audit.append("firm", "agent.start", {"host": "h_" + "0b" * 10, "tool_version": "0"})
        assert len(list(looked.audit.entries())) == before + 1
        with pytest.raises(StoreError):
            looked.audit.append("firm", "agent.start", {"host": "h_" + "0b" * 10, "tool_version": "0"})
        assert len(list(ports.audit.entries())) == before + 1
        for refused in (looked.secrets.names, lambda: looked.secrets.get("a")):
            with pytest.raises(StoreError) as caught:
                refused()
            assert caught.value.code == "store.closed"
