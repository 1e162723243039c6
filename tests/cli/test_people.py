"""People and rights as commands: who may use a key, who may not any more, and what is on record."""

from __future__ import annotations

import contextlib
import os
import pwd
from typing import TYPE_CHECKING

import pytest

from tests.cli.desk import Desk, bybit_keys, desk
from tests.cli.state import said_clearly

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

BOT = "bybit/mm/bot"
ME = pwd.getpwuid(os.getuid()).pw_name
WHICH = ("run", BOT, "--", "sh", "-c", "echo $BYBIT_API_KEY")


@contextlib.contextmanager
def firm(folder: Path, *settings: str) -> Iterator[Desk]:
    """A desk with a bot's key; `settings` are lines of its configuration."""
    with desk(folder, impatient=True) as opened:
        opened.init()
        configuration = opened.home / "config.toml"
        configuration.write_text("\n".join(settings) + "\n" + configuration.read_text())
        bot, _ = bybit_keys(opened.venues.venues["bybit"])
        opened.add(BOT, bot)
        yield opened


@pytest.fixture
def ready(tmp_path: Path) -> Iterator[Desk]:
    with firm(tmp_path) as opened:
        yield opened


def types(ready: Desk, stream: str) -> list[str]:
    shown = ready.keyguard("log", "show", "--stream", stream, "--json").json
    return [entry["record"]["type"] for entry in shown]


def test_who_declares_nobody_uses_the_own_keys_as_before(ready: Desk) -> None:
    assert ready.keyguard(*WHICH).out.strip()
    assert "policy.set" not in types(ready, "firm")
    assert ready.keyguard("key", "list").out.splitlines()[1].endswith("who runs keyguard here")


def test_once_somebody_is_declared_a_hand_out_needs_a_grant(ready: Desk) -> None:
    first = ready.keyguard("person", "add", "hana", "--os-user", ME, "--name", "하나")
    assert "from now on a hand-out needs a grant" in first.err
    refused = ready.keyguard(*WHICH, expect=2)
    said_clearly(refused)
    assert refused.errors == [
        f"keyguard: error: hana may not use {BOT}: nobody granted it",
        "keyguard: nothing was handed out; the refusal is in the audit log",
        f"keyguard: hint: a key administrator can: keyguard grant add hana --key {BOT}",
    ]
    ready.keyguard("grant", "add", "hana", "--key", BOT)
    assert ready.keyguard(*WHICH).out.strip()
    assert types(ready, "bybit")[-5:] == [
        "handout.denied",
        "approval.request",
        "approval.decide",
        "access.grant",
        "handout",
    ]
    assert types(ready, "firm")[-4:] == ["people.change"] * 4 or "policy.set" in types(ready, "firm")
    assert ready.keyguard("key", "show", BOT, "--json").json["may_use"] == ["hana"]
    ready.keyguard("log", "verify")
