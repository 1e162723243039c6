"""A firm at a simulated venue, watched: nothing there or in the store may end before its time.

Beside its keys it has people, and a second key of the desk, so that a revocation has another key to ask
with. What a process that dies leaves behind is exactly what these stores hold.
"""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import Any

from keyguard.core.errors import KeyguardError, UsageError
from keyguard.core.exchange import Ask, Credential, Guide
from keyguard.core.keys import KeyVersion, VersionStatus
from keyguard.core.people import Capacity, Decision
from keyguard.workflows import (
    approvals,
    credentials,
    declare_person,
    findings,
    give_grant,
    parking,
    unattended,
)
from keyguard.workflows.enrol import Declared, enrol, orphans
from keyguard.workflows.handout import hand_out
from keyguard.workflows.identity import Actor, Process
from keyguard_simulators.accounts import Account, Key
from tests.adapters.scripts import told
from tests.fakes.memory_store import MemoryStore
from tests.venues.test_minimise import IP, OTHER, Editor
from tests.venues.world import VenueWorld

KIM, HANA, LEE = (Actor(name, "host-1") for name in ("kim", "hana", "lee"))
BOT = Process(4242, "99", "bot", "/usr/bin/bot")
ROUNDS = 8
"""How often a runner comes by before a person is looked for; each time an hour has passed."""


def alive(pid: int, started: str) -> bool:
    """No process that was handed a key still runs."""
    return False


class Watched(MemoryStore):
    """A store that tells before it deletes."""

    def __init__(self, world: FirmAtVenue) -> None:
        super().__init__()
        self._world = world

    def delete(self, name: str) -> None:
        if name in self.items and name.startswith("version/"):
            self._world.demand_dead(name.removeprefix("version/"))
        super().delete(name)


class Somebody(Editor):
    """A person who may be away."""

    absent = False

    def tick(self, venue: str, guide: Guide) -> int:
        self._come()
        return super().tick(venue, guide)

    def new_credential(self, venue: str, guide: Guide) -> Credential:
        self._come()
        return super().new_credential(venue, guide)

    def confirm(self, venue: str, guide: Guide) -> None:
        self._come()
        super().confirm(venue, guide)
        if guide.title == "a key may have been made and lost" and self._made in self.world.living():
            assert self._made is not None
            self.world.venue.state.delete(self._made, self.world.venue.state.clock.now_ms())

    def answer(self, question: Ask) -> str:
        self._come()
        return super().answer(question)

    def _come(self) -> None:
        if self.absent:
            raise UsageError("nobody is there to answer", code="person.needed")


