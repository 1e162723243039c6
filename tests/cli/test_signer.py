"""A signing key of one's own, from its making to a decision that somebody altered."""

from __future__ import annotations

import secrets
import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING

from keyguard.core.keys import Scope
from keyguard.core.people import Capacity
from keyguard.workflows import declare_person, give_grant
from keyguard.workflows.identity import Actor
from tests.cli.desk import write_private
from tests.cli.test_people import BOT, ME, ready

if TYPE_CHECKING:
    from tests.cli.desk import Desk

__all__ = ["ready"]  # the fixture


def test_what_is_approved_is_signed_and_an_altered_row_is_found(ready: Desk) -> None:
    word = str(write_private(ready.folder / "word", secrets.token_urlsafe(24)))
    file = str(ready.folder / "me.signer")
    ready.keyguard("person", "add", "me", "--os-user", ME)
    made = ready.keyguard("signer", "make", file, "--signer-passphrase-file", word, "--json").json
    added = ready.keyguard("signer", "add", file, "--signer-passphrase-file", word, "--json").json
    assert (added["public_key"], added["person"]) == (made["public_key"], "me")
    assert added["id"] in ready.keyguard("signer", "list").out
    with ready.opened() as ports:
        lee = Actor("lee", "elsewhere")
        declare_person.declare(ports, "lee", Capacity.EMPLOYEE, actor=lee, users=[("lee", "elsewhere")])
        give_grant.give(ports, give_grant.Wanted("lee", key=BOT, scopes=Scope.WITHDRAW), actor=lee)
    (waiting,) = ready.keyguard("approve", "--json").json
    refused = ready.keyguard("approve", waiting["id"], expect=2)
    assert "signs what they approve" in refused.errors[0]
    ready.keyguard("approve", waiting["id"], "--signer", file, "--signer-passphrase-file", word)
    assert (
        ready.keyguard("approve", "--check").out == "1 of 1 decisions are signed, and say what was signed\n"
    )
    with closing(sqlite3.connect(ready.home / "keyguard.db")) as database, database:
        database.execute("UPDATE grants SET facts = replace(facts, 'withdraw', 'manage_keys')")
    assert "is missing, or not over what it says" in ready.keyguard("approve", "--check", expect=6).errors[0]
    assert ready.keyguard("signer", "end", added["id"], expect=2).errors[0].endswith("takes that key")
    ready.keyguard("signer", "end", added["id"], "--signer", file, "--signer-passphrase-file", word)
