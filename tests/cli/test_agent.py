"""Two hosts of one firm by the commands: invited, enrolled, attested in one file."""

from __future__ import annotations

import socket
from typing import TYPE_CHECKING

from keyguard.core.secret import Secret
from keyguard.gateway.clock import SystemClock
from keyguard.stores.vault_file import create_vault
from tests.cli.desk import desk, upbit_key, write_private
from tests.cli.test_attest import OFFICER, SINCE, attester, signing
from tests.stores.vaults import CHEAP

if TYPE_CHECKING:
    from pathlib import Path

HOST = socket.gethostname()


def test_two_hosts(tmp_path: Path) -> None:
    with desk(tmp_path, impatient=True) as at:
        at.init("file", "--firm", "FAKE Trading")
        at.add("upbit/mm/bot", upbit_key(at.venues.venues["upbit"]))
        at.keyguard("attester", "add", "officer", "--key", attester(at, "officer"))
        write_private(at.work / "words", "FAKE passphrase of a test\n")
        invitation = ("invitation", "--invitation-passphrase-file", "words")
        assert "for bybit, upbit" in at.keyguard("agent", "invite", "--venue", "bybit", "-o", *invitation).out
        assert "FAKE" not in (at.work / "invitation").read_text()

        second = tmp_path / "second"
        second.mkdir(mode=0o700)
        create_vault(second / "vault.kgv", Secret(at.passphrase), SystemClock(), cost=CHEAP)
        there = ("--home", str(second))
        at.keyguard("--home", str(second), "init", "--store", "file", "--agent", *invitation)
        refused = at.keyguard("init", "--agent", *invitation, expect=2)
        assert "a primary one already" in refused.errors[0]
        at.keyguard(*there, "log", "export", "--for-primary", "second.kgl")
        assert (at.work / "second.kgl").stat().st_mode & 0o077 == 0
        card = at.keyguard(*there, "agent", "card").out
        assert f"host         {HOST}" in card
        gone = at.keyguard("agent", "import", "nowhere.kgl", expect=2)
        assert "nowhere.kgl cannot be read" in gone.errors[0]
        compared = card.rpartition("fingerprint  ")[2].strip()

        enroll = ("agent", "enroll", "second.kgl", "--host", HOST, "--fingerprint")
        assert "another key" in at.keyguard(*enroll, "00", expect=2).errors[0]
        assert "is enrolled: keyguard/" in at.keyguard(*enroll, compared).out
        at.keyguard("attest", "trust", "-o", "trust.json")
        words = ("attest", *OFFICER, *signing("officer"), "-o", "out", "--venue", "upbit", *SINCE)
        short = at.keyguard(*words, "--no-copies", expect=2)
        assert "not to the period's end" in short.errors[0]
        at.keyguard(*there, "log", "export", "--for-primary", "second.kgl")
        assert f"{HOST}: " in at.keyguard("agent", "import", "second.kgl").out
        rows = at.keyguard("agent", "list", "--json").json
        assert [(one["host"], one["retired"]) for one in rows] == [(HOST, "")]
        until = rows[0]["sealed_at"].rstrip("Z")[:19] + "+00:00"
        told = at.keyguard(*words, "--no-copies", "--to", until, "--json").json[0]
        verified = at.keyguard(
            "verify", told["file"], "--trust", "trust.json", "--recipient", "upbit", expect=1
        )
        assert rows[0]["origin"] in verified.out
        assert f"{HOST} is retired" in at.keyguard("agent", "remove", HOST).out
        assert at.keyguard("agent", "list", "--all").out.count("keyguard/") == 1
        with at.opened() as ports:
            salt = ports.secrets.get("system/fp-salt/upbit").reveal()  # a secret of both homes
        at.keyguard(*there, "desk", "add", salt[10:24])
        leaked = at.keyguard(*there, "log", "export", "--for-primary", "third.kgl", expect=6)
        assert "holds what must not leave: secret, system/fp-salt/upbit" in leaked.errors[0]
        assert not (at.work / "third.kgl").exists()