class FirmAtVenue(VenueWorld):
    """`wide`: the desk's key is open to two addresses. kim gives rights, hana was handed the key."""

    def __init__(self, name: str, runner: asyncio.Runner, *, wide: bool = False) -> None:
        super().__init__(name, runner)
        if wide:
            self.old.ips = (IP, OTHER)
            if name == "mexc":  # whose edits take a permission that its other management does not
                for key in self.venue.state.book.listed(self.firm.id):
                    key.grants |= {"SPOT_ACCOUNT_WRITE"}
        self.person: Somebody = Somebody(self)
        if not self.manager and not self.key.account:
            # Where the venue names no accounts only a declared one lets a key vouch for another's death.
            self.key = replace(self.key, account="main")
            self.inventory.update_key(self.key)
        self.desk_other = self._another_key()
        self._watch()
        self.unproven: list[str] = []

    # --- what is needed before some stories

    def staffed(self) -> FirmAtVenue:
        """Declare people; hana has a grant and was handed the key."""
        for one in ("kim", "hana", "lee"):
            declare_person.declare(self.ports, one, Capacity.EMPLOYEE, actor=KIM, users=[(one, "")])
        give_grant.give(self.ports, give_grant.Wanted("hana", key=self.key.name), actor=KIM)
        for asked in approvals.pending(self.ports):  # where the key can do what takes a second person
            approvals.decide(self.ports, asked.id, Decision.APPROVE, actor=LEE)
        given = hand_out(self.ports, self.key.name, purpose="", mode="env", actor=HANA, process=BOT)
        self.inventory.end_lease(given.lease_id, self.clock.now())
        return self

    def _another_key(self) -> str:
        """A key of the desk's own account that no story touches."""
        made = self.issue(self.home, told(self.name).TRADER)
        self.clock.sleep(60)
        who = self.credential(made)
        asked = self.asked(who)
        declared = Declared(
            self.name, "mm", "other", "kim", account=self.key.account, needs=self._needs(asked)
        )
        return enrol(self.ports, declared, who).key.name

    # --- what must not happen, looked at when it would

    def _watch(self) -> None:
        """Look on at every deletion, at the venue and in the store."""
        store = Watched(self)
        store.items, self.store = self.store.items, store
        ends = self.venue.state.delete

        def ending(key: Key, now_ms: int) -> None:
            self._demand_replaced(key)
            ends(key, now_ms)

        self.venue.state.delete = ending  # type: ignore[method-assign]

    def _demand_replaced(self, ended: Key) -> None:
        """A version that is rotated away ends when its replacement is stored, proven and in use."""
        version = self.inventory.version_by_public_id(self.name, ended.public_id)
        under_way = [w for w in self.journal.workflows(unfinished=True) if w.kind == "rotate"]
        if version is None or not any(w.data["plan"]["old"] == version.id for w in under_way):
            return
        live = next(
            (v for v in self.inventory.versions(version.key_id) if v.status is VersionStatus.LIVE), None
        )
        if live is None or live.id == version.id:
            self.unproven.append("a key was deleted with no other in its place")
        elif live.item not in self.store.items or self.inventory.last_observation(live.id) is None:
            self.unproven.append("a key was deleted before its replacement was stored and proven")

    def demand_dead(self, version_id: str) -> None:
        """The secret of a registered version is forgotten only when the venue knows its key no more."""
        version: KeyVersion | None = self.inventory.versions_by_id([version_id]).get(version_id)
        if version is None:
            return
        living = {key.public_id for key in self.living()}
        if version.public_id in living or version.status is not VersionStatus.DEAD:
            self.unproven.append("a secret was deleted before its key was proven dead")

    # --- what must be so in the end

    def check(self) -> None:
        """No key is lost, none lives on unknown, nothing ended unproven, nothing is left over."""
        assert self.unproven == []
        self.clock.sleep(600)  # whatever was under way at the venue shows by now
        states = {v.public_id: v for v in self.inventory._versions.values()}
        accounts = self._accounts()
        every = self.venue.state.book.keys.values()
        working = {k.public_id for k in every if k.account in accounts and k.enabled and not k.deleted}
        unknown = working - states.keys() - self.others
        assert not unknown, "a key lives on that nobody knows of"
        dead = {id_ for id_, v in states.items() if v.status is VersionStatus.DEAD}
        assert not dead & working, "a key is said to be dead and is not"
        assert not {id_ for id_, v in states.items() if v.status is VersionStatus.STAGED}
        live = [v for v in states.values() if v.status is VersionStatus.LIVE]
        for version in live:
            assert version.public_id in working, "the key in use was deleted"
            who = credentials.load(self.ports, version)
            assert self.asked(who).public_id == version.public_id, "the key in use works"
        kept = {name for name in self.store.items if name.startswith("version/")}
        assert kept == {v.item for v in states.values() if v.status is not VersionStatus.DEAD}
        assert orphans(self.ports) == ()
        assert self.journal.workflows(unfinished=True) == ()
        assert self.journal.all_calls() == (), "no sealed reply is left"
        self.audit.verify()

    def _accounts(self) -> set[str]:
        accounts: list[Account] = [self.firm, self.home]
        return {one.id for one in accounts}

    # --- after a restart

    def without_a_person(self, policy: Any) -> None:
        """Have the runner go on for some hours; what is left then names what a person must do."""
        self.person.absent = True
        for _ in range(ROUNDS):
            self.clock.sleep(3700)
            for task in unattended.tasks(self.ports, policy, (), frozenset()):
                unattended.perform(self.ports, task, actor=KIM, process_alive=alive)
            if not self.journal.workflows(unfinished=True):
                break
        self.person.absent = False
        for workflow in self.journal.workflows(unfinished=True):
            kept = parking.why(workflow)
            assert kept is not None, "it stands still, and nobody is told"
            assert kept.person, kept
            assert kept.hint, "what is to be done has a name"
            findings.refresh(self.ports)
            shown = [f.item for f in self.findings.standing()]
            assert any(workflow.id in item.command or item.command in kept.hint for item in shown), shown


def attempt(act: Any, world: FirmAtVenue, most: int = 20) -> Any:
    """Do it, and again where an error says that this helps."""
    last: KeyguardError | None = None
    for _ in range(most):
        try:
            return act()
        except KeyguardError as error:
            assert error.exit_status in (2, 4, 5), error
            last = error
            world.clock.sleep(60)
    raise AssertionError(f"it never came to an end: {last}") from last
