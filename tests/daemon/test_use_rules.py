"""Rules on use as the daemon's clients meet them, and what they cost."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import Engine, event

from keyguard.core.errors import KeyguardError
from keyguard.core.secret import Secret
from keyguard.ports.channels import Channel
from keyguard.workflows import channels, identity
from keyguard.workflows.handout_batch import Permit, Wanted, record
from keyguard.workflows.identity import Actor, Process
from tests.cli.test_alert import Chat
from tests.daemon.homes import TIME_LIMIT_S

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from keyguard.ports.all import Ports
    from tests.daemon.homes import DaemonHome

KEY = "bybit/mm/bot0"
RATE = {"kind": "rate", "action": "block", "keys": "*/bot0", "most": 3, "within": "1h"}
ALL = (
    {"kind": "off_hours", "action": "alert", "from": "00:00", "until": "00:00"},
    {"kind": "new_executable", "action": "block", "content": True},
    {"kind": "new_host", "action": "approve"},
    {"kind": "dormant", "action": "approve", "after": "1d"},
    {"kind": "rate", "action": "alert", "keys": "*/bot1", "most": 200, "within": "1s"},  # not hit
    {"kind": "two_persons", "action": "block", "within": "1d"},
    {"kind": "two_parties", "action": "block", "within": "1d"},
    {"kind": "contract_end", "action": "alert", "ahead": "7d"},
)


def rules(home: DaemonHome, *tables: dict[str, Any]) -> None:
    home.home.write(replace(home.home.read(), use_rules=tables))


def test_the_daemon_refuses_and_tells_its_log(home: DaemonHome) -> None:
    home.end()
    rules(home, RATE)
    home.start()
    with home.client() as keys:
        for _ in range(3):
            keys.get(KEY, fresh=True)
        with pytest.raises(KeyguardError) as caught:
            keys.get(KEY, fresh=True)
        assert caught.value.code == "use.rate"
        assert keys.get("bybit/mm/bot1", fresh=True)
    assert [one["body"]["reason"] for one in home.records("handout.denied")] == ["use.rate"]
    assert "more than 3 times within 1 h" in home.home.daemon_log.read_text()
    home.verify()


def test_people_are_told_at_once_and_the_finding_is_theirs_to_close(home: DaemonHome, tmp_path: Path) -> None:
    home.end()
    rules(home, {**RATE, "action": "alert", "most": 1})
    (tmp_path / "chat").mkdir()
    chat = Chat(tmp_path / "chat")
    with home.opened() as ports:
        channels.add(ports.secrets, Channel("desk-chat", Secret(chat.url)))
    home.start(REQUESTS_CA_BUNDLE=str(chat.roots))
    try:
        with home.client() as keys:
            for _ in range(5):
                secret = keys.get(KEY, fresh=True).secret.reveal()
            assert chat.came.wait(TIME_LIMIT_S)
    finally:
        chat.server.shutdown()
        chat.server.server_close()
    found = json.loads(home.keyguard("finding", "list", "--json").stdout)
    (hit,) = [one for one in found if one["kind"] == "use"]
    assert (hit["subject"], hit["state"], hit["origin"]) == (KEY, "open", "inferred")
    assert "more than 1 times within 1 h" in hit["text"]
    assert f"keyguard alert ack {hit['id']}" in chat.got[0]["message"]
    assert secret not in str(chat.got) + str(found)
    assert home.home.daemon_log.read_text().count("more than 1 times") == 1  # of five
    assert home.keyguard("finding", "close", hit["id"], "--reason", "asked: a test").returncode == 0


@pytest.fixture
def statements() -> Iterator[list[str]]:
    seen: list[str] = []

    def note(_c: Any, _cursor: Any, statement: str, *_: Any) -> None:
        seen.append(statement)

    event.listen(Engine, "before_cursor_execute", note)
    yield seen
    event.remove(Engine, "before_cursor_execute", note)


def hand_out(ports: Ports, count: int = 1) -> None:
    process = Process(4242, "99", "bot", "/usr/bin/bot")
    wanted = [Wanted(KEY, "", "socket", 60, Actor("hana", "host-1"), process) for _ in range(count)]
    salts = identity.names(ports, "bybit")
    answers = record(ports, lambda _: salts, lambda _: Permit("hana"), wanted)
    assert not [one for one in answers if isinstance(one, KeyguardError)]


def test_without_rules_the_database_is_asked_nothing_more(home: DaemonHome, statements: list[str]) -> None:
    with home.opened() as ports:
        hand_out(ports)
        del statements[:]
        hand_out(ports)
    assert not [one for one in statements if "use_" in one or "FROM audit_private" in one]


def test_with_rules_it_is_asked_as_often_however_long_the_log_is(
    home: DaemonHome, statements: list[str]
) -> None:
    rules(home, *ALL)
    asked = []
    with home.opened() as ports:
        for grown in (3, 300, 3):
            hand_out(ports, grown)
            hand_out(ports)
            del statements[:]
            hand_out(ports)
            asked.append(len(statements))
    assert len(set(asked)) == 1
    assert len([one for one in statements if "use_" in one]) <= 8
